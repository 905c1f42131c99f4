# SPDX-License-Identifier: GPL-2.0-only
"""The packages: they build, twice the same, and do to a system what they should.

A system is this machine's, with a layer over it that takes all that is written and is thrown
away afterwards, in a mount name space of its own (scripts/checks/layer/).
"""

import filecmp
import functools
import os
import re
import shutil

from fetcher.apt import NoNetwork
from fetcher.cli import EXIT_NO_NETWORK
from installs import image
from rig.common import TOP, RigError

from .build import STRICT
from .case import LOG_DIR, Case, Failed, Skipped, last_line

PACKAGE = TOP / "scripts" / "package"
LAYER = TOP / "scripts" / "checks" / "layer"
LAYER_LIMIT = 2 * 3600      # seconds; some three minutes on an idle machine
INSTALL_LIMIT = 8 * 3600    # seconds; more than an hour on a busy machine


def _made(run, kind, folder):
    """Make packages of one kind in a fresh folder; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    run.must(PACKAGE, "--output", folder, kind, timeout=300)
    return folder


def _deb(run):
    """Build twice, at another time and with another umask, and compare; ask lintian."""
    first = _made(run, "deb", LOG_DIR / "deb")
    second = LOG_DIR / "deb-again"
    shutil.rmtree(second, ignore_errors=True)
    run.must("sh", "-c", 'umask 077; exec "$0" --output "$1" deb', PACKAGE, second,
             env={"TZ": "Asia/Tokyo", "LANG": "C.UTF-8"}, timeout=300)
    names = sorted(path.name for path in first.iterdir() if path.suffix in (".deb", ".xz", ".dsc"))
    if len([name for name in names if name.endswith(".deb")]) < 2:
        raise Failed(f"fewer than two packages: {names}")
    differ = [name for name in names
              if not filecmp.cmp(first / name, second / name, shallow=False)]
    if differ:
        raise Failed(f"not the same when built again: {', '.join(differ)}")
    changes = next(first.glob("*.changes"))
    output = run.must("lintian", "--allow-root", "--pedantic", "-I", changes, timeout=300)
    found = re.findall(r"^[EWIP]: .*", output, re.M)
    if found:
        raise Failed(found[0])


def _rpm(run):
    """The specs can be parsed, and the noarch packages are built and have what they should."""
    folder = _made(run, "rpm", LOG_DIR / "rpm")
    packages = sorted(folder.glob("*.noarch.rpm"))
    listed = "".join(run.must("rpm", "-qpl", path) for path in packages)
    for wanted in (r"/usr/src/kvm-guest-drivers-linux-[\d.]+/dkms\.conf$",
                   r"/usr/src/kvm-guest-drivers-linux-[\d.]+/packaging/initramfs$",
                   r"/usr/bin/kvm-guest-report$", r"/man1/kvm-guest-report\.1",
                   r"/usr/bin/balloon-balance$", r"/man1/balloon-balance\.1",
                   r"/systemd/system/balloon-balance\.service$"):
        if not re.search(wanted, listed, re.M):
            raise Failed(f"no package has {wanted}")
    run.must("rpmspec", "-P", TOP / "rpm" / "kvm-guest-drivers-linux-kmod.spec")
    if shutil.which("rpmlint"):
        output = run.must("rpmlint", "-c", TOP / "rpm" / "rpmlint.toml",
                          *sorted((TOP / "rpm").glob("*.spec")), *packages, timeout=300)
        if not re.search(r"\b0 errors, 0 warnings\b", output):
            raise Failed("rpmlint complains")


def _report(run):
    """The support dump, on guests that do not exist."""
    output = run.must("python3", "-B", "-m", "unittest", "guestreport.tests.test_report",
                      cwd=TOP / "scripts")
    if not re.search(r"^Ran [1-9]", output, re.M):
        raise Failed("no test was run")


def _layer(script, release, build, run, root=None):
    """Run a test as root of a throw-away copy of this system, or of another."""
    if os.geteuid() != 0:
        raise Skipped("an overlay of the system needs root")
    if build == "prebuilt":
        run.must("make", f"KVER={release}", *STRICT, "modules")
    debs = _made(run, "deb", LOG_DIR / f"layer-{release}")
    status, output = run.call(LAYER / "run", LAYER / script, debs, release, build,
                              env={"LAYER_ROOT": str(root)} if root else None, timeout=LAYER_LIMIT)
    if status:
        raise Failed(next((line for line in output.splitlines() if line.startswith("FAIL")),
                          f"ended with {status}"))


def _other(suite, run):
    """The same with the dkms, the compiler and the kernel of another Debian."""
    if os.geteuid() != 0:
        raise Skipped("another Debian needs root")
    try:
        entry = image.find(suite, False, run.note)
    except NoNetwork as err:
        raise Skipped(str(err)) from err
    except RigError as err:
        raise Failed(str(err)) from err
    root = LOG_DIR / f"root-{suite}"
    image.unpack(entry, root)
    try:
        _layer("dkms.sh", image.release(entry), "compile", run, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _install(run):
    """Install in a guest, and boot it after each change."""
    status, output = run.call(TOP / "scripts" / "check-install", timeout=INSTALL_LIMIT)
    if status == EXIT_NO_NETWORK:
        raise Skipped(last_line(output))
    if status:
        raise Failed(next((line for line in output.splitlines() if line.startswith("not ok ")),
                          f"ended with {status}: {last_line(output)}"))


def cases(releases, soak=False):
    """Return the cases; those that compile in a layer take minutes and are for the soak."""
    if soak:
        return [Case(f"package/dkms/{series}", "dkms compiles, installs and removes it",
                     functools.partial(_layer, "dkms.sh", release, "compile"),
                     apart=True)
                for series, release in releases.items()] + [
                    Case("package/dkms/trixie", "the same by Debian 13's dkms, gcc and kernel",
                         functools.partial(_other, "trixie"), apart=True),
                    Case("package/autopkgtest", "what debian/tests/ says, run by autopkgtest",
                         functools.partial(_layer, "autopkgtest.sh", releases["6.1"], "prebuilt"),
                         apart=True),
                    Case("package/install", "in a Debian guest: secure boot, rescue, removal",
                         _install, apart=True, busy=True)]
    newest = list(releases.values())[-1]
    return [Case("package/report", "kvm-guest-report, on made-up guests", _report, apart=True),
            Case("package/deb", "the same when built twice, and lintian finds nothing", _deb,
                 apart=True),
            Case("package/rpm", "the RPM specs are accepted and rpmlint finds nothing", _rpm,
                 apart=True),
            Case("package/dkms", "installed, kernels out of the range, removed: dpkg is content",
                 functools.partial(_layer, "dkms.sh", newest, "prebuilt"),
                 apart=True)]
