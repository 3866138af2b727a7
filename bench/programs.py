"""The programs that a bench starts, and where they are."""
import os
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATE = os.path.join(ROOT, '.dev', 'bench')
BUILT = os.path.join(ROOT, 'build', 'release', 'bench')
PORT = 29000
started = []


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f'{command[0]}: {done.stdout[-500:]} {done.stderr[-1000:]}')
    return done.stdout


def background(command, port, **more):
    """Starts a program and waits until it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               **more)
    started.append(process)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(('127.0.0.1', port)) == 0:
                return process
        time.sleep(0.05)
    raise RuntimeError(f'{command[0]} does not listen')


def end(process):
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    started.remove(process)


def owners_url():
    """Of the role that may make tables: the one that serves may not."""
    return os.environ['GATEHOUSE_TEST_POSTGRES_URL'].rsplit('/', 1)[0] + '/gatehouse'
