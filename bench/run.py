#!/usr/bin/env python3
"""Measures Gatehouse against floors and a peer, in one run and in alternation; see
docs/performance.md. `./dev bench [--quick] [--only PART…] [--plaintext]`, where a part is one of
those in PARTS.
Prints a table, writes .dev/bench.json."""
import argparse
import json
import os
import shlex
import shutil
import statistics
import sys
import urllib.parse

import bulk
import casework
import gatehouse
import lists
import load
import messages
import papers
import processes
import sealing
import streams
import transfers
from programs import BUILT, PORT, ROOT, STATE, background, end, owners_url, run, started

SERVICES = ('gateway', 'identity', 'cases', 'invitation', 'notification', 'documents')
CONNECTIONS = (1, 16, 64)
# What is asked of each ratio at least, and the stretch.
ASKED = {
    'transcoding: CPU floor / CPU used': (0.45, 0.60),
    'signIn:verify / peer (16)': (8, 15),
    'session / peer (16)': (12, 20),
    'signIn:start / peer (16)': (8, 12),
    'upload 1 GiB / Beast to disk': (0.9, 1.0),
    'download 1 GiB / Beast from disk': (0.9, 1.0),
    'tus / plain upload': (0.9, 1.0),
    'transfer alone / beside 500 slow': (0.5, 0.9),
    'cases in bulk / one by one (anew)': (5, 10),
    'cases in bulk / one by one (as they are)': (5, 10),
    '50 ms / p99 of a code to the door (mails)': (1, ''),
    '50 ms / p99 of a code to the door (SMS)': (1, ''),
    'mails a second / 500': (1, ''),
    'SMS a second / 500': (1, ''),
    'cost of a mail: 1000 waiting / 100000': (messages.FLAT, ''),
}
# And at most.
ASKED_AT_MOST = {'saving an answer: CPU / floor': 4}
ASKED_OF_TAILS = 1.2
PARTS = ('transcoding', 'floors', 'jobs', 'messages', 'signin', 'lists', 'bulk', 'casework',
         'documents', 'sealing', 'upload', 'slow')


class Running:
    """A Gatehouse of the bench's own, beside whatever is up."""

    def __init__(self, plaintext):
        clean = {k: v for k, v in os.environ.items() if not k.startswith('GATEHOUSE_')}
        offset = os.environ.get('GATEHOUSE_BENCH_PORT_OFFSET', '15000')
        self.environment = dict(clean, GATEHOUSE_DEV_STATE=STATE, GATEHOUSE_DEV_PORT_OFFSET=offset,
                                GATEHOUSE_TRUSTED_PROXIES='127.0.0.1')
        if plaintext:
            self.environment['GATEHOUSE_PLAINTEXT'] = 'loopback-only-trusts-everybody'
        if os.path.exists(STATE):
            self.stop()
        shutil.rmtree(STATE, ignore_errors=True)
        out = self.dev('start_all')
        self.startup_ms = int(out.rpartition('ready after ')[2].split()[0])
        for line in self.dev('settings && declare -px').splitlines():
            name, _, value = line.removeprefix('declare -x ').partition('=')
            if name.startswith('GATEHOUSE_'):
                os.environ[name] = value.strip('"')
        self.pids = {name: self.pid(name) for name in (*SERVICES, 'postgres', 'redis', 'sink')}

    def dev(self, commands):
        return run(['bash', '-c', f'cd {ROOT} && source ./dev && {commands}'], env=self.environment)

    @staticmethod
    def pid(name):
        with open(f'{STATE}/run/{name}.pid', encoding='ascii') as file:
            return int(file.read())

    def restart(self, name, **settings):
        """A service anew, with other settings than ./dev gives it."""
        exports = ''.join(f'export {key}={shlex.quote(value)} && '
                          for key, value in settings.items())
        self.dev(f'settings && {exports}start_service {name} && wait_for {name} is_ready {name}')
        self.pids[name] = self.pid(name)

    def stop(self):
        self.dev('stop_all')


def measured(requests, connections, url, pids, seconds=None):
    watch = processes.Watch(pids)
    result = load.drive(url, requests, connections, seconds)
    result['cpu_us'] = watch.micros(result['requests'])
    result['tail'] = round(result['p99_us'] / max(result['p50_us'], 1), 2)
    return result


