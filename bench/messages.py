"""What becomes of messages on their way to a provider: how soon a code is at its door, how many go
through it in a second, and whether one costs more where more of them wait. The doors are ours
(door.py), and remember what they took; the messages are handed in as the services do it."""
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import gatehouse
import processes

EMAIL, SMS = 1, 2  # gatehouse.notification.v1.Channel
HERE = os.path.dirname(os.path.abspath(__file__))
DOORS = {EMAIL: ('smtp', 29010), SMS: ('sms', 29011)}
NAMES = {EMAIL: 'mails', SMS: 'SMS'}
ANSWERS_AFTER = {EMAIL: 0.020, SMS: 0.050}  # Each answer of a mail server: a mail takes four.
CODE_MS, PER_SECOND, FLAT = 50, 500, 0.8  # What is asked.
UNDER_WAY = 64
PATIENCE = 600
FIRST = 5_000
CODES = {EMAIL: ('sign-in-code-by-email', {'code': '012345', 'contact_name': 'Client',
                                           'organisation_name': 'Bench', 'host': 'bench.example'}),
         SMS: ('sign-in-code', {'code': '012345', 'organisation_name': 'Bench',
                                'host': 'bench.example'})}
OTHERS = {EMAIL: ('invitation', {
    'contact_name': 'Client', 'case_name': '12 Harbour Street', 'organisation_name': 'Bench',
    'sender_name': 'Olive Owner', 'expiry': 'on Friday', 'documents': '',
    'link': 'https://bench.example.com/i#0123456789012345678901234567890123456789012'}),
          SMS: ('mobile-changed', {'organisation_name': 'Bench'})}


