#!/usr/bin/python3
"""What still works while a process is away: the last table of docs/operations.md, tried. Each is
stopped, asked around, and started again, in the Gatehouse that is up. What works answers 200; what
does not is a 503 that says when to come back, and never anything else.
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

from office import URL, Office, ask_json, ask_once, code_to, document, enter

STATE = pathlib.Path(os.environ["GATEHOUSE_DEV_STATE"])
DEV = pathlib.Path(__file__).resolve().parents[2] / "dev"

# Who is away: what works without it, and what does not.
EXPECTED = {
    # Credentials that were exchanged before are good for the rest of their minute.
    "identity": ("case session download upload events portal_case portal_upload",
                 "unknown_key start invite"),
    # A client's upload asks nobody, staff's asks whether the case exists.
    "cases": ("session start open download portal_upload events", "case portal_case upload invite"),
    "invitation": ("case portal_case session upload portal_upload download events unknown_key",
                   "open start invite"),
    "notification": ("case portal_case session upload portal_upload download open",
                     "start invite events"),
    "documents": ("case portal_case session open start events",
                  "upload portal_upload download invite"),
    "postgres": ("session",
                 "case portal_case unknown_key upload download open start invite events"),
    # The mail server and the SMS provider: what is taken waits for them.
    "sink": ("case portal_case session open start invite events", ""),
    # The last, since its return empties what processes know of credentials.
    "redis": ("case portal_case session upload portal_upload download open invite events "
              "unknown_key", "start"),
}


class World:
    """An organisation with a client inside, one who is invited, and a document."""

    def __init__(self):
        office = Office.open("absent")
        ada, self.bob, carol = office.put_case()
        cookie = {"Cookie": enter(office.invite(ada["contactId"])["link"], ada["mobile"])}
        token = office.invite(self.bob["contactId"])["link"].split("#")[1]
        document_id = office.upload(document(1000))
        # In place of the staff's key, which every process knows by now.
        other = {"Authorization": "Bearer " + ask_json(
            "POST", "/v1/apiKeys", {"displayName": "other", "scopes": ["cases.read"]},
            office.staff)["secret"]}
        self.secrets = [office.kept["key"], other["Authorization"].split()[1],
                        cookie["Cookie"].split("=")[1], token, ada["mobile"], ada["email"]]
        portal = "/v1/portal/cases/deal-1"
        pdf, json_type = ({"Content-Type": f"application/{kind}"} for kind in ("pdf", "json"))
        self.calls = {
            "case": ("GET", office.case, None, office.staff),
            "unknown_key": ("GET", office.case, None, other),
            "upload": ("POST", office.case + "/documents?filename=a.pdf", document(1000),
                       {**pdf, **office.staff}),
            "download": ("GET", f"{office.case}/documents/{document_id}/content", None,
                         office.staff),
            "events": ("GET", "/v1/events", None, office.staff),
            "invite": ("POST", office.case + "/invitations",
                       json.dumps({"contactId": carol["contactId"], "validateOnly": True}),
                       {**json_type, **office.staff}),
            "open": ("POST", "/v1/portal/links:open", json.dumps({"token": token}), json_type),
            "start": ("POST", "/v1/portal/signIn:start",
                      json.dumps({"token": token, "method": "SMS_CODE"}), json_type),
            "session": ("GET", "/v1/portal/session", None, cookie),
            "portal_case": ("GET", portal, None, cookie),
            "portal_upload": ("POST", portal + "/documents?filename=a.pdf", document(1000),
                              {**pdf, **cookie}),
        }
        for name in self.calls:
            if name not in ("unknown_key", "start"):
                assert self.status(name) == 200, name

    def status(self, name):
        answer, data = ask_once(*self.calls[name], where=URL)
        assert answer.status in (200, 503), f"{name}: {answer.status} {data[:300]!r}"
        assert answer.status == 200 or answer.headers["Retry-After"], f"{name}: come back when?"
        return answer.status


def probe(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Logs:
    """What the processes have said since."""

    def __init__(self):
        self.files = {path: path.stat().st_size for path in (STATE / "log").glob("*.log")}

    def warnings(self):
        for path, begin in self.files.items():
            with path.open("rb") as file:
                file.seek(begin)
                for line in file.read().decode(errors="replace").splitlines():
                    if line.startswith('{"time"') and '"level":"info"' not in line:
                        yield json.loads(line)

    def must_say_why(self, name, secrets):
        """Who was asked, and what came of it; of those who asked, nothing."""
        told = list(self.warnings())
        events = {"postgres": {"postgres.failed"}, "redis": {"redis.away"}}
        wanted = events.get(name, {"http.failed"})
        lines = [line for line in told if line["event"] in wanted]
        assert lines, f"without {name}, no line says {wanted}"
        if wanted == {"http.failed"}:
            assert all(line["rpc"] and line["code"] and line["error"] for line in lines), lines
            assert any(name in line["rpc"] + line["error"] for line in lines), \
                f"without {name}, no line names it: {lines}"
        for secret in secrets:
            assert secret not in json.dumps(told), f"without {name}, a line holds a secret"


def wait_until(port, path, status):
    begin = time.monotonic()
    while probe(port, path) != status:
        assert time.monotonic() - begin < 10, f"{path} of {port} does not become {status}"
        time.sleep(0.1)


def try_without(name, first_port):
    world = World()
    logs = Logs()
    # TERM lets PostgreSQL wait for whoever is connected.
    subprocess.run([DEV, "stop", name, "INT" if name == "postgres" else "TERM"], check=True)
    works, fails = (names.split() for names in EXPECTED[name])
    for status, calls in ((200, works), (503, fails)):
        for call in calls:
            assert world.status(call) == status, f"without {name}, {call} is no {status}"
    if fails:
        logs.must_say_why(name, world.secrets)
    services = range(first_port + 1, first_port + 6)
    if name == "postgres":
        # Alive, so that nobody restarts it, and not ready, so that nobody asks it.
        for port in services:
            wait_until(port, "/readyz", 503)
            assert (probe(port, "/healthz"), probe(port, "/metrics")) == (200, 200)
    if name not in ("gateway", "front"):
        time.sleep(2)  # What needs another service goes on, so nobody should be sent elsewhere.
        assert probe(first_port, "/readyz") == 200, f"without {name}, the gateway is not ready"
    if name == "redis":
        # What needs no Redis goes on everywhere, sessions above all.
        time.sleep(3)
        for port in services:
            assert probe(port, "/readyz") == 200
    subprocess.run([DEV, "start", name], check=True)
    for call in works + fails:  # And all is well again: they find it within half a second.
        begin = time.monotonic()
        while world.status(call) != 200:
            assert time.monotonic() - begin < 5, f"after {name}, {call} fails"
            time.sleep(0.1)
    if "start" in works + fails:
        code_to(world.bob["mobile"], waits=400)
    print(f"without {name}: as docs/operations.md says")


if __name__ == "__main__":
    for away in EXPECTED:
        try_without(away, int(sys.argv[1]))