def order_line():
    """A request of the echo's."""
    order = json.dumps({
        'orderId': 'order-1', 'customerName': 'Ada Lovelace', 'email': 'ada@example.com',
        'status': 'OPEN', 'totalCents': '129900', 'gift': True,
        'createTime': '2026-11-24T12:00:00Z', 'note': 'Please ring twice.',
        'lines': [{'sku': f'sku-{i}', 'quantity': i + 1, 'price': 9.5 * i} for i in range(3)],
        'tags': ['fragile', 'express']})
    return [load.request('POST', '/v1/echo', {'Content-Type': 'application/json'}, order)]


class Floor:
    """What a request costs that bare Beast takes and bare gRPC passes on."""

    def __init__(self):
        self.http = background([f'{BUILT}/bench_http', str(PORT + 2)], PORT + 2)
        self.rpc = background([f'{BUILT}/bench_grpc', 'server', str(PORT + 3)], PORT + 3)

    def micros(self, results, connections, seconds):
        """Microseconds of CPU."""
        http = measured(order_line(), connections, f'http://127.0.0.1:{PORT + 2}',
                        {'http': self.http.pid}, seconds)
        watch = processes.Watch({'server': self.rpc.pid})
        calls = 20000
        grpc = json.loads(run([f'{BUILT}/bench_grpc', 'client', str(PORT + 3), str(calls),
                               str(connections)]))
        server_us = watch.micros(calls)['server']
        results['runs'][f'floor: bare Beast ({connections})'] = http
        results['runs'][f'floor: bare gRPC ({connections})'] = dict(grpc, cpu_us={
            'client': grpc['client_cpu_us'], 'server': server_us})
        return http['cpu_us']['http'] + grpc['client_cpu_us'] + server_us

    def end(self):
        end(self.http)
        end(self.rpc)


def transcoding(results, seconds):
    service = background([f'{BUILT}/bench_echo', 'service', str(PORT)], PORT)
    gateway = background([f'{BUILT}/bench_echo', 'gateway', str(PORT + 1), str(PORT)], PORT + 1)
    floor = Floor()
    ratios = []
    # The ratio is one of 64 connections, and wants more than one look at a noisy machine.
    for connections in 3 * CONNECTIONS + 4 * (64,):
        both = measured(order_line(), connections, f'http://127.0.0.1:{PORT + 1}',
                        {'gateway': gateway.pid, 'service': service.pid}, seconds)
        ratio = floor.micros(results, connections, seconds) / sum(both['cpu_us'].values())
        results['runs'][f'transcoding ({connections})'] = both
        if connections == 64:
            ratios.append(ratio)
    results['ratios']['transcoding: CPU floor / CPU used'] = statistics.median(ratios)
    floor.end()
    for process in (service, gateway):
        end(process)


class Tools:
    """What the parts of many rows measure with."""

    def __init__(self, running, seconds):
        self.pids = running.pids
        self.seconds = seconds

    def drive(self, requests, connections, url, seconds=None):
        return measured(requests, connections, url, self.pids, seconds)

    def floor(self, results, connections):
        floor = Floor()
        try:
            return floor.micros(results, connections, self.seconds)
        finally:
            floor.end()


