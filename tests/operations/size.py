#!/usr/bin/python3
"""usage: size.py [SIGN-INS]

Memory and CPU of each process of the Gatehouse that is up: at rest, and for sign-ins. By hand, for
docs/operations.md; it says there how. A sign-in is what a client's browser asks for: the link, the
code, the entry, the session, the case, its documents; the SMS belongs to it.
"""
import concurrent.futures
import os
import pathlib
import sys
import time

from office import Office, ask, enter, session

SERVICES = ["gateway", "identity", "cases", "invitation", "notification", "documents"]
TICKS = os.sysconf("SC_CLK_TCK")


def pid_of(name):
    return int((pathlib.Path(os.environ["GATEHOUSE_DEV_STATE"]) / "run" / f"{name}.pid")
               .read_text(encoding="ascii"))


def cpu_seconds(pid):
    """Of the process and, for PostgreSQL, of its children, which end and come anew."""
    def of(process):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii")
        return sum(map(int, fields.rsplit(")", 1)[1].split()[11:15]))
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return sum(map(of, [pid, *children.split()])) / TICKS


def memory_mib(pid):
    """What this process has in memory, with the libraries that it shares with others."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Rss")


def clients(count):
    """(link, mobile, an address of its own) of so many invited clients."""
    made = []
    while len(made) < count:
        office = Office.open("size")
        for contact in office.put_case():
            number = len(made)
            made.append((office.invite(contact["contactId"])["link"], contact["mobile"],
                         f"10.1.{number >> 8 & 255}.{number & 255}"))
    return made[:count]


def use(client):
    cookie = enter(*client)
    headers = {"Cookie": cookie}
    session(cookie)
    ask("GET", "/v1/portal/cases/deal-1", headers=headers)
    ask("GET", "/v1/portal/cases/deal-1/documents", headers=headers)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    pids = {name: pid_of(name) for name in [*SERVICES, "postgres", "redis"]}
    rest = {name: (memory_mib(pid), cpu_seconds(pid)) for name, pid in pids.items()}
    time.sleep(60)
    idle = {name: (cpu_seconds(pid) - rest[name][1]) / 60 for name, pid in pids.items()}
    invited = clients(count)
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(use, invited))
    took = time.monotonic() - begin
    print(f"{count} sign-ins in {took:.1f} s")
    print("process        MiB at rest   CPU at rest   MiB after   CPU s for 1,000 sign-ins")
    for name, pid in pids.items():
        used = cpu_seconds(pid) - before[name] - idle[name] * took
        print(f"{name:<13} {rest[name][0]:12.1f} {idle[name] * 100:11.2f} % {memory_mib(pid):11.1f}"
              f" {used * 1000 / count:14.2f}")


if __name__ == "__main__":
    main()
