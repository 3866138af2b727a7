"""Drives wrk with prepared requests, and reads what it prints."""
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def request(method, path, headers=None, body=''):
    head = '\x01'.join(f'{name}={value}' for name, value in (headers or {}).items())
    return f'{method}\t{path}\t{head}\t{body}'


def drive(url, requests, connections, seconds=None):
    """Sends `requests` once each over so many connections, or round and round for `seconds`."""
    with tempfile.NamedTemporaryFile('w', suffix='.txt', delete=False) as file:
        file.write('\n'.join(requests) + '\n')
    environment = dict(os.environ, REQUESTS=file.name, LOOP='1' if seconds else '0')
    try:
        out = subprocess.run(
            ['wrk', '-t1', f'-c{connections}', f'-d{seconds or 120}s', '--timeout', '10s',
             '--latency', '-s', os.path.join(HERE, 'load.lua'), url],
            env=environment, capture_output=True, text=True, check=True)
    finally:
        os.unlink(file.name)
    result = json.loads(out.stdout.strip().splitlines()[-1])
    result['rps'] = result['requests'] / result['seconds']
    if result['broken'] or result['refused'] > result['requests'] * 0.01:
        raise RuntimeError(f'the load was refused or broken: {result}')
    return result