class Peer:
    """better-auth, with PostgreSQL and Redis of the same servers behind it."""

    def __init__(self):
        url = urllib.parse.urlsplit(owners_url())
        run(['psql', '-q', url.geturl(), '-c', 'CREATE DATABASE peer'])
        environment = dict(os.environ, PORT=str(PORT + 4),
                           POSTGRES_URL=url._replace(path='/peer').geturl(),
                           SMS_URL=os.environ['GATEHOUSE_SMS_URL'],
                           SMS_ACCOUNT=os.environ['GATEHOUSE_SMS_ACCOUNT'],
                           SMS_TOKEN=os.environ['GATEHOUSE_SMS_TOKEN'],
                           REDIS_URL=os.environ['GATEHOUSE_REDIS_URL'][:-1] + '3')
        node = os.path.join(ROOT, 'tests', 'e2e', 'node_modules', '.bin', 'node')
        self.process = background([node, f'{ROOT}/bench/peers/better-auth.mjs'], PORT + 4,
                                  env=environment)
        self.url = f'http://127.0.0.1:{PORT + 4}'
        self.json = {'Content-Type': 'application/json'}

    def starts(self, emails):
        return [load.request('POST', '/api/auth/email-otp/send-verification-otp', self.json,
                             json.dumps({'email': e, 'type': 'sign-in'})) for e in emails]

    def verifies(self, emails):
        return [load.request('POST', '/api/auth/sign-in/email-otp', self.json,
                             json.dumps({'email': e, 'otp': '123456'})) for e in emails]

    def session(self, email):
        gatehouse.call('POST', f'{self.url}/api/auth/email-otp/send-verification-otp',
                       {'email': email, 'type': 'sign-in'})
        _, answer = gatehouse.call('POST', f'{self.url}/api/auth/sign-in/email-otp',
                                   {'email': email, 'otp': '123456'})
        cookie = answer.getheader('Set-Cookie').split(';')[0]
        return [load.request('GET', '/api/auth/get-session', {'Cookie': cookie})]


def signin(results, running, quick, seconds):
    """Three turns with the same clients on both sides: they enter for the first time, and come back
    twice. The median is what counts, so that of who comes back."""
    counts = {1: 40, 16: 240, 64: 240} if quick else {1: 150, 16: 1200, 64: 1200}
    bench, peer = gatehouse.Gatehouse(), Peer()
    clients = bench.clients(sum(counts.values()))
    pids = {'peer': peer.process.pid, 'postgres': running.pids['postgres']}
    at = 0
    for connections, count in counts.items():
        some = clients[at:at + count]
        emails = [f'peer{at + i}@example.com' for i in range(count)]
        at += count
        ratios = {'start': [], 'verify': []}
        for turn in (1, 2, 3):
            for name in ratios:
                if name == 'verify':
                    bench.codes(some)
                requests = [request_of(name, client) for client in some]
                theirs = peer.starts(emails) if name == 'start' else peer.verifies(emails)
                ours = measured(requests, connections, bench.url, running.pids)
                other = measured(theirs, connections, peer.url, pids)
                first = ', first' if turn == 1 else ''
                results['runs'][f'signIn:{name} ({connections}{first})'] = ours
                results['runs'][f'peer: {name} ({connections}{first})'] = other
                ratios[name].append(ours['rps'] / other['rps'])
        for name, all_ in ratios.items():
            results['ratios'][f'signIn:{name} / peer ({connections})'] = statistics.median(all_)
            results['ratios'][f'signIn:{name} / peer ({connections}, first)'] = all_[0]
    entry_floor(results, running, seconds)
    sessions(results, running, bench, peer, seconds)
    end(peer.process)


# The rows of a client's first entry, as all services write them together.
ENTRY_TABLES = """
CREATE SCHEMA IF NOT EXISTS bench_entry;
SET search_path = bench_entry;
CREATE TABLE IF NOT EXISTS entry (organisation_id text, id text, body text, PRIMARY KEY
  (organisation_id, id));
CREATE TABLE IF NOT EXISTS invitation (LIKE entry INCLUDING ALL);
CREATE TABLE IF NOT EXISTS feed (LIKE entry INCLUDING ALL);
INSERT INTO invitation SELECT 'o', n::text, repeat('x', 300) FROM generate_series(1, 10000) AS n
  ON CONFLICT DO NOTHING;
INSERT INTO feed SELECT 'o', n::text, '0' FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING;
"""
# Grant, session, audit, note, event, portal; the link used, the invitation accepted, the case's and
# the feed's numbers.
ENTRY = """\\set i random(1, 10000)
\\set f random(1, 100)
\\set a random(1, 9000000000000000)
BEGIN;
""" + ''.join(
    f"INSERT INTO bench_entry.entry VALUES ('o', 'n{n}-' || :a, repeat('x', 200)) ON CONFLICT DO "
    'NOTHING;\n' for n in range(6)) + ''.join(
    "UPDATE bench_entry.invitation SET body = body || '' WHERE organisation_id = 'o' AND "
    f'id = (1 + (:i + {n}) % 10000)::text;\n' for n in range(2)) + ''.join(
    "UPDATE bench_entry.feed SET body = body || '' WHERE organisation_id = 'o' AND "
    f'id = (1 + (:f + {n}) % 100)::text;\n' for n in range(2)) + 'COMMIT;\n'


