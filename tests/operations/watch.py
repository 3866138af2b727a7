#!/usr/bin/python3
"""usage: watch.py PORT STOP START DOOR

Whether deploy/watch signs in, and says so; whether it says what does not work while a service is
away, and that it works again. It shows its metrics at PORT; STOP and START are commands that stop a
service and start it. DOOR is the front's host:port, whose certificate is looked at.
"""
import calendar
import json
import os
import pathlib
import re
import secrets
import shlex
import subprocess
import sys
import time
import urllib.request

from office import SINK, Office

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ["GATEHOUSE_DEV_STATE"])
WAIT_SECONDS = 60


def metrics(port):
    """{(name without its prefix, step or door, outcome or ''): value}"""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    found = {}
    for line in lines:
        if match := re.fullmatch(
                r'gatehouse_watch_(\w+)\{step="(\w+)"(?:,outcome="(\w+)")?\} (\S+)', line):
            found[match[1], match[2], match[3] or ""] = float(match[4])
        elif match := re.fullmatch(r'gatehouse_(certificate_\w+)\{file="(\S+)"\} (\S+)', line):
            found[match[1], match[2], ""] = float(match[3])
        else:
            assert re.match(r"# TYPE gatehouse_(watch|certificate)_", line), line
    return found


def eventually(holds, what):
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < end, f"not within {WAIT_SECONDS} s: {what}"
        time.sleep(0.1)


def start(office, mobile, port, door):
    environment = {
        **os.environ, "WATCH_URL": os.environ["GATEHOUSE_URL"], "WATCH_API_KEY": office.kept["key"],
        "WATCH_MOBILES": mobile, "WATCH_INBOX_USER": os.environ["GATEHOUSE_SMS_ACCOUNT"],
        "WATCH_INBOX_PASSWORD": os.environ["GATEHOUSE_SMS_TOKEN"],
        "WATCH_INBOX_URL": f"{SINK.geturl()}/2010-04-01/Accounts/"
                           f"{os.environ['GATEHOUSE_SMS_ACCOUNT']}/Messages.json",
        "WATCH_DOORS": f"{door},127.0.0.1:{port}", "WATCH_CA_FILE": str(STATE / "tls/front/ca.crt"),
        "WATCH_LISTEN": f"127.0.0.1:{port}", "WATCH_MINUTE_SECONDS": "0.3"}
    log = (STATE / "log/watch.log").open("w", encoding="utf-8")
    return subprocess.Popen([ROOT / "deploy/watch/watch"], env=environment, stdout=log, stderr=log)


def see_it_work(port):
    def count(step, outcome):
        return metrics(port)["steps_total", step, outcome]

    def answers():
        try:
            return metrics(port)
        except OSError:
            return None

    eventually(answers, "its metrics")
    eventually(lambda: count("sign_in", "ok") == 1, "a sign-in")
    eventually(lambda: count("link", "ok") >= 3 and count("session", "ok") >= 3, "what follows it")
    now = metrics(port)
    failed = {step for step in ("link", "session", "sign_in") if now["steps_total", step, "failed"]}
    assert not failed, f"{failed} failed although nothing is away"
    assert abs(now["success_time_seconds", "sign_in", ""] - time.time()) < WAIT_SECONDS
    assert 0 < now["step_seconds", "sign_in", ""] < 10
    # One mobile: ten sign-ins a day, each 144 of these short minutes.
    assert abs(now["interval_seconds", "sign_in", ""] - 0.3 * 144) < 0.01


def see_the_door(port, door):
    """As strangers do, who trust the front's authority; what is no TLS has no certificate."""
    name = "certificate_expiry_time_seconds"
    eventually(lambda: (name, door, "") in metrics(port), "the front's certificate")
    command = ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in",
               STATE / "tls/front/tls.crt"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)
    ends = time.strptime(shown.stdout.strip().removeprefix("notAfter="), "%Y-%m-%d %H:%M:%SZ")
    assert metrics(port)[name, door, ""] == calendar.timegm(ends), shown.stdout
    assert (name, f"127.0.0.1:{port}", "") not in metrics(port)


def see_it_fail(port, stop, restart):
    subprocess.run(shlex.split(stop), check=True, cwd=ROOT)
    before = metrics(port)
    eventually(lambda: metrics(port)["steps_total", "link", "failed"]
               >= before["steps_total", "link", "failed"] + 2, "links that fail")
    away = metrics(port)
    time.sleep(1)
    later = metrics(port)
    assert later["success_time_seconds", "link", ""] == away["success_time_seconds", "link", ""]
    subprocess.run(shlex.split(restart), check=True, cwd=ROOT)
    eventually(lambda: metrics(port)["success_time_seconds", "link", ""]
               > later["success_time_seconds", "link", ""], "links that open again")


def see_the_log(secret_things):
    text = (STATE / "log/watch.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines, "it says nothing of what failed"
    for line in lines:
        assert line["event"] == "watch.failed", line
        assert line["step"] in {"link", "session", "door"}, line
        if line["step"] == "door":
            assert re.search(r"^127\.0\.0\.1:\d+: (SSLError|ConnectionReset)", line["error"]), line
            continue
        assert re.search(r"^(GET|POST|PUT) /v1/\S+: 50[34]", line["error"]), line
    for secret in secret_things:
        assert secret not in text, "a secret is in its log"


def main():
    port, stop, restart, door = sys.argv[1:]
    office = Office.open("watch")
    mobile = f"+4474{secrets.randbelow(10**8):08d}"
    process = start(office, mobile, port, door)
    try:
        see_it_work(port)
        see_the_door(port, door)
        see_it_fail(port, stop, restart)
        see_the_log([office.kept["key"], os.environ["GATEHOUSE_SMS_TOKEN"]])
    except BaseException:
        print((STATE / "log/watch.log").read_text(encoding="utf-8"), file=sys.stderr)
        raise
    finally:
        process.kill()
    print("it signs in, and says when it cannot")


if __name__ == "__main__":
    main()