class Door:
    """See door.py."""

    def __init__(self, channel):
        kind, self.port = DOORS[channel]
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, 'door.py'), kind, str(self.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait(self, count):
        """Until it has taken so many."""
        end = time.monotonic() + PATIENCE
        while (taken := self.ask('count')) < count:
            if time.monotonic() > end:
                raise RuntimeError(f'only {taken} of {count} messages have arrived')
            time.sleep(0.01)

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def field(number, value):
    """A field of protobuf: a number, text, or what is encoded already."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = b''
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


class Intake:
    """SubmitMessage, as the service invitation calls it."""

    def __init__(self, plaintext):
        import grpc  # Debian's, which nothing else here needs.
        address = os.environ['GATEHOUSE_NOTIFICATION_ADDRESS']
        if plaintext:
            self.channel = grpc.insecure_channel(address)
        else:
            folder = os.path.dirname(os.environ['GATEHOUSE_CA_FILE'])
            ca, key, own = (open(f'{folder}/{name}', 'rb').read() for name in (
                'ca.crt', 'invitation/tls.key', 'invitation/tls.crt'))
            self.channel = grpc.secure_channel(address,
                                               grpc.ssl_channel_credentials(ca, key, own))
        self.submit = self.channel.unary_unary(
            '/gatehouse.notification.v1.Intake/SubmitMessage')
        self.handed_in = 0

    def start(self, channel, kind, organisation):
        """One message, to somebody who gets no other."""
        name, parameters = kind
        self.handed_in += 1
        number = self.handed_in
        to = f'client{number}@example.com' if channel == EMAIL else f'+4474{number:08d}'
        request = (field(1, f'bench-{number}') + field(2, channel) + field(3, name) + field(4, to) +
                   b''.join(field(5, field(1, k) + field(2, v)) for k, v in parameters.items()))
        return self.submit.future(request, timeout=10,
                                  metadata=(('gatehouse-organisation', organisation),))

    def fill(self, count, channel, organisations):
        """So many messages, each of the next organisation."""
        window, failed = threading.Semaphore(UNDER_WAY), []

        def done(future):
            if future.exception():
                failed.append(future.exception())
            window.release()
        for n in range(count):
            window.acquire()
            self.start(channel, OTHERS[channel],
                       organisations[n % len(organisations)]).add_done_callback(done)
        for _ in range(UNDER_WAY):
            window.acquire()
        if failed:
            raise RuntimeError(f'{len(failed)} messages were not taken: {failed[0]}')


class Bench:
    def __init__(self, results, running, sql, plaintext):
        self.results, self.running, self.sql = results, running, sql
        self.found = results['messages'] = {}
        self.bench = gatehouse.Gatehouse()
        self.organisations = {name: self.make(name, count) for name, count in (
            ('codes', 1), ('through', 8), ('costs', 8))}
        self.doors = {channel: Door(channel) for channel in DOORS}
        self.open()
        running.restart('notification', GATEHOUSE_SMTP_URL=f'smtp://127.0.0.1:{DOORS[EMAIL][1]}',
                        GATEHOUSE_SMS_URL=f'http://127.0.0.1:{DOORS[SMS][1]}')
        self.intake = Intake(plaintext)

    def end(self):
        for door in self.doors.values():
            door.end()
        self.running.restart('notification')
        time.sleep(1)  # By when the gateway has found it again.

    def open(self, after=None):
        for channel, door in self.doors.items():
            door.ask('open', after[channel] if after else 0)

    def close(self):
        for door in self.doors.values():
            door.ask('close')

    def make(self, name, count):
        numbers = [f'{name}-{n}' for n in range(count)]
        for number in numbers:
            self.bench.organisation(number)
        return [f'bench-{self.bench.run}-{number}' for number in numbers]

    def codes(self, count):
        """One at a time, where nothing else is done; from its row's time, which is before its
        commit, to the moment in which the whole of it has arrived."""
        [organisation] = self.organisations['codes']
        for channel, door in self.doors.items():
            for n in range(count + 20):
                if n == 20:  # Connections are made, and statements planned.
                    door.wait(n)
                    door.ask('taken')
                self.intake.start(channel, CODES[channel], organisation).result()
                time.sleep(0.04)
            door.wait(count)
            rows = self.sql('SELECT message_id, extract(epoch FROM create_time) FROM '
                            f"notification.message WHERE organisation_id = '{organisation}'")
            since = dict(line.split('|') for line in rows.split())
            ms = sorted(1000 * (at - float(since[of])) for of, at in door.ask('taken'))
            self.found[f'code to the door, {NAMES[channel]}, ms'] = {
                'p50': round(statistics.median(ms), 1), 'p99': round(ms[len(ms) * 99 // 100], 1),
                'most': round(ms[-1], 1)}
            self.results['ratios'][f'50 ms / p99 of a code to the door ({NAMES[channel]})'] = (
                CODE_MS / ms[len(ms) * 99 // 100])

    def throughput(self, count):
        """A queue of one kind, through a door whose answers take their time."""
        organisations = self.organisations['through']
        for channel, door in self.doors.items():
            self.close()
            self.intake.fill(count, channel, organisations)
            watch = processes.Watch({'door': door.process.pid, **self.watched()})
            self.open(ANSWERS_AFTER)
            door.wait(count)
            cpu = watch.micros(count)
            taken = self.once(door, count)
            rate = (count - 1) / (taken[-1][1] - taken[0][1])
            self.found[f'{NAMES[channel]} a second'] = {
                'rate': round(rate), 'the door could take': round(1e6 / cpu['door']),
                'CPU µs a message': cpu}
            self.results['ratios'][f'{NAMES[channel]} a second / 500'] = rate / PER_SECOND
        self.open()

    def watched(self):
        return {name: self.running.pids[name] for name in ('notification', 'postgres')}

    def costs(self, counts):
        """What a mail costs notification and PostgreSQL, to take and to send, in queues of
        different lengths: of all that wait, and of the first of a long one."""
        organisations, door, sent = self.organisations['costs'], self.doors[EMAIL], []
        for count in counts:
            self.close()
            watch = processes.Watch(self.watched())
            self.intake.fill(count, EMAIL, organisations)
            take = watch.micros(count)
            self.open()
            door.wait(1)
            watch, first = processes.Watch(self.watched()), {}
            if count > FIRST:
                door.wait(FIRST)
                first = {f'to send, the first {FIRST}': watch.micros(FIRST)}
            door.wait(count)
            cpu = watch.micros(count)
            self.once(door, count)
            sent.append(sum(cpu.values()))
            self.found[f'CPU µs a mail, {count} waiting'] = {
                'to take': take, **first, 'to send': cpu}
        self.results['ratios'][f'cost of a mail: {counts[0]} waiting / {counts[-1]}'] = (
            sent[0] / sent[-1])

    @staticmethod
    def once(door, count):
        """What it has taken: each message once."""
        taken = door.ask('taken')
        if len({of for of, _ in taken}) != count or len(taken) != count:
            raise RuntimeError(f'{len(taken)} messages have arrived of {count}')
        return taken


def measure(results, running, sql, quick, plaintext):
    """`sql` asks as the role that owns the tables."""
    bench = Bench(results, running, sql, plaintext)
    try:
        bench.codes(100 if quick else 1000)
        bench.throughput(2_000 if quick else 20_000)
        bench.costs((1_000, 5_000) if quick else (1_000, 10_000, 100_000))
    finally:
        bench.end()
