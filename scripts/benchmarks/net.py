# SPDX-License-Identifier: GPL-2.0-only
"""Packets out with pktgen, packets in with a flood, also for XDP to drop, TCP both ways."""

import subprocess

from rig.common import TOP

from . import plugin
from .common import BenchError, OUT_DIR, embed, guest_part, helper, need_modules, say, value

BURSTS = (32, 1)
QUEUES = (1, 2)
PORT = 9
# 60 B with the headers of Ethernet, IP and UDP.
PAYLOAD = 18
XDP_DROP = 1
# Counting instructions makes the guest's clock run ahead while it waits for the host, which
# TCP and the timers of the kernel do not bear; only pktgen, which never waits, runs so.
PKTGEN = ["--host", "tcg", "--icount", "--mem", "2G", "--net", "tap"]
RECEIVE = ["--host", "tcg", "--mem", "2G", "--net", "tap"]
# The CPUs take turns: what is counted is how long the way of a packet is, not what they wait for.
PAIRS = ["--host", "tcg", "--one-thread", "--smp", "2", "--mem", "2G", "--net", "tap,queues=2"]
BLOCK = 64 << 10


def _pktgen_script(drivers, counts, with_floor):
    lines = ["need_ours virtio_net"] if drivers == "ours" else []
    lines += [guest_part("pktgen"), "set_up"]
    devices = [("device", "\"$(net_dev 0)\"")] + ([("floor", "dummy0")] if with_floor else [])
    lines += [f"measure {name}{burst} {path} {burst} {counts[0]} {counts[1]}"
              for name, path in devices for burst in BURSTS]
    return "\n".join(lines) + "\n"


def _drop_program():
    """Return the path of an XDP program that drops what the flood sends."""
    source, target = TOP / "scripts" / "tests" / "net-xdp.bpf", OUT_DIR / "drop.o"
    done = subprocess.run(["clang", "-O2", "-target", "bpf", f"-DACTION={XDP_DROP}",
                           f"-DPORT={PORT}", "-DTARGET=0", "-x", "c", "-c", str(source),
                           "-o", str(target)], check=False, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise BenchError(f"clang does not compile {source.relative_to(TOP)}: {done.stderr[:200]}")
    return target


def _traffic_script(drivers, packets, mebibytes):
    lines = [embed(helper("sink"), "sink"), embed(_drop_program(), "drop.o"),
             guest_part("traffic")]
    lines += ["need_ours virtio_net"] if drivers == "ours" else []
    for name, option in (("tcp-transmit", ""), ("tcp-receive", "-R")):
        lines += [f"tcp {name}.warm 4 {option}", f"tcp {name}.short {mebibytes[0]} {option}",
                  f"tcp {name}.long {mebibytes[1]} {option}"]
    lines += [f"sink {PORT} 300 > /dev/null &", "sleep 1",
              f"flood '{helper('flood')} 10.77.0.2 {PORT} {PAYLOAD} 400'"]
    for name, before in (("udp", ":"), ("xdp", "drop_all /bin/drop.o")):
        lines += [before, f"window {name}.short wait_for {packets[0]}",
                  f"window {name}.long wait_for {packets[1]}"]
    lines += ["end_flood"]
    return "\n".join(lines) + "\n"


def _pktgen(options, drivers, results, functions):
    counts = (20000, 20000 + options.number(200000, 64000))
    floor = drivers == options.drivers[0]
    found, windows = plugin.run(options, drivers, _pktgen_script(drivers, counts, floor),
                                PKTGEN, 240)
    for name, row in (("device", drivers),) + ((("floor", "floor"),) if floor else ()):
        for burst in BURSTS:
            case = f"{name}{burst}"
            window, irqs = plugin.between(windows, case)
            sent = value(found, "sent", f"{case}.long")
            ops = sent - value(found, "sent", f"{case}.short")
            metrics = window.per(ops, irqs, "virtio_net")
            metrics["rate"] = value(found, "sent", f"{case}.long", 1) * 1000 / sent
            results.add(f"pktgen-burst{burst}", row, metrics)
            if name == "device":
                functions[f"pktgen-burst{burst} {drivers}"] = window.top(ops, "virtio_net")


def _pairs(options, drivers, results, functions):
    """Measure what a second queue, and a CPU that uses it, does to the cost of a packet."""
    counts = (10000, 10000 + options.number(100000, 32000))
    lines = ["need_ours virtio_net"] if drivers == "ours" else []
    lines += [guest_part("pktgen"), "set_up", 'dev=$(net_dev 0)', 'ethtool -L "$dev" combined 2']
    lines += [f'measure_queues pairs{queues} "$dev" {queues} {counts[0]} {counts[1]}'
              for queues in QUEUES]
    found, windows = plugin.run(options, drivers, "\n".join(lines) + "\n", PAIRS, 300)
    for queues in QUEUES:
        case = f"pairs{queues}"
        window, irqs = plugin.between(windows, case)
        ops = value(found, "sent", f"{case}.long") - value(found, "sent", f"{case}.short")
        results.add(f"pktgen-queues{queues}", drivers, window.per(ops, irqs, "virtio_net"))
        functions[f"pktgen-queues{queues} {drivers}"] = window.top(ops, "virtio_net")


def _traffic(options, drivers, results, functions):
    packets = (20000, options.number(200000, 50000))
    mebibytes = (16, 16 + options.number(256, 64))
    found, windows = plugin.run(options, drivers, _traffic_script(drivers, packets, mebibytes),
                                RECEIVE, 420)
    for case, name in (("udp", "udp-receive"), ("xdp", "xdp-drop")):
        window, irqs = plugin.between(windows, case)
        ops = value(found, "count", f"{case}.long") - value(found, "count", f"{case}.short")
        results.add(name, drivers, window.per(ops, irqs, "virtio_net"))
        functions[f"{name} {drivers}"] = window.top(ops, "virtio_net")
    for name in ("tcp-transmit", "tcp-receive"):
        window, irqs = plugin.between(windows, name)
        ops = ((mebibytes[1] - mebibytes[0]) << 20) / BLOCK
        results.add(name, drivers, window.per(ops, irqs, "virtio_net"))
        functions[f"{name} {drivers}"] = window.top(ops, "virtio_net")


def run(options, results, functions):
    """Measure all runs; ours and in-tree take turns."""
    if "ours" in options.drivers:
        need_modules(options.release, ["virtio_net"])
    for turn in range(options.runs):
        for drivers in options.drivers:
            say(f"net, {options.release}, run {turn + 1} of {options.runs}, {drivers}")
            _pktgen(options, drivers, results, functions)
            _pairs(options, drivers, results, functions)
            _traffic(options, drivers, results, functions)
