# SPDX-License-Identifier: GPL-2.0-only
"""What in a report needs the attention of a person."""

from .modules import OURS


def _of_module(name, about):
    disk, loaded = about["disk"], about["loaded"]
    if about["state"] == "built in" and disk and "/updates/" in disk["file"]:
        yield (f"{name} is built into this kernel: the module in {disk['file']} cannot replace it")
    if about["compared"] == "differs":
        yield (f"{name}: the loaded module (srcversion {loaded['srcversion']}) is not the one on "
               f"disk (srcversion {disk['srcversion']}, {disk['file']}): reboot to use that, and "
               "if it then is the same again, make the initramfs again")
    if loaded and disk and "problem" in disk:
        yield f"{name}: {disk['file']} {disk['problem']}, so it is not known whether it is loaded"


def _of_device(name, about, modules):
    if "FAILED" in about["status"]:
        yield f"{name} ({about['type']}): its driver gave up on it, see the kernel log"
    if "NEEDS_RESET" in about["status"]:
        yield f"{name} ({about['type']}): the device says that it is broken and needs a reset"
    if about["driver"] is None:
        yield f"{name} ({about['type']}) has no driver"
    module = modules.get(about["module"])
    if module and about["module"] in OURS and module.get("origin") == "kernel":
        yield (f"{name} ({about['type']}) is served by the kernel's own {about['module']}, not by "
               "the package's")


def collect(report):
    """Return the findings as sentences."""
    found = []
    for name, about in report["modules"].items():
        found += _of_module(name, about)
    for name, about in report["devices"].items():
        found += _of_device(name, about, report["modules"])
    if (report["clock"]["kvmclock"].get("bad_reads") or "0") != "0":
        found.append(f"kvmclock: {report['clock']['kvmclock']['bad_reads']} reads of a clock that "
                     "the host left half-written or wrong")
    if report["unreadable"]:
        found.append(f"{len(report['unreadable'])} files could not be read for lack of rights: "
                     "root sees more")
    return found
