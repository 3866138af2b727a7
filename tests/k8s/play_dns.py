"""The cluster's DNS: a Service's name leads to those of its pods that are ready, and to no others.

podman's own would name a pod from before it is ready until after it is gone.
"""
import random
import socket
import socketserver
import struct
import threading

DOMAIN = "gatehouse.svc.cluster.local"
PORT = 53
SECONDS = 5  # How long an answer holds; as CoreDNS has it.
A, INTERNET = 1, 1
NO_SUCH_NAME = 3


def question(query):
    """(name, kind, where the question ends) of a query.

    >>> question(b"-" * 12 + b"\\x05cases\\x09gatehouse\\x00\\x00\\x01\\x00\\x01")
    ('cases.gatehouse', 1, 33)
    """
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack_from(">H", query, at + 1)[0], at + 5


def answer(query, addresses):
    """What to say, where `addresses(service)` gives the addresses of a service that there is."""
    name, kind, end = question(query)
    service, _, domain = name.partition(".")
    found = addresses(service) if domain in ("", DOMAIN) else None
    records = [struct.pack(">HHHIH", 0xC00C, A, INTERNET, SECONDS, 4) + socket.inet_aton(address)
               for address in found or [] if kind == A]
    random.shuffle(records)
    flags = 0x8580 | (NO_SUCH_NAME if found is None else 0)  # An answer, with authority.
    return (query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + query[12:end] +
            b"".join(records))


def serve(addresses):
    class Asked(socketserver.BaseRequestHandler):
        def handle(self):
            query, answering = self.request
            answering.sendto(answer(query, addresses), self.client_address)

    server = socketserver.ThreadingUDPServer(("0.0.0.0", PORT), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