def entry_floor(results, running, seconds):
    """PostgreSQL's CPU for a first entry, over one transaction that writes the same rows."""
    url = owners_url()
    run(['psql', '-q', url, '-c', ENTRY_TABLES])
    path = f'{STATE}/entry.sql'
    with open(path, 'w', encoding='ascii') as file:
        file.write(ENTRY)
    watch = processes.Watch({'postgres': running.pids['postgres']})
    out = run(['pgbench', '-n', '-M', 'prepared', '-c', '8', '-j', '1', '-T', str(seconds), '-f',
               path, url])
    done = next(line for line in out.splitlines() if 'actually processed' in line)
    floor = watch.micros(int(done.rpartition(':')[2].split('/')[0]))['postgres']
    results['floors']["first entry: PostgreSQL's CPU in one transaction"] = f'{floor:.0f} µs'
    for connections in CONNECTIONS:
        entry = results['runs'][f'signIn:verify ({connections}, first)']['cpu_us']['postgres']
        results['ratios'][f"first entry: PostgreSQL's CPU / floor ({connections})"] = entry / floor


def request_of(name, client):
    body = ({'token': client['token'], 'method': 'SMS_CODE'} if name == 'start' else
            {'challengeId': client['challenge'], 'code': client['code']})
    return load.request('POST', f'/v1/portal/signIn:{name}', {
        'Content-Type': 'application/json', 'X-Forwarded-For': client['address']},
        json.dumps(body))


def sessions(results, running, bench, peer, seconds):
    staff = bench.organisation('sessions')
    [fresh] = bench.invite(staff, 'sessions', 90000000)[:1]
    fresh['address'] = '10.255.0.1'
    bench.codes([fresh])
    ours = [load.request('GET', '/v1/portal/session', bench.enter(fresh))]
    theirs = peer.session('session@example.com')
    for connections in CONNECTIONS:
        mine = measured(ours, connections, bench.url, running.pids, seconds)
        other = measured(theirs, connections, peer.url, {'peer': peer.process.pid}, seconds)
        results['runs'][f'session ({connections})'] = mine
        results['runs'][f'peer: session ({connections})'] = other
        results['ratios'][f'session / peer ({connections})'] = mine['rps'] / other['rps']


def floors(results, seconds):
    url = owners_url()
    run(['psql', '-q', url, '-c', 'CREATE TABLE IF NOT EXISTS bench_floor (id int PRIMARY KEY, '
         'text text); INSERT INTO bench_floor SELECT i, repeat(\'x\', 200) FROM '
         'generate_series(1, 10000) AS i ON CONFLICT DO NOTHING; CREATE TABLE IF NOT EXISTS '
         'bench_insert (id bigserial PRIMARY KEY, text text)'])
    scripts = {'select': '\\set i random(1, 10000)\nSELECT text FROM bench_floor WHERE id = :i;\n',
               'insert': "INSERT INTO bench_insert (text) VALUES ('x');\n"}
    for name, text in scripts.items():
        path = f'{STATE}/{name}.sql'
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        out = run(['pgbench', '-n', '-M', 'prepared', '-c', '8', '-j', '1', '-T', str(seconds),
                   '-f', path, url])
        tps = next(line for line in out.splitlines() if line.startswith('tps'))
        results['floors'][f'pgbench {name}, 8 connections'] = f'{float(tps.split()[2]):.0f}/s'
    redis = urllib.parse.urlsplit(os.environ['GATEHOUSE_REDIS_URL'])
    for batch in (1, 16):
        out = json.loads(run([f'{BUILT}/bench_redis', '127.0.0.1', str(redis.port), redis.password,
                              '50000', str(batch)]))
        results['floors'][f'EVALSHA, batches of {batch}'] = f"{out['rps']:.0f}/s"


