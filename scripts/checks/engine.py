# SPDX-License-Identifier: GPL-2.0-only
"""The build refuses what it must refuse, and notices what it must notice.

Each case works on a copy of the tree with one thing changed in it, so that it
also shows that the case can fail.
"""

import dataclasses
import functools
import pathlib
import re
import shutil

from rig.common import TOP

from .build import STRICT
from .case import LOG_DIR, Case, Failed

SMALL = """// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

%s
MODULE_DESCRIPTION("smallest module");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
"""


# What is asked in a copy, besides the controls: what the headers of a small module depend on,
# and some. All of them would take a minute, and build/modules asks them all.
ASKED = ("align_h.c", "find_vqs_info.c", "hv_clock_per_cpu.sym", "kstrtox_h.c",
         "timer_delete.c")


class Copy:
    """A copy of the tree whose only module is a small one, with a few of the probes."""

    def __init__(self, run, name, release, body=""):
        self.run, self.release = run, release
        self.top = LOG_DIR / f"engine-{name}"
        shutil.rmtree(self.top, ignore_errors=True)
        self.top.mkdir(parents=True)
        for part in ("Kbuild", "Makefile", "kernels.conf", "dkms.conf", "compat", "scripts"):
            source = TOP / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, self.top / part)
        for probe in (self.top / "compat" / "probes").iterdir():
            if not probe.name.startswith("control_") and probe.name not in ASKED:
                probe.unlink()
        folder = self.top / "drivers" / "virtio_blk"
        folder.mkdir(parents=True)
        (folder / "Kbuild.objs").write_text("virtio_blk-y := drivers/virtio_blk/main.o\n")
        (folder / "main.c").write_text(SMALL % body)

    def edit(self, name, old, new):
        """Replace text in a file of the copy; the text must be there."""
        path = self.top / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise Failed(f"{name} does not hold '{old}'")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def make(self, *args):
        """Run make modules; return (exit status, output)."""
        return self.run.call("make", "-C", self.top, f"KVER={self.release}",
                             "MODULES=virtio_blk", *args, "modules", cwd=self.top)

    def expect(self, words, *args):
        """Run make, which must fail and say the words."""
        status, output = self.make(*args)
        if not status:
            raise Failed("the build passed")
        if words not in output:
            raise Failed(f"the build failed without saying '{words}'")
        return output

    def done(self):
        """Remove the copy."""
        shutil.rmtree(self.top)


def _control(release, probe, new, words, run):
    copy = Copy(run, probe, release)
    (copy.top / "compat" / "probes" / probe).write_text(new)
    output = copy.expect(words)
    if list(copy.top.rglob("*.ko")):
        raise Failed("a module was built all the same")
    if "PROBE   find_vqs_info" in output:
        raise Failed("the other questions were asked all the same")
    copy.done()


def _symvers(release, run):
    """A kernel folder without Module.symvers cannot answer, so nothing is built."""
    copy = Copy(run, "symvers", release)
    kernel = copy.top / "kernel"
    kernel.mkdir()
    for path in pathlib.Path(f"/lib/modules/{release}/build").resolve().iterdir():
        if path.name != "Module.symvers":
            (kernel / path.name).symlink_to(path)
    copy.expect("no usable Module.symvers", f"KDIR={kernel}")
    copy.done()


def _unresolved(release, run):
    copy = Copy(run, "unresolved", release,
                "int kgd_not_exported(void);\nint kgd_caller(void);\n"
                "int kgd_caller(void)\n{\n\treturn kgd_not_exported();\n}\n")
    copy.expect('"kgd_not_exported"')
    if list(copy.top.rglob("virtio_blk.ko")):
        raise Failed("a module was built all the same")
    copy.done()


def _range(release, run):
    copy = Copy(run, "range", release)
    conf = (copy.top / "kernels.conf").read_text(encoding="utf-8")
    low, high = (re.search(rf"^KERNEL_{end}=(.+)$", conf, re.M)[1] for end in ("MIN", "MAX"))
    untried = re.search(r"^KERNEL_UNTRIED=.+$", conf, re.M)[0]
    copy.edit("kernels.conf", untried, "KERNEL_UNTRIED=5.11-6.99")
    words = "is one of 5.11-6.99, which kernels.conf calls untried; FORCE=1"
    copy.expect(words)
    plain = run.call("make", "-C", f"/lib/modules/{release}/build", f"M={copy.top}", "modules")
    if not plain[0] or words not in plain[1]:
        raise Failed("the plain form did not refuse what is untried")
    copy.edit("kernels.conf", "KERNEL_UNTRIED=5.11-6.99", untried)
    copy.edit("kernels.conf", f"KERNEL_MAX={high}", "KERNEL_MAX=6.0")
    words = f"is not in the tested range {low} to 6.0 of kernels.conf; FORCE=1"
    output = copy.expect(words)
    told = [line for line in output.splitlines() if words in line]
    if len(told) != 1:
        raise Failed(f"said {len(told)} times instead of once")
    plain = run.call("make", "-C", f"/lib/modules/{release}/build", f"M={copy.top}", "modules")
    if not plain[0] or words not in plain[1]:
        raise Failed("the plain form did not refuse it")
    status, _ = copy.make("FORCE=1")
    if status:
        raise Failed("FORCE=1 did not build it")
    copy.done()


