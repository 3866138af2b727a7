#!/usr/bin/python3
"""OpenStack Swift with its S3 API, as Debian has it, for tests: usage: swift.py FOLDER

Keeps everything in FOLDER, which it makes, on ports of 127.0.0.1 that are free. Prints the URL when
all of it answers, and ends with it when its standard input ends. Whoever asks is test:tester with
the secret `testing`, which Swift's signature check insists on; its region is us-east-1.

Debian's packages swift-proxy, swift-account, swift-container, swift-object and memcached; of their
settings /etc/swift/swift.conf is read, and nothing else.
"""
import getpass
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

DEVICE = "d1"
SERVER = """[DEFAULT]
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
log_level = ERROR

[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
log_level = ERROR

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy slo dlo
  versioned_writes proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin

[filter:s3api]
use = egg:swift#s3api
location = us-east-1

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}

""" + "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n\n" for name in (
    "catch_errors", "gatekeeper", "healthcheck", "listing_formats", "copy", "slo", "dlo",
    "versioned_writes"))


def free_port():
    """Below those that a kernel gives away by itself, so that nobody takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def make_ring(folder, kind, port):
    builder = f"{folder}/{kind}.builder"
    for words in (["create", "4", "1", "1"],
                  ["add", f"r1z1-127.0.0.1:{port}/{DEVICE}", "1"], ["rebalance"]):
        # A warning (one device is not spread well) is the exit code 1.
        done = subprocess.run(["swift-ring-builder", builder, *words], stdout=subprocess.DEVNULL)
        if done.returncode > 1:
            raise SystemExit(f"swift-ring-builder {words[0]}: {done.returncode}")


def write(path, template, **values):
    with open(path, "w", encoding="utf-8") as file:
        file.write(template.format(user=getpass.getuser(), **values))
    return path


def await_answer(url, processes):
    for _ in range(600):
        for process in processes:
            if process.poll() is not None:
                raise SystemExit(f"{process.args[0]} has ended: see the folder's log")
        try:
            urllib.request.urlopen(url + "/healthcheck", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("Swift does not answer")


def main():
    folder = os.path.abspath(sys.argv[1])
    os.makedirs(f"{folder}/devices/{DEVICE}")
    log = open(f"{folder}/log", "wb")
    processes = []

    def start(*words):
        processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    memcached = free_port()
    try:
        start("memcached", "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(memcached))
        for kind in ("account", "container", "object"):
            port = free_port()
            make_ring(folder, kind, port)
            start(f"swift-{kind}-server", write(f"{folder}/{kind}.conf", SERVER, folder=folder,
                                                kind=kind, port=port))
        port = free_port()
        start("swift-proxy-server", write(f"{folder}/proxy.conf", PROXY, folder=folder, port=port,
                                          memcached=memcached))
        await_answer(f"http://127.0.0.1:{port}", processes)
        print(f"http://127.0.0.1:{port}", flush=True)
        sys.stdin.read()
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
        for process in processes:
            process.wait()


if __name__ == "__main__":
    main()
