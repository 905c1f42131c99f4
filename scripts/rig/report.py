# SPDX-License-Identifier: GPL-2.0-only
"""Recognises what a kernel prints when something is wrong with it."""

import re

# A message of the kernel, after its time stamp and, with printk.caller, its caller.
_HEAD = r"(?:^|\] )"

PATTERNS = re.compile(
    _HEAD + r"(?:"
    r"WARNING: |BUG: |INFO: task .* blocked for more than|INFO: possible recursive"
    r"|INFO: suspicious|INFO: trying to register non-static key|INFO: Object |INFO: Slab "
    r"|watchdog: BUG: |kernel BUG at |Oops: |Oops\b.*\[#|Kernel panic|general protection fault"
    r"|unregister_netdevice: waiting for|DMA-API: .*(?:error|overlapping|device driver)"
    r"|stack segment:|double fault|PANIC: "
    r")"
    r"|(?:KASAN|UBSAN|KCSAN|KMSAN|KFENCE|ODEBUG): "
    r"|rcu: .*(?:detected stalls|self-detected stall|detected expedited stalls)|RCU stall"
    r"|soft lockup|hard LOCKUP|workqueue lockup"
    r"|refcount_t: |list_(?:add|del) corruption|use-after-free(?! debug is enabled)"
    r"|-+\[ cut here \]-+|unchecked MSR access|[Uu]nable to handle kernel"
    r"|irq \d+: nobody cared|new suspected memory leaks|Bad page state|scheduling while atomic"
    r"|sleeping function called from invalid|stack-protector: |invalid opcode: "
    r"|blocked for more than \d+ seconds|suspicious RCU usage|possible circular locking"
)

# What a kernel says that was told to crash.
SYSRQ_CRASH = re.compile(_HEAD + r"Kernel panic - not syncing: sysrq triggered crash$", re.M)

TAINTS = {1: "F forced module load", 3: "R forced module unload", 4: "M machine check",
          5: "B bad page", 7: "D oops", 9: "W warning", 14: "L soft lockup"}


def find(text):
    """Return (index of line, line) of the first report in text, or None."""
    for number, line in enumerate(text.splitlines()):
        if PATTERNS.search(line):
            return number, line
    return None


def excerpt(text, before=2, after=25):
    """Return the lines around the first report."""
    hit = find(text)
    if not hit:
        return []
    return text.splitlines()[max(0, hit[0] - before):hit[0] + after]


def bad_taints(value):
    """Return the names of the taints that mean that the kernel is damaged."""
    return [name for bit, name in TAINTS.items() if value >> bit & 1]
