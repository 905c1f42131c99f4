# SPDX-License-Identifier: GPL-2.0-only
"""The virtio devices, and the counters of what they serve."""

import re
import stat

from . import features

BUS = "sys/bus/virtio/devices"
DEBUG = "sys/kernel/debug"

# The columns of /sys/block/*/stat (Documentation/block/stat.rst of the kernel).
BLOCK_STAT = ("read_ios", "read_merges", "read_sectors", "read_ms", "write_ios",
              "write_merges", "write_sectors", "write_ms", "in_flight", "io_ms", "queue_ms",
              "discard_ios", "discard_merges", "discard_sectors", "discard_ms", "flush_ios",
              "flush_ms")
BLOCK_FILES = ("size", "ro", "removable", "serial", "cache_type")
BLOCK_QUEUE = ("scheduler", "rotational", "logical_block_size", "physical_block_size",
               "max_sectors_kb", "nr_requests", "write_cache", "discard_max_bytes",
               "write_zeroes_max_bytes", "io_poll", "zoned")
NET_FILES = ("address", "mtu", "operstate", "carrier", "speed", "duplex", "carrier_changes")
DEBUG_FILES, DEBUG_SIZE = 100, 16384


def _block(tree, folder):
    found = {}
    for disk in tree.names(f"{folder}/block"):
        place = f"{folder}/block/{disk}"
        stat = (tree.text(f"{place}/stat") or "").split()
        found[disk] = {**tree.texts(place, BLOCK_FILES),
                       "hardware_queues": len(tree.names(f"{place}/mq")),
                       "queue": tree.texts(f"{place}/queue", BLOCK_QUEUE),
                       "stat": {key: int(value) for key, value in zip(BLOCK_STAT, stat)
                                if value.isdigit()}}
    return found


def _net(tree, folder):
    found = {}
    for name in tree.names(f"{folder}/net"):
        place = f"{folder}/net/{name}"
        queues = tree.names(f"{place}/queues")
        counters = tree.texts(f"{place}/statistics")
        found[name] = {**tree.texts(place, NET_FILES),
                       "rx_queues": sum(queue.startswith("rx-") for queue in queues),
                       "tx_queues": sum(queue.startswith("tx-") for queue in queues),
                       "statistics": {key: int(value) for key, value in counters.items()
                                      if value.isdigit() and value != "0"}}
    return found


def interrupts(tree, device):
    """Return {name: sum over the CPUs} of the interrupts of one device."""
    found = {}
    for line in (tree.text("proc/interrupts") or "").splitlines()[1:]:
        words = line.split()
        if words and re.fullmatch(rf"{re.escape(device)}(-.*)?", words[-1]):
            counts = [word for word in words[1:] if word.isdigit()]
            found[words[-1]] = sum(map(int, counts))
    return found


def _transport(tree, device):
    """Return the bus and the address of what the virtio device is a part of."""
    parts = (tree.link(f"{BUS}/{device}") or "").split("/")
    parent = parts[-2] if len(parts) > 1 else None
    if parent is None:
        return None
    for bus, entry in (("pci", f"sys/bus/pci/devices/{parent}"),
                       ("mmio", f"sys/bus/platform/devices/{parent}")):
        if tree.exists(entry):
            return f"{bus} {parent}"
    return parent


def one(tree, device):
    """Return what is known of one virtio device."""
    folder = f"{BUS}/{device}"
    kind = tree.number(f"{folder}/device")
    bits = tree.text(f"{folder}/features") or ""
    status = tree.number(f"{folder}/status")
    offered = tree.text(f"{DEBUG}/virtio/{device}/device_features")
    about = {
        "type": features.TYPES.get(kind, f"type {kind}"),
        "driver": tree.target(f"{folder}/driver"),
        "module": tree.target(f"{folder}/driver/module"),
        "transport": _transport(tree, device),
        "status": [] if status is None else features.status_names(status),
        "features": features.names(kind, bits),
        "feature_bits": bits,
        "interrupts": interrupts(tree, device),
    }
    if offered is not None:
        about["offered"] = offered.split()
    disks, nets = _block(tree, folder), _net(tree, folder)
    if disks:
        about["disks"] = disks
    if nets:
        about["interfaces"] = nets
    return about


def collect(tree):
    """Return {device: what is known of it}, in the order of their numbers."""
    def order(name):
        return int(re.sub(r"\D", "", name) or 0), name
    return {device: one(tree, device) for device in sorted(tree.names(BUS), key=order)}


def balloon(tree):
    """Return the kernel's counters of balloons, in pages, and its memory in KiB."""
    wanted = ("balloon_inflate", "balloon_deflate", "balloon_migrate")
    pages = dict(line.split() for line in (tree.text("proc/vmstat") or "").splitlines()
                 if line.startswith(wanted))
    memory = re.findall(r"^(MemTotal|MemFree|MemAvailable|Balloon): +(\d+) kB$",
                        tree.text("proc/meminfo") or "", re.M)
    return {**{key: int(value) for key, value in pages.items()},
            **{f"{key}_kib": int(value) for key, value in memory}}


def debug(tree, modules):
    """Return {path: text} of the small files that our modules have in debugfs."""
    found = {}

    def walk(folder, depth):
        for name in tree.names(folder):
            place = f"{folder}/{name}"
            mode = tree.mode(place)
            if tree.link(place) is not None or len(found) >= DEBUG_FILES:
                continue
            if stat.S_ISDIR(mode):
                if depth:
                    walk(place, depth - 1)
            # Some can only be written to, and are for tests.
            elif stat.S_ISREG(mode) and mode & 0o444:
                text = tree.text(place)
                if text is not None:
                    found[place[len(DEBUG) + 1:]] = text[:DEBUG_SIZE]
    for name in tree.names(DEBUG):
        if name.startswith(modules):
            walk(f"{DEBUG}/{name}", 3)
    return found
