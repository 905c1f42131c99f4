# SPDX-License-Identifier: GPL-2.0-only
"""The report as text for people."""

from .modules import OURS


def _line(key, value, indent=2):
    if isinstance(value, (list, tuple)):
        value = " ".join(value)
    return f"{' ' * indent}{key + ':':22} {'-' if value in (None, '') else value}"


def _pairs(pairs):
    return " ".join(f"{key}={value}" for key, value in pairs.items())


def _module(name, about):
    whose = f", the {about['origin']}'s" if about.get("origin") else ""
    yield f"  {name}: {about['state']}{whose}"
    if about["loaded"]:
        loaded = about["loaded"]
        yield _line("loaded", f"version {loaded['version'] or '-'} srcversion "
                    f"{loaded['srcversion'] or '-'} users {loaded['users']}", 4)
    if about["disk"]:
        disk = about["disk"]
        said = disk.get("problem") or (f"version {disk['version'] or '-'} srcversion "
                                       f"{disk['srcversion'] or '-'}"
                                       f"{' signed' if disk['signed'] else ''}")
        yield _line("on disk", f"{disk['file']}: {said}", 4)
    if about["compared"]:
        yield _line("loaded is on disk", about["compared"], 4)
    if about.get("parameters"):
        yield _line("parameters", _pairs(about["parameters"]), 4)


def _device(name, about):
    yield f"  {name}: {about['type']}"
    yield _line("driver", f"{about['driver'] or 'none'} (module {about['module'] or '-'})", 4)
    yield _line("transport", about["transport"], 4)
    yield _line("status", about["status"], 4)
    yield _line("negotiated", about["features"], 4)
    if "offered" in about:
        yield _line("offered", about["offered"], 4)
    if about["interrupts"]:
        yield _line("interrupts", _pairs(about["interrupts"]), 4)
    for disk, said in about.get("disks", {}).items():
        plain = {key: value for key, value in said.items() if isinstance(value, (str, int))}
        yield _line(f"disk {disk}", _pairs(plain), 4)
        yield _line("queue", _pairs(said["queue"]), 6)
        yield _line("counters", _pairs(said["stat"]), 6)
    for net, said in about.get("interfaces", {}).items():
        plain = {key: value for key, value in said.items() if isinstance(value, (str, int))}
        yield _line(f"interface {net}", _pairs(plain), 4)
        yield _line("counters", _pairs(said["statistics"]), 6)


def lines(report):
    """Yield the lines of the report."""
    yield f"kvm-guest-report, format {report['report']['format']}"
    yield ""
    yield "Findings"
    yield from [f"  * {said}" for said in report["findings"]] or ["  none"]
    yield ""
    yield "System"
    yield from (_line(key.replace("_", " "), value) for key, value in report["system"].items())
    for version, releases in report["dkms"].items():
        yield _line(f"dkms {version}", _pairs(releases) or "not built")
    yield ""
    yield "Modules"
    for name, about in report["modules"].items():
        if name in OURS or about["state"] != "absent":
            yield from _module(name, about)
    yield ""
    yield "Devices"
    for name, about in report["devices"].items():
        yield from _device(name, about)
    yield ""
    yield "Clock"
    clock = report["clock"]
    yield _line("current", clock["current"])
    yield _line("available", clock["available"])
    yield _line("CPU flags", clock["cpu_flags"])
    yield _line("kvmclock", _pairs(clock["kvmclock"]))
    yield _line("PTP clocks", _pairs(clock["ptp"]))
    yield ""
    yield "Memory and balloon"
    yield _line("counters", _pairs(report["balloon"]))
    if report["debugfs"]:
        yield ""
        yield "Debugfs"
        for path, text in report["debugfs"].items():
            yield f"  {path}:"
            yield from (f"    {line}" for line in text.splitlines())
