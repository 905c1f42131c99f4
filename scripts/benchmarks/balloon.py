# SPDX-License-Identifier: GPL-2.0-only
"""Inflates and deflates a balloon: by the clock with 2 CPUs, in instructions with one."""

import collections
import os
import re
import tempfile

from rig.machine import NO_CX16

from . import plugin
from .common import (
    APPEND, BenchError, OUT_DIR, embed, guest_part, helper, need_modules, parse, run_guest, say,
    value)

MIB = 1 << 20
TIMED = ["--host", "tcg", "--smp", "2", "--mem", "4G", "--balloon"]
COUNTED = ["--host", "tcg", "--mem", "1G", "--balloon"]
PAGES = (512 * MIB) // 4096     # of the counted part
EVENTS = ("virtio_queue_notify", "virtio_balloon_to_target", "virtio_balloon_set_config")
QUEUES = {"0": "inflate", "1": "deflate"}
NOTIFY = re.compile(EVENTS[0] + r"\b.* vdev (\S+) n (\d+) ")
TARGET = re.compile(r"@([0-9.]+):" + EVENTS[1] + r"\b.* num_pages: (\d+)")
ACTUAL = re.compile(r"@([0-9.]+):" + EVENTS[2] + r"\b.* actual: (\d+) ")


def _own(drivers):
    return "need_ours virtio_balloon\n" if drivers == "ours" else ""


def _trace(path):
    """Return (notifications of the balloon by queue, seconds of each resize) by QEMU's trace."""
    counts = collections.Counter()
    devices, seconds, asked = set(), [], None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if match := NOTIFY.search(line):
                devices.add(match[1])
                counts[QUEUES.get(match[2], "other")] += 1
            elif match := TARGET.search(line):
                asked = (float(match[1]), match[2])
            elif (match := ACTUAL.search(line)) and asked and match[2] == asked[1]:
                seconds.append(float(match[1]) - asked[0])
                asked = None
    if len(devices) != 1:
        raise BenchError(f"QEMU's trace shows {len(devices)} notified devices, not one")
    if len(seconds) != 2 or not all(seconds):
        raise BenchError(f"QEMU's trace shows {len(seconds)} targets that were reached, not two")
    return counts, seconds


# The CPU of QEMU promises fast string instructions, which it executes byte by byte: then
# clearing pages costs four times as much as on any real CPU.
PLAIN = ["-cpu", f"max,-erms,-fsrm,{NO_CX16}"]


def _timed(options, drivers, results, case="resize-4G-1G", qemu=(), before="", alone=False):
    """Have the balloon go there and back; alone, nothing else goes on in the guest."""
    full, small = 4096 * MIB, 1024 * MIB
    if options.quick:
        small = 3072 * MIB
    if before:
        small = 2816 * MIB
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("balloon")
              + embed(helper("guestload"), "guestload") + _own(drivers)
              + f"touch_memory\n{before}\n"
              + (f"resize_alone {small}\nresize_alone {full}\n" if alone
                 else f"resize inflate {small}\nresize deflate {full}\n"))
    with tempfile.TemporaryDirectory(dir=OUT_DIR) as folder:
        events, trace = os.path.join(folder, "events"), os.path.join(folder, "trace")
        with open(events, "w", encoding="ascii") as file:
            file.write("\n".join(EVENTS) + "\n")
        output = run_guest(options.release, drivers, script, [*TIMED, "--append", APPEND], 400,
                           [*qemu, "-msg", "timestamp=on",
                            "-trace", f"events={events},file={trace}"])
        kicks, seconds = _trace(trace)
    found = parse(output)
    metrics = {}
    for way, time in zip(("inflate", "deflate"), seconds):
        metrics[f"{way}_rate"] = (full - small) / MIB / time
        metrics[f"{way}_kicks"] = kicks[way]
        if not alone:
            metrics[f"{way}_late"] = value(found, "late", way)
    results.add(case, drivers, metrics)


def _free_huge_pages():
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(r"^HugePages_Free: *(\d+)", file.read(), re.M)[1])


def _set_huge_pages(number):
    # To be written from its beginning, or nothing happens.
    with open("/proc/sys/vm/nr_hugepages", "w", encoding="ascii") as file:
        file.write(str(number))


