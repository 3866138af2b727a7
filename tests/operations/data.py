#!/usr/bin/python3
"""usage: data.py put FILE | load | see FILE LOADED COUNT | fill MEBIBYTES

What the backup test puts in and looks for. put: an organisation with invitations, a session and
documents, noted in FILE. load: uploads documents until it is stopped, and prints a line for each
that was acknowledged: organisation's note, id, SHA-256. see: all of FILE is there, and the first
COUNT lines of LOADED; the later ones are there whole, or not at all. fill: so many documents of one
MiB, to measure.
"""
import concurrent.futures
import json
import pathlib
import sys

from office import Office, document, enter, session, sha256


def put(path):
    office = Office.open()
    ada, bob, carol = office.put_case()
    link = office.invite(ada["contactId"])["link"]
    office.invite(bob["contactId"])
    kept = {"office": office.kept, "cookie": enter(link, ada["mobile"]), "carol": carol,
            "documents": {}}
    for size in (1, 1000, 300_000, 2_000_000):
        data = document(size)
        kept["documents"][office.upload(data)] = sha256(data)
    kept["invitations"] = office.invitations()
    pathlib.Path(path).write_text(json.dumps(kept), encoding="ascii")


def load():
    office = Office.open()
    office.put_case()
    while True:
        data = document(50_000)
        print(json.dumps([office.kept, office.upload(data), sha256(data)]), flush=True)


def see(path, loaded, count):
    kept = json.loads(pathlib.Path(path).read_text(encoding="ascii"))
    office = Office(kept["office"])
    for document_id, digest in kept["documents"].items():
        assert sha256(office.download(document_id)) == digest, document_id
    assert office.invitations() == kept["invitations"]
    assert session(kept["cookie"])["sessionId"], "the session has gone"
    # And life goes on: a new invitation, a code, an entry, a document.
    carol = kept["carol"]
    cookie = enter(office.invite(carol["contactId"])["link"], carol["mobile"])
    assert session(cookie)["sessionId"]
    data = document(1000)
    assert office.download(office.upload(data)) == data
    lines = pathlib.Path(loaded).read_text(encoding="ascii").splitlines()
    here = 0
    for number, line in enumerate(lines):
        kept_office, document_id, digest = json.loads(line)
        try:
            data = Office(kept_office).download(document_id)
        except RuntimeError as error:
            assert number >= int(count) and " 404 " in str(error), error
        else:
            assert sha256(data) == digest, document_id
            here += 1
    print(f"{here} of {len(lines)} documents of the load are there, {count} had to be")


def fill(mebibytes):
    office = Office.open()
    office.put_case()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: office.upload(document(1 << 20)), range(int(mebibytes))))


if __name__ == "__main__":
    {"put": put, "load": load, "see": see, "fill": fill}[sys.argv[1]](*sys.argv[2:])
