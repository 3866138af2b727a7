#!/usr/bin/python3
"""usage: cells.py

Two simulations for docs/scaling.md, with fixed seeds: how evenly a million organisations of unequal
size lie in cells, and whether an organisation that moves from one cell to another loses an event or
a write, whatever is interrupted at whichever step. Prints the figures that the document names, and
fails where the move is not safe.
"""
import bisect
import itertools
import random
import sys

# ---- placement --------------------------------------------------------------------------------


def sizes(count, seed):
    """Journeys a day: most organisations are small, a few are large (Pareto, the twentieth with
    four fifths of it); none is larger than what one cell bears."""
    chance = random.Random(seed)
    return [min(chance.paretovariate(1.16), 20_000) for _ in range(count)]


def by_hash(weights, cells, seed):
    chance = random.Random(seed)
    loads = [0.0] * cells
    for weight in weights:
        loads[chance.randrange(cells)] += weight
    return loads


def by_two_choices(weights, cells, seed):
    """A new organisation goes to the emptier one of two cells; the size it will have is unknown, so
    what counts is what the cells carry by then."""
    chance = random.Random(seed)
    loads = [0.0] * cells
    for weight in weights:
        one, other = chance.randrange(cells), chance.randrange(cells)
        loads[one if loads[one] <= loads[other] else other] += weight
    return loads


def moves_to_split(weights, share):
    """How many organisations, largest first, carry this share of a cell's load."""
    carried = list(itertools.accumulate(sorted(weights, reverse=True)))
    return bisect.bisect_left(carried, share * carried[-1]) + 1


def imbalance(loads):
    return max(loads) / (sum(loads) / len(loads))


# ---- the move ---------------------------------------------------------------------------------


class Cell:
    """What one cell knows of the organisation."""

    def __init__(self, serves):
        self.serves = serves  # It takes writes, and answers them.
        self.epoch = 0        # Of the directory's entry that made it serve.
        self.events = []      # The feed: its numbers are places in it.
        self.seen = set()     # Request ids (once.h).


class Move:
    """The steps of a move, each of which may be repeated: who was interrupted begins anew."""

    def __init__(self, source, target, directory, order):
        self.source, self.target, self.directory = source, target, directory
        self.steps = [getattr(self, name) for name in order.split()]

    def copy(self):
        """What logical replication does with a row filter: all that the source has by now."""
        if self.target.serves:
            return
        self.target.events = list(self.source.events)
        self.target.seen = set(self.source.seen)

    def freeze(self):
        """From here on the source answers 503 with Retry-After."""
        self.source.serves = False

    def switch(self):
        """The one step that counts: a single row of the directory, with a new epoch."""
        if self.directory["cell"] is self.source:
            self.directory.update(cell=self.target, epoch=self.directory["epoch"] + 1)

    def serve(self):
        self.target.epoch = self.directory["epoch"]
        self.target.serves = True


class Client:
    """Writes under a request id until it is acknowledged; finds the cell by a directory that may
    be a while old."""

    def __init__(self, directory):
        self.known = dict(directory)
        self.acknowledged = []
        self.number = 0

    def write(self, directory, lost_answer):
        cell, request = self.known["cell"], self.number
        if not cell.serves:  # 503, or "not here": the directory is asked again.
            self.known = dict(directory)
            return
        if request not in cell.seen:
            cell.seen.add(request)
            cell.events.append(request)
        if not lost_answer:  # Else the same is asked again.
            self.acknowledged.append(request)
            self.number += 1


class Reader:
    """A CRM that reads the feed by the number of the last event it has."""

    def __init__(self):
        self.read = []

    def poll(self, directory):
        cell = directory["cell"]
        if cell.serves:
            self.read += cell.events[len(self.read):]


SAFE = "copy copy freeze copy switch serve"
# What must be found out.
UNSAFE = {"no second copy": "copy freeze switch serve",
          "switched before it is frozen": "copy copy switch serve freeze"}


def drill_move(seed, order=SAFE):
    """Whether nothing was lost or doubled; and for how many turns nobody was served."""
    chance = random.Random(seed)
    source, target = Cell(True), Cell(False)
    directory = {"cell": source, "epoch": 0}
    client, reader = Client(directory), Reader()
    move, at, frozen = Move(source, target, directory, order), 0, 0
    while at < len(move.steps) or client.number < 60:
        turn = chance.random()
        if turn < 0.6:
            client.write(directory, chance.random() < 0.2)
        elif turn < 0.8:
            reader.poll(directory)
        elif at < len(move.steps):
            move.steps[at]()
            # Interrupted: whoever moves begins anew, where nothing has been switched yet.
            interrupted = chance.random() < 0.3
            at = 0 if interrupted else at + 1
            if interrupted and directory["cell"] is source:
                source.serves = True
        frozen += not (source.serves or target.serves)
        if source.serves and target.serves:
            return False, frozen
    reader.poll(directory)
    # One more may be there whose answer was lost: it is asked for again.
    safe = (client.acknowledged == list(range(client.number)) and
            reader.read in (client.acknowledged, [*client.acknowledged, client.number]))
    return safe, frozen


def failures(order, count):
    return sum(not drill_move(seed, order)[0] for seed in range(count))


def main():
    weights = sizes(1_000_000, 1)
    print(f"{sum(weights):,.0f} journeys a day of {len(weights):,} organisations; "
          f"the largest has {max(weights):,.0f}")
    for cells in (16, 64, 256):
        hashed, chosen = by_hash(weights, cells, 2), by_two_choices(weights, cells, 3)
        print(f"{cells:4} cells: the fullest has {imbalance(hashed):.2f} times the mean by hash, "
              f"{imbalance(chosen):.2f} by the emptier of two")
    cell = weights[:1_000_000 // 64]
    print(f"half of a cell's load is {moves_to_split(cell, 0.5)} of its {len(cell):,} "
          "organisations")
    unsafe = failures(SAFE, 20_000)
    print(f"20,000 moves with interruptions: {unsafe} lost or doubled something")
    found = {name: failures(order, 1000) for name, order in UNSAFE.items()}
    for name, failed in found.items():
        print(f"1,000 moves, {name}: {failed} lost or doubled something, or two cells served")
    sys.exit(1 if unsafe or not all(found.values()) else 0)


if __name__ == "__main__":
    main()
