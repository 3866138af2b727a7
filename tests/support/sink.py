#!/usr/bin/env python3
"""Takes what Gatehouse sends and shows it: a mail server and an SMS provider for development.

SMTP on one port (aiosmtpd); on another, over HTTP, the Twilio Messages API shape, a page of what
arrived (/), the same as JSON (GET /messages), DELETE /messages to forget it, and POST /faults to
misbehave, such as {"sms": "500", "count": 2}: the next two requests fail.
Faults: smtp: tempfail, refuse, drop; sms: 500, 400, drop (nothing taken), lose-answer (taken).
"""
import argparse
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

LIMIT = 100_000
lock = threading.Lock()
mails, texts, faults = [], [], {}


def fault(channel):
    """The fault to play now, or None."""
    with lock:
        kind, count = faults.get(channel, (None, 0))
        if count <= 0:
            return None
        faults[channel] = (kind, count - 1)
        return kind


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        kind = fault("smtp")
        if kind == "tempfail":
            return "451 try again later"
        if kind == "refuse":
            return "550 no such mailbox"
        if kind == "drop":
            server.transport.close()
            return "421 going away"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(preferencelist=("plain",))
        markup = message.get_body(preferencelist=("html",))
        with lock:
            mails.append({
                "id": str(message["message-id"]), "to": list(envelope.rcpt_tos),
                "from": envelope.mail_from, "subject": str(message["subject"]),
                "text": body.get_content() if body else "",
                "html": markup.get_content() if markup else "", "time": time.time()})
            del mails[:-LIMIT]
        return "250 taken"


def page():
    def card(kind, title, lines, text):
        rows = "".join(f"<div class=meta>{html.escape(line)}</div>" for line in lines)
        return (f"<article class={kind}><h2>{html.escape(title)}</h2>{rows}"
                f"<pre>{html.escape(text)}</pre></article>")
    with lock:
        cards = [(m["time"], card("mail", m["subject"], [f"mail to {', '.join(m['to'])}"], m["text"]))
                 for m in mails[-100:]]
        cards += [(t["time"], card("sms", f"SMS to {t['to']}", [], t["body"])) for t in texts[-100:]]
    shown = "".join(c for _, c in sorted(cards, reverse=True)) or "<p>Nothing has arrived yet.</p>"
    return f"""<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>
<meta name=viewport content="width=device-width"><title>Gatehouse: what arrived</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#222}}
article{{border:1px solid #ccc;border-left:6px solid #3558a0;border-radius:6px;padding:1rem;margin:1rem 0}}
article.sms{{border-left-color:#2e7d4f}}h2{{font-size:1.1rem;margin:0}}.meta{{color:#555}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.8rem 0 0}}</style>
<h1>What arrived</h1><p>Mail and SMS that Gatehouse sent, newest first.</p>{shown}"""


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account = token = ""

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def refused(self):
        expected = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {expected}":
            return False
        self.answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
        return True

    def messages_path(self):
        return f"/2010-04-01/Accounts/{self.account}/Messages.json"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/":
            return self.answer(200, page(), "text/html")
        if url.path == "/messages":
            with lock:
                return self.answer(200, {"mails": mails, "sms": texts})
        if url.path == self.messages_path():
            if self.refused():
                return None
            to = urllib.parse.parse_qs(url.query).get("To", [""])[0]
            with lock:
                found = [t["resource"] for t in reversed(texts) if t["to"] == to][:50]
            return self.answer(200, {"messages": found, "page_size": 50})
        return self.answer(404, {"message": "not found", "status": 404})

    def do_DELETE(self):
        with lock:
            mails.clear()
            texts.clear()
        self.answer(200, {})

    def do_POST(self):
        body = self.body()
        if self.path == "/faults":
            asked = json.loads(body)
            with lock:
                for channel in ("smtp", "sms"):
                    if channel in asked:
                        faults[channel] = (asked[channel], int(asked.get("count", 1)))
            return self.answer(200, {})
        if self.path != self.messages_path():
            return self.answer(404, {"message": "not found", "status": 404})
        if self.refused():
            return None
        kind = fault("sms")
        if kind == "drop":
            return self.connection.close()
        if kind == "500":
            return self.answer(500, {"message": "Internal error", "status": 500})
        if kind == "400":
            return self.answer(400, {"code": 21211, "message": "Invalid 'To' number", "status": 400})
        form = {k: v[0] for k, v in urllib.parse.parse_qs(body).items()}
        resource = {"sid": "SM" + uuid.uuid4().hex, "to": form.get("To"), "from": form.get("From"),
                    "body": form.get("Body"), "status": "queued",
                    "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())}
        with lock:
            texts.append({"id": resource["sid"], "to": form.get("To"), "from": form.get("From"),
                          "body": form.get("Body"), "time": time.time(), "resource": resource})
            del texts[:-LIMIT]
        if kind == "lose-answer":
            return self.connection.close()
        return self.answer(201, resource)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smtp-port", type=int, required=True)
    options.add_argument("--http-port", type=int, required=True)
    options.add_argument("--account", default="AC0")
    options.add_argument("--token", default="sink")
    chosen = options.parse_args()
    Provider.account, Provider.token = chosen.account, chosen.token
    Controller(Mailbox(), hostname="127.0.0.1", port=chosen.smtp_port).start()
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", chosen.http_port), Provider).serve_forever()


if __name__ == "__main__":
    main()
