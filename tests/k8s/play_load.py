"""Requests that go on while something happens to the pods, and what became of them."""
import collections
import http.client
import itertools
import json
import threading
import time

THREADS = 4
PAUSE_SECONDS = 0.02
TIMEOUT_SECONDS = 30


def call(address, method, path, key, body=None):
    """(status, Retry-After, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection(*address, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body=None if body is None else json.dumps(body), headers={
            "Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read()
    finally:
        connection.close()


def must(address, method, path, key, body=None):
    status, _, answer = call(address, method, path, key, body)
    if status != 200:
        raise SystemExit(f"{method} {path}: {status} {answer.decode()}")
    return json.loads(answer)


class Load:
    """Reads and writes of every service, through whichever gateways there are at the time."""

    def __init__(self, gateways, operator_key):
        self.gateways = gateways  # Gives the addresses that take new connections.
        office = f"play-{time.time_ns()}"
        organisation = must(gateways()[0], "POST", "/v1/organisations", operator_key, {
            "organisationId": office, "displayName": "Play", "region": "GB",
            "timeZone": "Europe/London",
            # Read with ICU's data, most of which the image leaves out.
            "portalUrl": "https://pörtal.example.com"})
        self.key = organisation["apiKey"]
        self.case = {"displayName": "12 High Street",
                     "contacts": [{"contactId": "ada", "givenName": "Ada"}]}
        must(gateways()[0], "PUT", "/v1/cases/deal-1", self.key, self.case)
        self.numbers = itertools.count()
        self.answers = collections.Counter()
        self.ending = threading.Event()

    def requests(self):
        """One of each kind, all of which must succeed."""
        yield "GET", "/v1/organisation", None                       # identity
        yield "PUT", "/v1/cases/deal-1", self.case                  # cases, a write
        yield "GET", "/v1/cases/deal-1", None                       # cases
        yield "GET", "/v1/cases/deal-1/invitations", None           # invitation
        yield "GET", "/v1/cases/deal-1/documents", None             # documents
        yield "POST", "/v1/smsCredits:purchase", {                  # notification, a write
            "credits": 1, "reference": f"invoice-{next(self.numbers)}"}
        yield "GET", "/v1/smsCredits", None                         # notification

    def run(self):
        while not self.ending.is_set():
            for method, path, body in self.requests():
                gateways = self.gateways()
                address = gateways[next(self.numbers) % len(gateways)]
                self.answers[self.outcome(address, method, path, body)] += 1
                time.sleep(PAUSE_SECONDS)

    def outcome(self, address, method, path, body):
        """What a client sees: "200", "503 with Retry-After", or whatever it should never see."""
        try:
            status, retry_after, _ = call(address, method, path, self.key, body)
        except OSError as error:
            return f"{method} {path}: {error}"
        except http.client.HTTPException as error:
            return f"{method} {path}: {type(error).__name__}"
        if status == 200:
            return "200"
        if status == 503 and retry_after:
            return "503 with Retry-After"
        return f"{method} {path}: {status}"

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(THREADS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.ending.clear()

    def since(self):
        """What became of the requests since this was asked the last time."""
        answers, self.answers = self.answers, collections.Counter()
        return answers
