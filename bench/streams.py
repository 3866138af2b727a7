"""What a normal transfer takes while hundreds of others only pretend."""
import http.client
import json
import os
import socket
import statistics
import time
import urllib.parse

import gatehouse
import processes

SLOW = 500
FIRST = 200  # Of them; memory is looked at then, too.
CREDENTIALS = 10  # Each may have 64 streams.
SIZE = 8 << 20


def _connect(url):
    parts = urllib.parse.urlsplit(url)
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # Before it connects, or in vain.
    made.connect((parts.hostname, parts.port))
    made.settimeout(30)
    return made


def _head(method, path, staff, number, more=''):
    return (f'{method} {path} HTTP/1.1\r\nHost: bench\r\n'
            f'Authorization: {staff["Authorization"]}\r\n'
            f'X-Forwarded-For: 10.1.{number >> 8}.{number & 255}\r\n{more}\r\n').encode()


def _transfer(url, staff, upload_path, download_path, body):
    """Seconds of an upload and a download, each on a connection of its own."""
    begin = time.monotonic()
    for head, sent in ((_head('POST', upload_path, staff, 0, 'Content-Type: application/pdf\r\n'
                              f'Content-Length: {len(body)}\r\n'), body),
                       (_head('GET', download_path, staff, 0), b'')):
        parts = urllib.parse.urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(head + sent)
            answer = connection.makefile('rb')
            status = answer.readline()
            if b' 200 ' not in status:
                raise RuntimeError(status)
            length = 0
            while (line := answer.readline().strip()) != b'':
                if line.lower().startswith(b'content-length:'):
                    length = int(line.split(b':')[1])
            answer.read(length)
    return time.monotonic() - begin


def memory(running):
    return {name: round(processes.resident_mib(running.pids[name]), 1)
            for name in ('gateway', 'documents')}


def slow(results, running):
    bench = gatehouse.Gatehouse()
    staffs = [bench.organisation(f'slow{n}') for n in range(CREDENTIALS)]
    body = b'%PDF-1.4\n' + os.urandom(SIZE)
    upload_path = '/v1/cases/slow/documents?filename=file.pdf'
    documents = []
    for staff in staffs:
        gatehouse.call('PUT', f'{bench.url}/v1/cases/slow', {'displayName': 'Slow'}, staff)
        documents.append(upload(bench.url, staff, upload_path, body))
    download_path = f'/v1/cases/slow/documents/{documents[0]}/content'

    def median():
        return statistics.median(_transfer(bench.url, staffs[0], upload_path, download_path, body)
                                 for _ in range(9))
    alone = median()
    connections = []
    for number in range(SLOW):
        which = number % CREDENTIALS
        connection = _connect(bench.url)
        if number // CREDENTIALS % 2 == 0:
            connection.sendall(_head('POST', upload_path, staffs[which], number,
                                     'Content-Type: application/pdf\r\n'
                                     f'Content-Length: {SIZE}\r\n') + body[:16 << 10])
        else:
            path = f'/v1/cases/slow/documents/{documents[which]}/content'
            connection.sendall(_head('GET', path, staffs[which], number))
        connections.append(connection)
        if len(connections) == FIRST:
            time.sleep(2)
            results[f'memory with {FIRST} slow transfers, MiB'] = memory(running)
    time.sleep(2)
    beside = median()
    results[f'memory with {SLOW} slow transfers, MiB'] = memory(running)
    results['ratios'][f'transfer alone / beside {SLOW} slow'] = alone / beside
    for connection in connections:
        connection.close()


def upload(url, staff, path, body):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request('POST', path, body, {**staff, 'Content-Type': 'application/pdf'})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(text)
    return json.loads(text)['documentId']