def jobs(results, quick):
    """What taking jobs costs over the backlog, and how fast a backlog goes."""
    rows = 100_000 if quick else 1_000_000
    results['jobs'] = json.loads(run([f'{BUILT}/bench_jobs', owners_url(),
                                      str(rows)]).splitlines()[-1])
    takes = [value for name, value in results['jobs'].items() if name.startswith('take')]
    results['ratios']['take of the smallest / of the largest backlog'] = takes[0] / takes[-1]


def show(results):
    print(f"\nstart-up {results['startup ms']} ms; at rest, MiB: {results['at rest, MiB']}\n")
    print(f"{'what (connections)':32} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'p99/p50':>8}"
          '  CPU µs/request')
    for name, r in results['runs'].items():
        cpu = '  '.join(f'{k} {v:.0f}' for k, v in r['cpu_us'].items() if v >= 1)
        tail = r['p99_us'] / max(r['p50_us'], 1)
        print(f"{name:32} {r['rps']:8.0f} {r['p50_us'] / 1000:8.2f} {r['p99_us'] / 1000:8.2f} "
              f"{tail:8.1f}  {cpu}")
    for key in ('floors', 'jobs', 'bulk', 'messages', 'rows read for a page', 'answers', 'uploads',
                'sealing', 'memory while eight upload, MiB',
                'memory with 200 slow transfers, MiB', 'memory with 500 slow transfers, MiB'):
        if results.get(key):
            print(f'\n{key}: {results[key]}')
    print(f"\n{'ratio':40} {'measured':>9} {'asked':>7} {'stretch':>8}")
    for name, ratio in results['ratios'].items():
        asked, stretch = ASKED.get(name, ('', ''))
        if ': p99 at ' in name:
            asked = f'<={ASKED_OF_TAILS}'
        elif name in ASKED_AT_MOST:
            asked = f'<={ASKED_AT_MOST[name]}'
        print(f'{name:40} {ratio:9.2f} {asked:>7} {stretch:>8}')


def sql(text):
    """What psql says, a row a line, of the rows of all organisations."""
    return run(['psql', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', owners_url()],
               input=f"SET gatehouse.organisation_id = '*';\n{text};\n")


def save(results):
    """After each part: what was measured outlives a part that fails."""
    with open(os.path.join(ROOT, '.dev', 'bench.json'), 'w', encoding='utf-8') as file:
        json.dump(results, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--plaintext', action='store_true', help='without TLS between services')
    parser.add_argument('--only', nargs='+', choices=PARTS)
    chosen = parser.parse_args()
    seconds = 2 if chosen.quick else 5
    parts = chosen.only or PARTS
    results = {'runs': {}, 'ratios': {}, 'floors': {}, 'tls': not chosen.plaintext}
    running = Running(chosen.plaintext)
    try:
        results['startup ms'] = running.startup_ms
        results['at rest, MiB'] = {name: round(processes.resident_mib(running.pids[name]), 1)
                                   for name in SERVICES}
        tools = Tools(running, seconds)
        measure = {
            'transcoding': lambda: transcoding(results, seconds),
            'floors': lambda: floors(results, seconds),
            'jobs': lambda: jobs(results, chosen.quick),
            'signin': lambda: signin(results, running, chosen.quick, seconds),
            'lists': lambda: lists.measure(
                results, lambda pages, url: measured(pages, 16, url, running.pids, seconds), run,
                owners_url(), lists.COUNTS[:1] if chosen.quick else lists.COUNTS),
            'bulk': lambda: bulk.measure(results, chosen.quick),
            'messages': lambda: messages.measure(results, running, sql, chosen.quick,
                                                 chosen.plaintext),
            'upload': lambda: transfers.measure(results, running.pids, chosen.quick),
            'slow': lambda: streams.slow(results, running),
            'casework': lambda: casework.measure(
                results, tools, lists.COUNTS[:1] if chosen.quick else lists.COUNTS),
            'documents': lambda: papers.measure(
                results, tools, lists.COUNTS[:1] if chosen.quick else lists.COUNTS),
            'sealing': lambda: sealing.measure(results, running.pids, chosen.quick),
        }
        for part in parts:
            print(f'measuring {part}', file=sys.stderr, flush=True)
            measure[part]()
            save(results)
    finally:
        for process in list(started):
            end(process)
        running.stop()
    show(results)


if __name__ == '__main__':
    main()
