# SPDX-License-Identifier: GPL-2.0-only
"""Finds out whether hardware virtualisation really works, for --host auto."""

import json
import os
import pathlib
import subprocess
import sys

from .common import BUILD_DIR, TOP, TOOL_PATH, say

LIMIT = 12      # seconds a guest may take to boot with KVM


def _key():
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    done = subprocess.run(["qemu-system-x86_64", "--version"], check=False, text=True,
                          env={"PATH": TOOL_PATH}, stdout=subprocess.PIPE)
    return f"{boot} {done.stdout.splitlines()[0] if done.stdout else '?'}"


def _boots():
    """Boot a stock kernel with KVM; the presence of /dev/kvm proves nothing."""
    command = [sys.executable, str(TOP / "scripts" / "vm"), "--host", "kvm", "--drivers", "none",
               "--timeout", str(LIMIT), "--run", "exit 42"]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 42


def best_host():
    """Return "kvm" or "tcg"; the answer is remembered until the next boot."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    memo = BUILD_DIR / "kvm-probe.json"
    key = _key()
    try:
        known = json.loads(memo.read_text())
        if known["key"] == key:
            return known["host"]
    except (OSError, ValueError, KeyError):
        pass
    say("trying hardware virtualisation once")
    host = "kvm" if _boots() else "tcg"
    try:
        BUILD_DIR.mkdir(exist_ok=True)
        memo.write_text(json.dumps({"key": key, "host": host}) + "\n")
    except OSError as err:
        say(f"cannot remember the answer in {memo}: {err.strerror}")
    return host
