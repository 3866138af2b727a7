#!/usr/bin/env python3
"""A provider's door: a mail server or an SMS API in a process of its own, which takes all that
comes and remembers what, and when. `door.py smtp|sms PORT` reads a command a line from its standard
input and answers each with a line of JSON:

  open SECONDS   take what comes from now on, and let each answer wait so long
  close          listen no more, and hang up
  count          how many it has taken
  taken          all of them, in their order: [[id, time], …]; then it forgets them

A mail's id is its Message-ID's first part, an SMS's its Idempotency-Key: the message's own."""
import asyncio
import json
import sys
import time


class Door:
    def __init__(self):
        self.seconds = 0.0
        self.taken = []
        self.open_now = set()

    def take(self, of):
        self.taken.append((of, time.time()))


class Connection(asyncio.Protocol):
    """Answers leave in their order, each so many seconds after what it answers."""

    def __init__(self, door):
        self.door = door
        self.rest = b''

    def connection_made(self, transport):
        self.transport = transport
        self.door.open_now.add(transport)

    def connection_lost(self, _):
        self.door.open_now.discard(self.transport)

    def answer(self, data):
        if not self.door.seconds:
            return self.transport.write(data)
        asyncio.get_running_loop().call_later(self.door.seconds, self.transport.write, data)

    def data_received(self, data):
        self.rest += data
        while self.step():
            pass


class Mail(Connection):
    ANSWERS = {b'EHLO': b'250-door\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n', b'DATA': b'354 go on\r\n',
               b'QUIT': b'221 bye\r\n'}

    def connection_made(self, transport):
        super().connection_made(transport)
        self.in_text = False
        self.answer(b'220 door\r\n')

    def step(self):
        end = b'\r\n.\r\n' if self.in_text else b'\r\n'
        part, found, rest = self.rest.partition(end)
        if not found:
            return False
        self.rest = rest
        if self.in_text:
            self.in_text = False
            start = part.lower().index(b'message-id: <') + len(b'message-id: <')
            self.door.take(part[start:part.index(b'@', start)].decode())
            self.answer(b'250 taken\r\n')
        else:
            self.in_text = part[:4].upper() == b'DATA'
            self.answer(self.ANSWERS.get(part[:4].upper(), b'250 yes\r\n'))
        return True


class Sms(Connection):
    def step(self):
        head, found, rest = self.rest.partition(b'\r\n\r\n')
        if not found:
            return False
        lines = (line.split(b': ', 1) for line in head.split(b'\r\n')[1:])
        fields = {name.lower(): value for name, value in lines}
        length = int(fields.get(b'content-length', 0))
        if len(rest) < length:
            return False
        self.rest = rest[length:]
        if head.startswith(b'POST'):
            key = fields[b'idempotency-key'].decode()
            self.door.take(key)
            status, body = b'201 Created', json.dumps({'sid': 'SM' + key, 'status': 'queued'})
        else:
            status, body = b'200 OK', '{"messages": []}'
        self.answer(b'HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n'
                    b'%b' % (status, len(body), body.encode()))
        return True


async def serve(kind, port):
    door, loop, server = Door(), asyncio.get_running_loop(), None
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        answer = None
        if line[0] == 'open':
            door.seconds = float(line[1])
            if server is None:
                server = await loop.create_server(lambda: kind(door), '127.0.0.1', port,
                                                  backlog=512, reuse_address=True)
        elif line[0] == 'close' and server is not None:
            server.close()
            server = None
            for transport in list(door.open_now):
                transport.abort()
        elif line[0] == 'count':
            answer = len(door.taken)
        elif line[0] == 'taken':
            answer, door.taken = door.taken, []
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    asyncio.run(serve({'smtp': Mail, 'sms': Sms}[sys.argv[1]], int(sys.argv[2])))
