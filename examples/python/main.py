"""A CRM in Python, over gRPC: it mirrors a case, invites its client, is told by webhook that she
came, and reads the feed. `run` makes the stubs of the gateway's own protos."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import queue
import re
import sys
import threading
import time
import urllib.parse
import urllib.request

import grpc
from gatehouse.cases.v1 import cases_pb2, cases_pb2_grpc
from gatehouse.identity.v1 import organisations_pb2, organisations_pb2_grpc
from gatehouse.invitation.v1 import invitations_pb2, invitations_pb2_grpc
from gatehouse.notification.v1 import (notifications_pb2, notifications_pb2_grpc, webhooks_pb2,
                                       webhooks_pb2_grpc)

PATIENCE = 5  # Seconds; enough for any call but uploads and downloads.


def verify(secret, headers, body):
    """Whether a post is ours, as Standard Webhooks 1.0 has it, and not an old one."""
    stamp = headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{stamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
    # While a secret is replaced there are two signatures.
    return any(hmac.compare_digest(expected, given)
               for given in headers["webhook-signature"].split(" "))


class Receiver(http.server.BaseHTTPRequestHandler):
    """Where events are brought to. The same one may come twice, since an answer may be lost."""
    secret = ""
    told = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        good = verify(Receiver.secret, self.headers, body)
        self.send_response(204 if good else 400)
        self.end_headers()
        if good:
            Receiver.told.put(json.loads(body))

    def log_message(self, *_):
        pass


def channel(key):
    """The front, as whoever has this key."""
    with open(os.environ["GATEHOUSE_CA_FILE"], "rb") as file:
        tls = grpc.ssl_channel_credentials(file.read())
    bearer = grpc.access_token_call_credentials(key)
    return grpc.secure_channel(os.environ["GATEHOUSE_GRPC_ADDRESS"],
                               grpc.composite_channel_credentials(tls, bearer))


def ask(path, content=None):
    """The gateway, as a browser asks it."""
    request = urllib.request.Request(os.environ["GATEHOUSE_URL"] + path,
                                     json.dumps(content).encode() if content else None,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def code_to(mobile):
    """The code of the SMS, which `./dev` shows."""
    query = urllib.parse.urlencode({"to": mobile})
    for _ in range(400):
        page = f"{os.environ['GATEHOUSE_SINK_URL']}/messages?{query}"
        with urllib.request.urlopen(page, timeout=PATIENCE) as found:
            texts = json.load(found)["sms"]
        if texts:
            return re.search(r"\d{6}", texts[0]["body"]).group()
        time.sleep(0.05)
    sys.exit("no SMS came")


def enter(link, mobile):
    """What the client's browser does."""
    start = ask("/v1/portal/signIn:start",
                {"token": link.split("#", 1)[1], "method": "SMS_CODE"})
    ask("/v1/portal/signIn:verify",
        {"challengeId": start["challengeId"], "code": code_to(mobile)})


def events(feed):
    """The feed, from its beginning: the token of the last page waits for what comes."""
    token = ""
    while True:
        page = feed.ListEvents(notifications_pb2.ListEventsRequest(page_token=token),
                               timeout=PATIENCE)
        if not page.events:
            return
        yield from page.events
        token = page.next_page_token


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    # Whoever runs this Gatehouse makes the organisation, once, and hands over its API key.
    operator = organisations_pb2_grpc.OrganisationsStub(
        channel(os.environ["GATEHOUSE_OPERATOR_KEY"]))
    made = operator.CreateOrganisation(organisations_pb2.CreateOrganisationRequest(
        organisation_id=f"example-py-{os.getpid()}-{time.time_ns()}", display_name="Acme Loans",
        region="GB", time_zone="Europe/London", portal_url="https://portal.example.com"),
        timeout=PATIENCE)
    crm = channel(made.api_key)
    notifications_pb2_grpc.CreditsStub(crm).PurchaseCredits(
        notifications_pb2.PurchaseCreditsRequest(credits=10, reference="invoice-1"),
        timeout=PATIENCE)
    endpoint = webhooks_pb2_grpc.WebhooksStub(crm).CreateWebhookEndpoint(
        webhooks_pb2.CreateWebhookEndpointRequest(
            display_name="CRM", url=f"http://127.0.0.1:{server.server_port}/gatehouse",
            event_types=["invitation.accepted"]), timeout=PATIENCE)
    Receiver.secret = endpoint.secret

    # A case as the CRM has it; putting it again changes it.
    mobile = f"+447401{time.time_ns() // 1000 % 10**6:06}"
    cases_pb2_grpc.CasesStub(crm).PutCase(cases_pb2.PutCaseRequest(
        case_id="deal-1", display_name="12 High Street",
        contacts=[cases_pb2.Contact(contact_id="ada", given_name="Ada", family_name="Byron",
                                       email="ada@example.com", mobile=mobile,
                                       role="PRIMARY_APPLICANT")]), timeout=PATIENCE)
    invitation = invitations_pb2_grpc.InvitationsStub(crm).CreateInvitation(
        invitations_pb2.CreateInvitationRequest(
            case_id="deal-1", contact_id="ada", delivery=invitations_pb2.LINK_ONLY,
            request_id="invite-ada"), timeout=PATIENCE)
    print("link", invitation.link.split("#")[0] + "#…")
    enter(invitation.link, mobile)

    event = Receiver.told.get(timeout=20)
    print("webhook", event["type"], event["caseId"])
    seen = []
    for one in events(notifications_pb2_grpc.EventsStub(crm)):
        seen.append(one.event_id)
        print("event", one.type)
    assert event["eventId"] in seen


main()