def _bits(release, run):
    """A 32-bit kernel is refused, even with FORCE=1."""
    copy = Copy(run, "bits", release)
    kernel = copy.top / "kernel"
    own = pathlib.Path(f"/lib/modules/{release}/build").resolve()
    (kernel / "include" / "config").mkdir(parents=True)
    for folder in ("", "include", "include/config"):
        for path in (own / folder).iterdir():
            if not (kernel / folder / path.name).exists():
                (kernel / folder / path.name).symlink_to(path)
    conf = kernel / "include" / "config" / "auto.conf"
    text = conf.read_text(encoding="utf-8")
    if "CONFIG_64BIT=y\n" not in text:
        raise Failed(f"{release} has no CONFIG_64BIT itself")
    conf.unlink()
    conf.write_text(text.replace("CONFIG_64BIT=y\n", ""), encoding="utf-8")
    copy.expect("is a 32-bit one, without CONFIG_64BIT", f"KDIR={kernel}", "FORCE=1")
    copy.done()


def _rerun(release, run):
    """A changed probe is asked again, and so is every one for a changed kernel."""
    copy = Copy(run, "rerun", release)
    if copy.make()[0]:
        raise Failed("the copy does not build")
    header = next(copy.top.glob("build/*/compat/.gen/kgd/config.h"))
    probe = copy.top / "compat" / "probes" / "find_vqs_info.c"
    before = header.read_text()
    probe.write_text(probe.read_text() + "#error changed\n")
    status, output = copy.make()
    if status or "PROBE   find_vqs_info" not in output:
        raise Failed("a changed probe was not asked again")
    if "define KGD_HAVE_FIND_VQS_INFO" in header.read_text():
        raise Failed("a probe that cannot compile says yes")
    if "main.o" not in output:
        raise Failed("objects were not compiled again after a new answer")
    kernel = copy.top / "kernel"
    kernel.mkdir()
    for path in pathlib.Path(f"/lib/modules/{release}/build").resolve().iterdir():
        (kernel / path.name).symlink_to(path)
    symvers = kernel / "Module.symvers"
    text = symvers.resolve().read_text()
    symvers.unlink()
    symvers.write_text(text)
    copy.make(f"KDIR={kernel}")
    symvers.write_text(text + "0x12345678\tkgd_new_symbol\tvmlinux\tEXPORT_SYMBOL_GPL\t\n")
    status, output = copy.make(f"KDIR={kernel}")
    if status or "PROBE   find_vqs_info" not in output or "main.o" not in output:
        raise Failed("a changed kernel did not lead to new answers and new objects")
    if header.read_text() == before:
        raise Failed("the generated header did not change with the kernel")
    copy.done()


def _refusals(release, run):
    copy = Copy(run, "refusals", release)
    for args, words in ((("KVER=6.1.0-no-such",), "no kernel headers for '6.1.0-no-such'"),
                        (("MODULES=virtio_disk",), "no module 'virtio_disk'; allowed")):
        status, output = run.call("make", "-C", copy.top, f"KVER={release}", *args, "modules")
        if not status or words not in output:
            raise Failed(f"{args[0]} was not refused with '{words}'")
    status, output = run.call("sh", copy.top / "scripts" / "kver", "--bogus")
    if status != 2 or "'--bogus' is not known" not in output:
        raise Failed("kver took an unknown option")
    copy.done()


def _compile_commands(release, run):
    # As they were built before: other flags would build all of it once more.
    run.must("make", f"KVER={release}", *STRICT, "compile_commands.json")
    text = (TOP / "build" / "compile_commands.json").read_text(encoding="utf-8")
    for path in TOP.glob("drivers/*/*.c"):
        if f'"file": "{path}"' not in text:
            raise Failed(f"{path.relative_to(TOP)} is not in the database")


def cases(releases):
    """Return the cases of the build engine; the newest kernel stands for all."""
    release = releases[max(releases, key=lambda s: [int(p) for p in s.split(".")])]
    part = functools.partial
    found = [
        Case("engine/control-pass", "a compiler that fails everything stops the build",
             part(_control, release, "control_pass.c", "#error broken\n", "does not work")),
        Case("engine/control-fail", "a compiler that accepts everything stops the build",
             part(_control, release, "control_fail.c", "int x;\n", "accepts a call")),
        Case("engine/control-symvers-pass", "a Module.symvers without kfree stops the build",
             part(_control, release, "control_pass.sym", "# x\nkgd_nothing\n", "no usable")),
        Case("engine/control-symvers-fail", "a Module.symvers with everything stops the build",
             part(_control, release, "control_fail.sym", "# x\nkfree\n", "lists a symbol")),
        Case("engine/no-symvers", "no Module.symvers, no build", part(_symvers, release)),
        Case("engine/unresolved", "a symbol that is not exported fails the build",
             part(_unresolved, release)),
        Case("engine/range", "a kernel outside the range is refused, FORCE=1 builds",
             part(_range, release)),
        Case("engine/32-bit", "a 32-bit kernel is refused, with the reason",
             part(_bits, release)),
        Case("engine/rerun", "probes run again for a new kernel or a new probe",
             part(_rerun, release)),
        Case("engine/refusals", "wrong values are named", part(_refusals, release)),
    ]
    return [Case("engine/compile-commands", "every source is in compile_commands.json",
                 part(_compile_commands, release)),
            *(dataclasses.replace(case, apart=True) for case in found)]
