# SPDX-License-Identifier: GPL-2.0-only
"""4 KiB random reads with fio, against null-co and, as the floor, null_blk."""

from . import plugin
from .common import guest_part, need_modules, say, value

DEPTHS = (32, 1)
MACHINE = ["--host", "tcg", "--icount", "--mem", "2G", "--disk", "null:1G,num-queues=1"]


def _script(drivers, sizes, with_floor):
    lines = [guest_part("blk")]
    devices = [("device", "/dev/vda")]
    if drivers == "ours":
        lines.append("need_ours virtio_blk")
    if with_floor:
        lines.append("modprobe null_blk || fail 'null_blk cannot be loaded'")
        devices.append(("floor", "/dev/nullb0"))
    for name, path in devices:
        for depth in DEPTHS:
            less, more = sizes[depth]
            lines.append(f"measure {name}{depth} {path} {depth} {less} {more}")
    return "\n".join(lines) + "\n"


def run(options, results, functions):
    """Measure all runs; ours and in-tree take turns."""
    if "ours" in options.drivers:
        need_modules(options.release, ["virtio_blk"])
    big, small = options.number(40000, 10000), options.number(20000, 5000)
    sizes = {32: (4000, 4000 + big), 1: (2000, 2000 + small)}
    for turn in range(options.runs):
        for drivers in options.drivers:
            say(f"blk, {options.release}, run {turn + 1} of {options.runs}, {drivers}")
            floor = drivers == options.drivers[0]
            found, windows = plugin.run(options, drivers, _script(drivers, sizes, floor),
                                        MACHINE, 240)
            for name, row in (("device", drivers),) + ((("floor", "floor"),) if floor else ()):
                for depth in DEPTHS:
                    window, irqs = plugin.between(windows, f"{name}{depth}")
                    ops = sizes[depth][1] - sizes[depth][0]
                    metrics = window.per(ops, irqs, "virtio_blk")
                    metrics["rate"] = 1e9 / value(found, "iops", f"{name}{depth}.long")
                    results.add(f"randread-qd{depth}", row, metrics)
                    if name == "device":
                        functions[f"randread-qd{depth} {drivers}"] = window.top(ops, "virtio_blk")
