#!/usr/bin/env python3
"""Takes what Gatehouse sends and shows it: a mail server and an SMS provider for development.

SMTP on one port; on another, over HTTP: the Twilio Messages API shape, a page of what arrived (/),
the same as JSON (GET /messages, or /messages?to=RECIPIENT), DELETE /messages to forget it, and
POST /credentials to ask for others from now on ({"token": "…", "password": "…"}: of SMS, of mail),
POST /faults to misbehave: {"sms": "500", "count": 2} fails the next two requests. The faults:

  smtp  tempfail, refuse (answers 451, 550), drop (hangs up), slow (takes it, answers late)
  sms   500, 400, drop (nothing is taken), lose-answer (taken, but hangs up), slow (taken, late)

"seconds" says how late slow is (5 by default); a count of 0 ends a fault. An address that begins
with "nobody-" has no mailbox: it is always refused.
"""
import argparse
import asyncio
import base64
import email
import email.policy
import html
import json
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

KEPT = 100_000  # Messages of each kind; the oldest go first.
SHOWN = 100
BODY_MAX = 1 << 20
NOBODY = "nobody-"  # So begin the addresses that no mailbox is behind.
FAULTS = {"smtp": {"tempfail", "refuse", "drop", "slow"},
          "sms": {"500", "400", "drop", "lose-answer", "slow"}}

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; color: #222;
       padding: 0 1rem }
article { border: 1px solid #ccc; border-left: 6px solid #3558a0; border-radius: 6px;
          padding: 1rem; margin: 1rem 0 }
