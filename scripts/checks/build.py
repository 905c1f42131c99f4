# SPDX-License-Identifier: GPL-2.0-only
"""The package builds, without a warning, every way it can be built."""

import functools
import re
import resource
import shutil

from rig.common import BUILD_DIR

from .case import LOG_DIR, Case, Failed, last_line

MODULES = ("virtio_balloon", "virtio_net", "virtio_blk", "kvmclock")
REBUILD_LIMIT = 10.0        # seconds; some two on an idle machine
CACHE_LINE = 64

# A build of everything takes a minute and a half, half of it for the probes. So there is one
# for what boots, gcc with W=1 and sparse, and of the others one in make check.
CHECKED = {"6.1": (), "6.12": ("clang",)}
STRICT = ("W=1", "C=1", "CF=-Wsparse-error")


def complaints(output):
    """Return the lines of a build that are warnings or errors."""
    return [line for line in output.splitlines() if re.search(r"\b(warning|error):", line, re.I)]


def make(run, release, *args, folder=None, modules=MODULES):
    """Run make for one kernel; fail on a warning; return the folder with the result."""
    folder = folder or BUILD_DIR / release
    output = run.must("make", "-j2", f"KVER={release}", f"BUILD={folder}", *args)
    if complaints(output):
        raise Failed(f"{len(complaints(output))} warnings, the first: {complaints(output)[0]}")
    missing = [name for name in modules if not (folder / f"{name}.ko").exists()]
    if missing:
        raise Failed(f"not built: {', '.join(missing)}")
    return folder


def _children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _modules(release, run):
    make(run, release, *STRICT, "modules")
    # Processor time: what else the machine does meanwhile must not matter.
    begin = _children_seconds()
    output = run.must("make", f"KVER={release}", *STRICT, "modules")
    took = _children_seconds() - begin
    if re.search(r"^\s+(CC|LD|PROBE|CHECK)\b", output, re.M):
        raise Failed("a second build with nothing changed did something")
    run.note(f"second build: {took:.2f} s")
    if took >= REBUILD_LIMIT:
        raise Failed(f"a second build with nothing changed took {took:.2f} s, "
                     f"the limit is {REBUILD_LIMIT} s")


def _layout(release, run):
    """No cache line of virtio_net is written by two queues: they lie side by side."""
    for struct in ("vnet_rq", "vnet_sq"):
        text = run.must("pahole", "-C", struct, BUILD_DIR / release / "virtio_net.ko")
        size = re.search(r"/\* size: (\d+),", text)
        if not size:
            raise Failed(f"pahole knows no size of {struct}: {last_line(text)}")
        if int(size[1]) % CACHE_LINE:
            raise Failed(f"struct {struct} has {size[1]} bytes: two of them share a cache line")


def _variant(release, name, args, run):
    folder = LOG_DIR / f"build-{name}-{release}"
    shutil.rmtree(folder, ignore_errors=True)
    make(run, release, *args, folder=folder)
    shutil.rmtree(folder)


def _plain(release, run):
    """Build a copy the way DKMS and distributions do, and clean it again."""
    folder = LOG_DIR / f"plain-{release}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in ("Kbuild", "Makefile", "kernels.conf", "dkms.conf", "compat", "drivers"):
        run.must("cp", "-r", part, folder)
    before = {path for path in folder.rglob("*") if path.is_file()}
    kernel = ("make", "-j2", "-C", f"/lib/modules/{release}/build", f"M={folder}")
    output = run.must(*kernel, "modules")
    if complaints(output):
        raise Failed(complaints(output)[0])
    missing = [name for name in MODULES if not (folder / f"{name}.ko").exists()]
    if missing:
        raise Failed(f"not built: {', '.join(missing)}")
    run.must(*kernel, "clean")
    left = [path for path in folder.rglob("*") if path.is_file() and path not in before]
    if left:
        raise Failed(f"clean left {left[0].relative_to(folder)} and {len(left) - 1} more")
    shutil.rmtree(folder)


def _install(release, run):
    """Install into another root, where depmod must prefer ours."""
    root = LOG_DIR / f"root-{release}"
    shutil.rmtree(root, ignore_errors=True)
    kernel = root / "lib" / "modules" / release
    kernel.mkdir(parents=True)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(f"/lib/modules/{release}/{name}", kernel)
    for path in ("drivers/block", "drivers/net", "drivers/virtio"):
        (kernel / "kernel" / path).mkdir(parents=True)
    run.must("sh", "-c", f"cd /lib/modules/{release}/kernel && cp --parents "
             "drivers/block/virtio_blk.ko* drivers/net/virtio_net.ko* "
             f"drivers/virtio/virtio*.ko* net/core/failover.ko* drivers/net/net_failover.ko* "
             f"{kernel}/kernel/")
    # What is built by other flags would be built anew.
    run.must("make", f"KVER={release}", *STRICT, f"INSTALL_MOD_PATH={root}", "install")
    for name in MODULES:
        path = run.must("modinfo", "-b", root, "-k", release, "-n", name).strip()
        if "/updates/" not in path:
            raise Failed(f"{name} would be loaded from {path}")
    shutil.rmtree(root)


def _slow(series, release):
    """Return the cases that build everything once more, by the word they are known by."""
    part = functools.partial
    return {
        "clang": Case(f"build/clang/{series}", "no warning from clang with W=1",
                      part(_variant, release, "clang", ("LLVM=1", "W=1", "modules")), apart=True),
        "plain": Case(f"build/plain/{series}", "make -C <kernel> M=<copy> modules, then clean",
                      part(_plain, release), apart=True)}


def cases(releases, soak=False):
    """Return the build cases of "make check" for each release, or what "make soak" has more."""
    found = []
    for series, release in releases.items():
        slow = _slow(series, release)
        checked = CHECKED.get(series, tuple(slow))
        modules = Case(f"build/modules/{series}", "gcc with W=1 and sparse find nothing, and a "
                       "second build has nothing to do", functools.partial(_modules, release))
        if soak:
            found += [modules, *(case for kind, case in slow.items() if kind not in checked)]
            continue
        found += [modules, *(slow[kind] for kind in checked),
                  Case(f"build/install/{series}", "modprobe would load ours from updates/",
                       functools.partial(_install, release)),
                  Case(f"build/layout/{series}", "queues of virtio_net share no cache line",
                       functools.partial(_layout, release))]
    return found
