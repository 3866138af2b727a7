#!/usr/bin/python3
"""usage: journey.py [JOURNEYS]

What one journey costs the Gatehouse that is up, for docs/scaling.md: transactions, WAL and bytes of
table in PostgreSQL, CPU of each process; then how many journeys a second go through when all are of
one organisation, and when each is of its own. By hand, with `./dev env`, GATEHOUSE_POSTGRES_URL and
GATEHOUSE_DEV_STATE set.

A journey: staff invite a contact, who opens the link, asks for a code, enters, looks at the
session, the case and its documents, and hands over one document of 10 kB.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import time
import urllib.parse

from office import Office, ask, document, enter, session
from size import SERVICES, cpu_seconds, pid_of

AT_ONCE = 16
CASES = 5  # Of an organisation, each with three clients.


def sql(text):
    answer = subprocess.run(["psql", "-XAtqc", text, os.environ["GATEHOUSE_POSTGRES_URL"]],
                            check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def counters():
    """(transactions, WAL in bytes, size of the database in bytes, commands to Redis) so far."""
    row = sql("""
        SELECT pg_stat_get_db_xact_commit(oid) + pg_stat_get_db_xact_rollback(oid),
               pg_current_wal_insert_lsn() - '0/0', pg_database_size(oid)
        FROM pg_database WHERE datname = current_database()""")
    redis = urllib.parse.urlsplit(os.environ["GATEHOUSE_REDIS_URL"])
    said = subprocess.run(["redis-cli", "-h", redis.hostname, "-p", str(redis.port), "info",
                           "stats"], env={**os.environ, "REDISCLI_AUTH": redis.password},
                          check=True, capture_output=True, text=True).stdout
    commands = re.search(r"total_commands_processed:(\d+)", said)[1]
    return tuple(int(float(value)) for value in (*row.split("|"), commands))


def clients_of(organisations, cases):
    """[(office, contact, address)]: of so many organisations with so many cases each; neighbours
    are of different ones."""
    made = []
    for _ in range(organisations):
        opened = Office.open("journey")
        for number in range(cases):
            office = Office({**opened.kept, "case": f"deal-{number}"})
            made += [(office, contact) for contact in office.put_case()]
    made.sort(key=lambda client: (client[1]["contactId"], client[0].kept["case"]))
    return [(office, contact, f"10.0.{n >> 8 & 255}.{n & 255}")
            for n, (office, contact) in enumerate(made)]


def travel(client):
    office, contact, address = client
    link = office.invite(contact["contactId"])["link"]
    headers = {"Cookie": enter(link, contact["mobile"], address)}
    session(headers["Cookie"])
    case = f"/v1/portal/cases/{office.kept['case']}"
    ask("GET", case, headers=headers)
    ask("GET", case + "/documents", headers=headers)
    ask("POST", case + "/documents?filename=a.pdf", document(10_000),
        {"Content-Type": "application/pdf", "Origin": "https://ops.example.com", **headers})


def run(clients):
    """Journeys a second."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(travel, clients))
    return len(clients) / (time.monotonic() - begin)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    pids = {name: pid_of(name) for name in [*SERVICES, "postgres", "redis"]}
    run(clients_of(2, CASES))  # Everything has been done once.
    organisations = max(count // (3 * CASES), 1)
    clients = clients_of(organisations, CASES)

    time.sleep(5)  # For what is told later, and PostgreSQL's statistics.
    still = counters()
    time.sleep(20)
    before, used = counters(), {name: cpu_seconds(pid) for name, pid in pids.items()}
    rate = run(clients)
    time.sleep(5)
    idle = [(now - then) / 20 for then, now in zip(still, before)]
    after = counters()
    took = len(clients) / rate + 5
    names = ("transactions", "bytes of WAL", "bytes of database", "commands to Redis")
    for name, was, now, rest in zip(names, before, after, idle):
        print(f"{(now - was - rest * took) / len(clients):10.1f} {name} a journey")
    total = 0
    for name, pid in pids.items():
        milliseconds = (cpu_seconds(pid) - used[name]) * 1000 / len(clients)
        total += milliseconds
        print(f"{milliseconds:10.1f} ms of CPU: {name}")
    print(f"{total:10.1f} ms of CPU in all, and at rest {idle[0]:.1f} transactions a second")
    print(f"{rate:10.1f} journeys a second of {organisations} organisations, {AT_ONCE} at once")
    print(f"{run(clients_of(1, organisations * CASES)):10.1f} journeys a second of one")


if __name__ == "__main__":
    main()