article.sms { border-left-color: #2e7d4f }
h2 { font-size: 1.1rem; margin: 0 }
p.to { color: #555; margin: 0 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .8rem 0 0 }
"""


class Arrived:
    """What was sent so far, and how to misbehave next; shared by all threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._mails, self._sms, self._faults = [], [], {}

    def add_mail(self, mail):
        self._add(self._mails, mail)

    def add_sms(self, sms):
        self._add(self._sms, sms)

    def _add(self, messages, message):
        with self._lock:
            messages.append({**message, "time": time.time()})
            del messages[:-KEPT]

    def mails(self, to=None):
        with self._lock:
            return [m for m in self._mails if to is None or to in m["to"]]

    def sms(self, to=None):
        with self._lock:
            return [m for m in self._sms if to is None or to == m["to"]]

    def forget(self):
        with self._lock:
            self._mails.clear()
            self._sms.clear()

    def misbehave(self, channel, kind, count, seconds):
        with self._lock:
            self._faults[channel] = (kind, count, seconds)

    def fault(self, channel):
        """The fault to play now, and the seconds it takes; (None, 0) when all is well."""
        with self._lock:
            kind, count, seconds = self._faults.get(channel, (None, 0, 0))
            if count <= 0:
                return None, 0
            self._faults[channel] = (kind, count - 1, seconds)
            return kind, seconds


class Mailbox:
    """Takes mails, as aiosmtpd's handler; who signs in does so with the password, if one is set."""

    password = None

    def __init__(self, arrived):
        self.arrived = arrived

    async def handle_RCPT(self, _server, _session, envelope, address, rcpt_options):
        if address.startswith(NOBODY):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        kind, seconds = self.arrived.fault("smtp")
        if kind == "tempfail":
            return "451 try again later"
        if kind == "refuse":
            return "550 no such mailbox"
        if kind == "drop":
            server.transport.abort()
            return "421 going away"
        self.arrived.add_mail(self.read(envelope))
        await asyncio.sleep(seconds)
        return "250 taken"

    @classmethod
    def authenticate(cls, _server, _session, _envelope, _mechanism, data):
        return AuthResult(success=cls.password in (None, data.password.decode()), handled=False)

    @staticmethod
    def read(envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)

        def part(kind):
            body = message.get_body(preferencelist=(kind,))
            return body.get_content() if body else ""

        return {"id": str(message["message-id"] or ""), "to": list(envelope.rcpt_tos),
                "from": envelope.mail_from, "sender": str(message["from"] or ""),
                "subject": str(message["subject"] or ""),
                "text": part("plain"), "html": part("html"),
                "attachments": [{"type": each["content-type"], "name": each.get_filename(),
                                 "text": each.get_payload(decode=True).decode()}
                                for each in message.iter_attachments()],
                "headers": [name.lower() for name in message.keys()],
                "traceparent": str(message["traceparent"] or "")}


def page(arrived):
    cards = [(m["time"], "mail", m["subject"], f"mail to {', '.join(m['to'])}", m["text"])
             for m in arrived.mails()[-SHOWN:]]
    cards += [(m["time"], "sms", f"SMS to {m['to']}", f"from {m['from']}", m["body"])
              for m in arrived.sms()[-SHOWN:]]
    shown = "".join(
        f"<article class={kind}><h2>{html.escape(title)}</h2><p class=to>{html.escape(line)}</p>"
        f"<pre>{html.escape(text)}</pre></article>"
        for _, kind, title, line, text in sorted(cards, reverse=True))
    return ("<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>"
            "<meta name=viewport content='width=device-width'><title>What arrived</title>"
            f"<style>{STYLE}</style><h1>What arrived</h1>"
            "<p>Mails and SMS that Gatehouse sent, newest first.</p>"
            f"{shown or '<p>Nothing has arrived yet.</p>'}")


class Provider(BaseHTTPRequestHandler):
    """One HTTP connection: the provider's API, and what a test asks of the sink."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # An answer leaves in one piece.
    arrived = account = token = None  # Set once, by main.

    def log_message(self, *_):
        """Says nothing: what arrives is secret enough not to stand in a log."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        to = urllib.parse.parse_qs(url.query).get("To" if "/Accounts/" in url.path else "to")
        to = to[0] if to else None
        if url.path == "/":
            return self.answer(200, page(self.arrived), "text/html")
        if url.path == "/messages":
            return self.answer(200, {"mails": self.arrived.mails(to), "sms": self.arrived.sms(to)})
        if url.path == self.messages_path() and self.authenticated():
            newest = self.arrived.sms(to)[:-51:-1]
            return self.answer(200, {"messages": [m["resource"] for m in newest], "page_size": 50})
        return self.not_found(url.path)

    def do_DELETE(self):
        if self.path != "/messages":
            return self.not_found(self.path)
        self.arrived.forget()
        return self.answer(200, {})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > BODY_MAX:
            self.close_connection = True
            return self.answer(413, {"message": "too large", "status": 413})
        body = self.rfile.read(length).decode()
        if self.path == "/faults":
            return self.plan_fault(body)
        if self.path == "/credentials":
            asked = json.loads(body)
            type(self).token = asked.get("token", self.token)
            Mailbox.password = asked.get("password", Mailbox.password)
            return self.answer(200, {})
        if self.path == self.messages_path() and self.authenticated():
            return self.take_sms(urllib.parse.parse_qs(body))
        return self.not_found(self.path)

    def plan_fault(self, body):
        try:
            asked = json.loads(body)
            planned = {channel: str(asked[channel]) for channel in FAULTS if channel in asked}
            count, seconds = int(asked.get("count", 1)), float(asked.get("seconds", 5))
        except (ValueError, TypeError, AttributeError):
            planned = {}
        if not planned or any(kind not in FAULTS[channel] for channel, kind in planned.items()):
            return self.answer(400, {"message": f"not a fault; {self.known_faults()}"})
        for channel, kind in planned.items():
            self.arrived.misbehave(channel, kind, count, seconds if kind == "slow" else 0)
        return self.answer(200, {})

    @staticmethod
    def known_faults():
        return "; ".join(f"{channel}: {', '.join(sorted(k))}" for channel, k in FAULTS.items())

    def take_sms(self, form):
        kind, seconds = self.arrived.fault("sms")
        if kind == "drop":
            return self.hang_up()
        if kind == "500":
            return self.answer(500, {"code": 20500, "message": "Internal error", "status": 500})
        to, sender, body = (form.get(name, [""])[0] for name in ("To", "From", "Body"))
        if kind == "400" or not (to and sender and body):
            return self.answer(400, {"code": 21211, "message": "Invalid 'To' Phone Number",
                                     "status": 400})
        sid = "SM" + uuid.uuid4().hex
        resource = {"sid": sid, "account_sid": self.account, "to": to, "from": sender,
                    "body": body, "status": "queued", "direction": "outbound-api",
                    "error_code": None, "error_message": None,
                    "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())}
        self.arrived.add_sms(
            {"id": sid, "to": to, "from": sender, "body": body, "resource": resource,
             "traceparent": self.headers.get("traceparent", "")})
        if kind == "lose-answer":
            return self.hang_up()
        time.sleep(seconds)
        return self.answer(201, resource)

    def messages_path(self):
        return f"/2010-04-01/Accounts/{self.account}/Messages.json"

    def authenticated(self):
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def not_found(self, path):
        if path == self.messages_path():  # It is there, but not for a stranger.
            return self.answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
        return self.answer(404, {"code": 20404, "message": "not found", "status": 404})

    def hang_up(self):
        self.close_connection = True

    def answer(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class HttpServer(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that gave up is what some tests are about, not an error of ours."""


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    options.add_argument("--smtp-port", type=int, required=True)
    options.add_argument("--http-port", type=int, required=True)
    options.add_argument("--account", default="AC0")
    options.add_argument("--token", default="sink")
    chosen = options.parse_args()
    arrived = Arrived()
    Provider.arrived, Provider.account, Provider.token = arrived, chosen.account, chosen.token
    Controller(Mailbox(arrived), hostname=chosen.host, port=chosen.smtp_port,
               authenticator=Mailbox.authenticate, auth_require_tls=False).start()
    HttpServer((chosen.host, chosen.http_port), Provider).serve_forever()


if __name__ == "__main__":
    main()
