"""An organisation, its case and its clients, over REST: what these tests put in and look for."""
import hashlib
import http.client
import json
import os
import re
import secrets
import time
import urllib.parse

URL = urllib.parse.urlsplit(os.environ["GATEHOUSE_URL"])
SINK = urllib.parse.urlsplit(os.environ["GATEHOUSE_SINK_URL"])


def ask_once(method, path, body, headers, where):
    connection = http.client.HTTPConnection(where.netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def ask(method, path, body=None, headers=None, where=URL):
    """(headers, bytes) of the answer; anything but a success is an exception. Who is told to come
    back does, as a client should: all that is asked here is harmless to repeat."""
    headers = dict(headers or {})
    if isinstance(body, dict):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    for attempt in range(5):
        answer, data = ask_once(method, path, body, headers, where)
        if answer.status < 300:
            return answer.headers, data
        if answer.status != 503 or attempt == 4:
            break
        time.sleep(int(answer.headers.get("Retry-After", 1)))
    raise RuntimeError(f"{method} {path}: {answer.status} {data[:300]!r}")


def ask_json(*arguments, **more):
    return json.loads(ask(*arguments, **more)[1])


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def document(size):
    """Bytes that libmagic takes for a PDF, and that nobody can compress."""
    return b"%PDF-1.4\n" + secrets.token_bytes(max(size - 9, 1))


def code_to(mobile, waits=200):
    """The code of the latest SMS to this mobile, once there is one."""
    for _ in range(waits):
        try:
            sms = ask_json("GET", "/messages?to=" + urllib.parse.quote(mobile), where=SINK)["sms"]
        except OSError:
            sms = []  # The sink has just been started.
        if sms:
            return re.search(r"#(\d{6})", sms[-1]["body"])[1]
        time.sleep(0.05)
    raise RuntimeError("no SMS came")


class Office:
    """What identifies an organisation can be kept as a dict, and taken up again."""

    def __init__(self, kept):
        self.kept = kept
        self.staff = {"Authorization": "Bearer " + kept["key"]}
        self.case = f"/v1/cases/{kept['case']}"

    @staticmethod
    def open(prefix="ops"):
        kept = {"id": f"{prefix}-{secrets.token_hex(5)}", "case": "deal-1"}
        operator = {"Authorization": "Bearer " + os.environ["GATEHOUSE_OPERATOR_KEY"]}
        kept["key"] = ask_json("POST", "/v1/organisations", {
            "organisationId": kept["id"], "displayName": "Operations", "region": "GB",
            "timeZone": "Europe/London", "portalUrl": "https://ops.example.com",
            "requestId": secrets.token_hex(8)}, operator)["apiKey"]
        office = Office(kept)
        ask("POST", "/v1/smsCredits:purchase", {"credits": 10000, "reference": "test"},
            office.staff)
        return office

    def put_case(self, contacts=3):
        """A case; the mobiles are made for this case alone, since codes to one are limited."""
        people = [{"contactId": f"c{i}", "givenName": "Client", "familyName": str(i),
                   "email": f"{secrets.token_hex(5)}@example.com",
                   "mobile": f"+4474{secrets.randbelow(10**8):08d}", "role": "APPLICANT"}
                  for i in range(contacts)]
        ask("PUT", self.case, {"displayName": "12 High Street", "contacts": people}, self.staff)
        return people

    def invite(self, contact_id):
        return ask_json("POST", self.case + "/invitations", {
            "contactId": contact_id, "delivery": "LINK_ONLY",
            "requestId": secrets.token_hex(8)}, self.staff)

    def invitations(self):
        found = ask_json("GET", self.case + "/invitations", headers=self.staff)["invitations"]
        return {one["invitationId"]: one["state"] for one in found}

    def upload(self, data):
        """The document's id."""
        headers = {"Content-Type": "application/pdf", **self.staff}
        name = secrets.token_hex(8)
        path = f"{self.case}/documents?filename={name}.pdf&requestId={name}"
        return ask_json("POST", path, data, headers)["documentId"]

    def download(self, document_id):
        return ask("GET", f"{self.case}/documents/{document_id}/content", headers=self.staff)[1]


def enter(link, mobile, address="192.0.2.1"):
    """Signs in as a client does, and returns the session's cookie."""
    hop = {"X-Forwarded-For": address}
    token = link.split("#")[1]
    ask("POST", "/v1/portal/links:open", {"token": token}, hop)
    challenge = ask_json("POST", "/v1/portal/signIn:start",
                         {"token": token, "method": "SMS_CODE"}, hop)["challengeId"]
    headers, _ = ask("POST", "/v1/portal/signIn:verify",
                     {"challengeId": challenge, "code": code_to(mobile)}, hop)
    return headers["Set-Cookie"].split(";")[0]


def session(cookie):
    return ask_json("GET", "/v1/portal/session", headers={"Cookie": cookie})
