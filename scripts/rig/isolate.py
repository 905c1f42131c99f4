# SPDX-License-Identifier: GPL-2.0-only
"""Runs the rig in name spaces of its own, so that nothing can stay behind.

The supervisor forks a worker that is the first process of a new PID name space,
with a private mount name space (scratch files live on a tmpfs nobody else sees)
and a private network name space (taps). When the worker ends, in whatever way,
the kernel kills QEMU and every helper and frees the taps and the files. The
worker itself is killed by the kernel when the supervisor dies.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from .common import EXIT_DIED, RigError, cache_dir, say

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 1 << 18
PR_SET_PDEATHSIG = 1

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        err = ctypes.get_errno()
        raise OSError(err, f"{what}: {os.strerror(err)}")


def _unshare(flags):
    """Enter new name spaces; without root by way of a user name space."""
    uid, gid = os.getuid(), os.getgid()
    try:
        _check(_libc.unshare(flags), "unshare")
        return
    except OSError:
        pass
    try:
        _check(_libc.unshare(flags | CLONE_NEWUSER), "unshare")
        pathlib.Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    except OSError as err:
        raise RigError("cannot create private PID, mount and network name spaces "
                       f"({err.strerror}): run as root, in a container with CAP_SYS_ADMIN") from err


def _mount(source, target, kind, flags, data=""):
    _check(_libc.mount(source.encode(), str(target).encode(), kind.encode(),
                       ctypes.c_ulong(flags), data.encode()), f"mount {kind} on {target}")


def scratch_dir():
    """Return the folder for temporary files; in the worker a private tmpfs."""
    return cache_dir() / "scratch"


def clear():
    """End what an earlier attempt of this run left running, and remove its scratch files."""
    if os.getpid() != 1:
        raise RigError("this is not the first process of a name space of its own")
    # A signal from the first process of a PID name space to all of it spares that process.
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    for path in scratch_dir().iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _become_worker(go_ahead):
    """First steps of the worker: die with the supervisor, own /proc and scratch files."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if not os.read(go_ahead, 1):
        os._exit(EXIT_DIED)
    os.close(go_ahead)
    try:
        _mount("none", "/", "none", MS_REC | MS_PRIVATE)
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)
        _mount("scratch", scratch_dir(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=90%")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=False, stderr=subprocess.DEVNULL)
    except OSError as err:
        raise RigError(f"cannot set up private name spaces: {err.strerror}") from err


def _run_worker(work, go_ahead):
    """Body of the worker process; returns its exit status."""
    try:
        _become_worker(go_ahead)
        return work()
    except RigError as err:
        say(str(err))
        return err.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def run(work, private_net):
    """Run work() isolated and return the exit status it returned."""
    scratch_dir().mkdir(exist_ok=True)
    _unshare(CLONE_NEWNS | CLONE_NEWPID | (CLONE_NEWNET if private_net else 0))
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    worker = os.fork()
    if worker == 0:
        os.close(write_end)
        status = EXIT_DIED
        try:
            status = _run_worker(work, read_end)
        except BaseException:  # the first process of a name space must never return
            sys.excepthook(*sys.exc_info())
        os._exit(status)
    os.close(read_end)
    for number in FORWARDED:
        signal.signal(number, lambda got, _frame: os.kill(worker, got))
    os.write(write_end, b"g")
    _, status = os.waitpid(worker, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        say(f"the worker was killed by signal {-code}")
        return EXIT_DIED
    return code