def _huge(options, drivers, results):
    """How much does a host with huge pages get back? Needs 512 of them, else says so."""
    pages = 512
    with open("/proc/sys/vm/nr_hugepages", encoding="ascii") as file:
        before = int(file.read())
    try:
        _set_huge_pages(before + pages)
    except OSError as err:
        say(f"balloon: no huge pages on this host, {err}")
        return
    try:
        if _free_huge_pages() < pages:
            say("balloon: not enough huge pages on this host")
        else:
            _huge_guest(options, drivers, results)
    finally:
        _set_huge_pages(before)


def _huge_guest(options, drivers, results):
    full, small = 1024 * MIB, 384 * MIB
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("balloon") + _own(drivers)
              + f"touch_memory\nput huge full $(host_huge)\nask {small}\n"
              f"retry_until 100 is_at {small} || fail 'not inflated'\n"
              "put huge small $(host_huge)\n")
    found = parse(run_guest(options.release, drivers, script,
                            ["--host", "tcg", "--smp", "2", "--mem", "1G", "--balloon",
                             "--append", f"{APPEND} no_timer_check"], 300,
                            ["-object", "memory-backend-memfd,id=huge,size=1G,hugetlb=on",
                             "-machine", "memory-backend=huge", *PLAIN], first=False))
    back = 2 * (value(found, "huge", "small") - value(found, "huge", "full"))
    results.add("huge", drivers, {"back": 100 * back / ((full - small) / MIB)})


def _resched(options, drivers, results):
    """How long does the driver keep the CPU? By the guest's clock one ns is one instruction."""
    full, small = 1024 * MIB, 384 * MIB
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("balloon")
              + embed(helper("guestload"), "guestload") + _own(drivers)
              + f"touch_memory\nresize inflate {small}\nresize deflate {full}\n")
    found = parse(run_guest(options.release, drivers, script,
                            [*COUNTED, "--icount", "--append", APPEND], 400))
    results.add("resched", drivers, {f"{way}_stretch": value(found, "late", way) / 1000
                                     for way in ("inflate", "deflate")})


def _oom(options, drivers, results):
    """How long does a program take that needs more than is free, if the balloon has it?"""
    full, small, more = 4096 * MIB, 2048 * MIB, 1536
    script = ("#!/bin/sh\n" + guest_part("lib") + guest_part("balloon")
              + embed(helper("guestload"), "guestload") + _own(drivers)
              + "touch_memory\n"
              f"need=$(($(mem_kib MemFree) / 1024 - {(full - small) // MIB} + {more}))\n"
              f"touch_five warm $need is_at {full}\n"
              f"touch_five cold $need cold {small} {full}\n"
              f"touch_five balloon $need resize_alone {small}\n")
    found = parse(run_guest(options.release, drivers, script,
                            ["--host", "tcg", "--smp", "2", "--mem", "4G",
                             "--balloon", "deflate-on-oom=on", "--append", APPEND], 900, PLAIN))
    times = {f"oom_{name}": value(found, "touch", name) for name in ("warm", "cold", "balloon")}
    # None, if all were killed.
    results.add("oom", drivers, {"oom_killed": value(found, "touch", "balloon", 1)}
                | {name: time for name, time in times.items() if time})


def _counted(options, drivers, results, functions):
    full = 1024 * MIB
    less, more = full - 64 * MIB, full - 64 * MIB - PAGES * 4096
    # The first step has everything in place; what it costs is not measured.
    script = (guest_part("balloon") + _own(drivers) + f"touch_memory\nresize warm {less}\n"
              f"window inflate resize_quietly {more}\nwindow deflate resize_quietly {less}\n")
    _, windows = plugin.run(options, drivers, script, COUNTED, 300)
    for way in ("inflate", "deflate"):
        window, irqs = windows[way]
        results.add(way, drivers, window.per(PAGES, irqs, "virtio_balloon"))
        functions[f"{way} {drivers}"] = window.top(PAGES, "virtio_balloon")


def run(options, results, functions):
    """Measure all runs; ours and in-tree take turns."""
    if "ours" in options.drivers:
        need_modules(options.release, ["virtio_balloon"])
    for turn in range(options.runs):
        for drivers in options.drivers:
            say(f"balloon, {options.release}, run {turn + 1} of {options.runs}, {drivers}")
            _timed(options, drivers, results)
            _timed(options, drivers, results, "resize-plain", PLAIN)
            _timed(options, drivers, results, "resize-alone", PLAIN, alone=True)
            _timed(options, drivers, results, "resize-fragmented", PLAIN, "fragment 2400")
            _huge(options, drivers, results)
            _resched(options, drivers, results)
            if not options.quick:
                _oom(options, drivers, results)
            _counted(options, drivers, results, functions)
