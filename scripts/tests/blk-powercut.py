#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cuts the power of a disk at random moments, and looks for what was promised.

The log is that of QEMU's blklogwrites: all writes and flushes, each logged when the host has done
it and before the guest is told. A cut is a moment in it. What was written before the last flush is
there; of what came after that, some is, in any order. A block that disktool has written says which
of its writer's earlier writes the disk had promised to keep: none of these may be missing.

A write that was done while a flush was under way counts as flushed, which need not be so.

A disk without a cache is for one writer: QEMU 7.2 flushes after each write itself, but before it
counts the write (block/io.c, bdrv_aligned_pwritev), so that the flush does nothing if no other
write was counted meanwhile. With eight writers some three in a hundred cuts lose one then, with
whatever driver, and with one writer only the very first write is lost.
"""

import argparse
import itertools
import random
import struct
import sys

SUPER = struct.Struct("<QQQI")
SUPER_MAGIC = 0x6A736677736872
ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD = 1, 2, 4
BLOCK = 4096
WORDS = struct.Struct(f"<8s{BLOCK // 8 - 1}Q")
MAGIC = b"promises"
FIRST = 16              # no cut before that: see above for the very first write


class Bad(Exception):
    """The log is not what it has to be."""


class Write:
    """One block that was written: by whom, where, its number, and what was promised before."""

    def __init__(self, data, block, fua):
        words = WORDS.unpack(data)
        self.writer, self.block, self.kept, self.number = words[1:5]
        self.fua = fua
        if words[0] != MAGIC:
            raise Bad(f"block {block} was written by somebody else")
        if self.block != block:
            raise Bad(f"block {self.block} went to {block}")
        if set(words[4:]) != {self.number}:
            raise Bad(f"block {block}, number {self.number}: pieces of several writes")


def entries(log):
    """Yield what was logged: a Write, or None for a flush."""
    magic, version, known, sector = SUPER.unpack(log.read(SUPER.size))
    if magic != SUPER_MAGIC or version != 1:
        raise Bad("this is no log of blklogwrites")
    log.seek(sector)
    # The first sector is not always up to date: there may be more, and never less.
    for number in itertools.count():
        head = log.read(sector)
        where, count, flags, _ = ENTRY.unpack(head[:ENTRY.size]) if head else (0, 0, 0, 0)
        if not count and not flags:
            if number < known:
                raise Bad(f"the log ends after {number} entries of {known}")
            return
        if flags & DISCARD:
            raise Bad("something was discarded")
        if flags & FLUSH:
            yield None
        data = log.read(count * sector)
        if len(data) % BLOCK or where * sector % BLOCK:
            raise Bad(f"a write of {len(data)} bytes at {where * sector}")
        for at in range(0, len(data), BLOCK):
            yield Write(data[at:at + BLOCK], (where * sector + at) // BLOCK, flags & FUA)


class Disk:
    """What is promised, what is safe and what is not, as the log goes by."""

    def __init__(self):
        self.kept = {}          # writer: the number up to which all was promised
        self.history = {}       # block: the numbers that were written to it
        self.writer = {}        # block: who writes it
        self.safe = {}          # block: its number if all that is not safe is lost
        self.rest = []          # writes that are not safe

    def take(self, entry):
        """Go on by one entry."""
        if entry is None:
            for write in self.rest:
                self.safe[write.block] = write.number
            self.rest = []
            return
        self.kept[entry.writer] = max(self.kept.get(entry.writer, 0), entry.kept)
        self.history.setdefault(entry.block, []).append(entry.number)
        self.writer[entry.block] = entry.writer
        if entry.fua:
            self.safe[entry.block] = entry.number
            self.rest = [write for write in self.rest if write.block != entry.block]
        else:
            self.rest.append(entry)

    def cut(self, chance):
        """Return (how many writes were lost, what is missing) if the power goes now."""
        share = chance.random()
        stays = [write for write in self.rest if chance.random() < share]
        chance.shuffle(stays)
        have = {**self.safe, **{write.block: write.number for write in stays}}
        missing = []
        for block, numbers in self.history.items():
            kept = self.kept[self.writer[block]]
            promised = max((number for number in numbers if number <= kept), default=0)
            if have.get(block, 0) < promised:
                missing.append(f"block {block} has {have.get(block, 'nothing')}, {promised} was "
                               f"promised by {kept}")
        return len(self.rest) - len(stays), missing


def main(argv):
    """Judge a log; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("log")
    parser.add_argument("--cuts", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="S")
    options = parser.parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)
    with open(options.log, "rb") as log:
        found = list(entries(log))
    if len(found) < 10 * options.cuts:
        raise Bad(f"a log of {len(found)} entries is too short for {options.cuts} cuts")
    disk, lost, bad = Disk(), 0, 0
    moments = set(chance.sample(range(FIRST, len(found)), options.cuts))
    for number, entry in enumerate(found):
        disk.take(entry)
        if number not in moments:
            continue
        gone, missing = disk.cut(chance)
        lost += gone
        if missing:
            bad += 1
            print(f"cut at {number} of {len(found)}: {len(missing)} blocks: {missing[0]}")
    flushes = sum(entry is None for entry in found)
    print(f"{len(found) - flushes} writes, {sum(bool(e and e.fua) for e in found)} of them forced, "
          f"{flushes} flushes, {len(disk.kept)} writers were promised {sum(disk.kept.values())}; "
          f"{options.cuts} cuts lost {lost} writes, {bad} of them a promised one; seed {seed}")
    if not sum(disk.kept.values()):
        raise Bad("nothing was ever promised")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Bad, OSError) as err:
        print(f"blk-powercut.py: {err}")
        sys.exit(1)
