"""Drives wrk with prepared requests, and reads what it prints."""
import json
import os
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def request(method, path, headers=None, body=''):
    head = '\x01'.join(f'{name}={value}' for name, value in (headers or {}).items())
    return f'{method}\t{path}\t{head}\t{body}'


def drive(url, requests, connections, seconds=None):
    """Sends `requests` once each over so many connections, or round and round for `seconds`."""
    with tempfile.NamedTemporaryFile('w', suffix='.txt', delete=False) as file:
        file.write('\n'.join(requests) + '\n')
    done = file.name + '.done'
    environment = dict(os.environ, REQUESTS=file.name, LOOP='1' if seconds else '0', DONE=done)
    wrk = subprocess.Popen(
        ['wrk', '-t1', f'-c{connections}', f'-d{seconds or 120}s', '--timeout', '10s', '--latency',
         '-s', os.path.join(HERE, 'load.lua'), url],
        env=environment, stdout=subprocess.PIPE, text=True)
    try:
        # wrk runs its whole time unless it is interrupted.
        while not seconds and wrk.poll() is None and not os.path.exists(done):
            time.sleep(0.002)
        if not seconds:
            wrk.send_signal(signal.SIGINT)
        out, _ = wrk.communicate()
    finally:
        for path in (file.name, done):
            if os.path.exists(path):
                os.unlink(path)
    result = json.loads(out.strip().splitlines()[-1])
    result['rps'] = result['requests'] / result['seconds']
    if result['broken'] or result['refused'] > result['requests'] * 0.01:
        raise RuntimeError(f'the load was refused or broken: {result}')
    return result
