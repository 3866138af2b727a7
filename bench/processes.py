"""CPU and memory of processes, by name, from /proc."""
import os
import subprocess

TICK = os.sysconf('SC_CLK_TCK')


def _stat(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as file:
        return file.read().rpartition(')')[2].split()


def _children(pid):
    out = subprocess.run(['pgrep', '-P', str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in out.stdout.split()]


def cpu_seconds(pids):
    """User and system time of these processes and their children, dead ones that were waited for
    included: PostgreSQL works in children of its postmaster."""
    total = 0
    for pid in pids:
        fields = _stat(pid)
        total += sum(int(fields[i]) for i in (11, 12, 13, 14))
        for child in _children(pid):
            try:
                fields = _stat(child)
                total += int(fields[11]) + int(fields[12])
            except FileNotFoundError:
                pass
    return total / TICK


def resident_mib(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        for line in file:
            if line.startswith('VmRSS:'):
                return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """The CPU that each named process uses between two moments."""

    def __init__(self, processes):
        self.processes = processes
        self.start = {name: cpu_seconds([pid]) for name, pid in processes.items()}

    def micros(self, requests):
        """Microseconds of CPU a request, by process, since the watch began."""
        return {
            name: round((cpu_seconds([pid]) - self.start[name]) * 1e6 / max(requests, 1), 1)
            for name, pid in self.processes.items()
        }
