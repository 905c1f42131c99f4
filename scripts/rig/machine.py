# SPDX-License-Identifier: GPL-2.0-only
"""Builds QEMU command lines."""

import dataclasses
import re

from .common import UsageError

# The ports of a guest, in the order of its serial lines.
PORTS = ("console", "control", "stdout", "stderr")
IRQS = (4, 3, 5, 7)     # of its own for each: QEMU cannot share an ISA interrupt
ALL_PORTS = PORTS + ("qmp",)


# QEMU 7.2's cmpxchg16b takes any operand of an earlier instruction for the flags if it was
# interrupted just before that, and the kernel's allocator goes on with TF, NT or IOPL set.
NO_CX16 = "-cx16"


@dataclasses.dataclass
class Machine:
    """What the user asked for, as far as it concerns the virtual hardware."""

    accel: str              # tcg, icount or kvm
    model: str              # q35 or microvm
    smp: int
    mem: int                # bytes
    disks: list
    nets: list
    balloon: str            # None: no balloon, else its properties
    extra: list
    cpu_model: str = None   # None: what fits the accelerator
    iommu: bool = False     # emulated, and every device behind it
    one_thread: bool = False    # the emulated CPUs take turns
    tb_size: int = 0        # MiB for translated code; 0: QEMU's choice, up to 1 GiB

    def cpu(self):
        """Return the CPU model."""
        if self.cpu_model:
            return self.cpu_model
        # Without XSAVE: the sizes that nested emulation reports make the kernel WARN.
        if self.accel == "kvm":
            return "host,-xsave"
        # What is counted is to be what a real machine runs.
        return "max" if self.accel == "icount" else f"max,{NO_CX16}"

    def accel_args(self):
        """Return the arguments that choose the accelerator."""
        if self.accel == "icount":
            return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"]
        if self.accel == "tcg":
            threads = "single" if self.one_thread else "multi"
            size = f",tb-size={self.tb_size}" if self.tb_size else ""
            return ["-accel", f"tcg,thread={threads}{size}"]
        return ["-accel", "kvm"]


def base_args(machine, name):
    """Arguments common to every machine."""
    model = {"q35": "q35,vmport=off,sata=off,smbus=off,usb=off",
             "microvm": "microvm,x-option-roms=off,rtc=on,isa-serial=off"}[machine.model]
    # QEMU puts only devices behind it that come later.
    iommu = ["-device", "intel-iommu,intremap=off"] if machine.iommu else []
    return ["-name", name, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-M", model, *machine.accel_args(), "-cpu", machine.cpu(),
            "-smp", str(machine.smp), "-m", f"{machine.mem >> 10}K", "-rtc", "base=utc",
            *iommu]


def port_args(chardevs):
    """Arguments for the serial lines and QMP; chardevs maps a port to its backend."""
    args = []
    for index, port in enumerate(PORTS):
        args += ["-chardev", f"{chardevs[port].format(id=port)}",
                 "-device", f"isa-serial,chardev={port},index={index},irq={IRQS[index]}"]
    return args + ["-chardev", chardevs["qmp"].format(id="qmp"),
                   "-mon", "chardev=qmp,mode=control"]


def _props(props):
    return "".join(f",{key}={value}" for key, value in props.items())


def _device(machine, name):
    # The balloon's own are addresses of memory, whatever its rings have.
    return f"virtio-{name}-" + ("pci" if machine.model == "q35" else "device") \
        + (",iommu_platform=on,disable-legacy=on" if machine.iommu and name != "balloon" else "")


def disk_args(machine, files):
    """Arguments for the disks; files holds the path for each disk that has one."""
    args = []
    for index, disk in enumerate(machine.disks):
        node = f"disk{index}"
        if disk.kind == "null":
            backend = f"driver=null-co,node-name={node},size={disk.bytes},read-zeroes=on"
        else:
            driver = "host_device" if str(files[index]).startswith("/dev/") else "file"
            backend = (f"driver=raw,node-name={node},discard=unmap,"
                       f"file.driver={driver},file.filename={files[index]}")
        props = {"id": f"blk{index}", **disk.props}
        args += ["-blockdev", backend,
                 "-device", f"{_device(machine, 'blk')},drive={node}{_props(props)}"]
    return args


def net_args(machine, vhost):
    """Arguments for the networks; tap N is called tapN."""
    args = []
    for index, net in enumerate(machine.nets):
        if net.kind == "user":
            backend = f"user,id=nd{index}"
        else:
            backend = (f"tap,id=nd{index},ifname=tap{index},script=no,downscript=no,"
                       f"queues={net.queues},vhost={'on' if vhost else 'off'}")
        props = {"id": f"net{index}", "mac": f"52:54:00:77:00:{index:02x}"}
        if machine.model == "q35":
            props["romfile"] = ""
        if net.queues > 1:
            props["mq"] = "on"
            if machine.model == "q35":
                props["vectors"] = 2 * net.queues + 2
        props.update(net.props)
        args += ["-netdev", backend,
                 "-device", f"{_device(machine, 'net')},netdev=nd{index}{_props(props)}"]
    return args


def balloon_args(machine):
    """Arguments for the balloon."""
    if machine.balloon is None:
        return []
    more = f",{machine.balloon}" if machine.balloon else ""
    return ["-device", f"{_device(machine, 'balloon')},id=balloon0{more}"]


def tap_commands(nets, bridge):
    """Shell commands that create the taps, bare or each on a bridge of its own."""
    lines = []
    for index, net in enumerate(nets):
        if net.kind != "tap":
            continue
        mode = "multi_queue " if net.queues > 1 else ""
        # One may be there from an attempt that is being repeated.
        lines.append(f"ip link del tap{index} 2> /dev/null || :")
        lines.append(f"ip tuntap add dev tap{index} mode tap {mode}vnet_hdr")
        host = f"tap{index}"
        if bridge:
            host = f"br{index}"
            lines += [f"ip link add {host} type bridge", f"ip link set tap{index} master {host}"]
        # No traffic of the host's own accord, which would disturb counters.
        lines += [f"echo 1 > /proc/sys/net/ipv6/conf/{dev}/disable_ipv6"
                  for dev in dict.fromkeys((f"tap{index}", host))]
        lines += [f"ip addr add 10.77.{index}.1/24 dev {host}",
                  f"ip link set {host} up", f"ip link set tap{index} up"]
    return lines


def _clock_args(machine):
    """Arguments for a kernel that has no timer which it could measure its TSC with.

    On a microvm it has one try with the PIT, in vain if this machine is busy, and waits
    for ever after that. An emulated TSC is that of this machine.
    """
    if machine.model != "microvm" or machine.accel != "tcg":
        return []
    with open("/proc/cpuinfo", encoding="ascii") as file:
        found = re.search(r"^cpu MHz\s*: (\d+)\.?(\d*)", file.read(), re.M)
    return [f"tsc_early_khz={found[1]}{found[2]:0<3.3}", "tsc=reliable"] if found else []


def kernel_args(machine, nonce, append):
    """Return the kernel command line."""
    # loglevel=5 shows warnings, which are printed at level 4; the log is large
    # enough to hold all a test may cause until it is collected at the end. The timer is
    # not checked: an emulated one that had to wait for its turn does not pass, and the
    # kernel panics before it has begun.
    words = ["console=ttyS0,115200", "loglevel=5", "log_buf_len=1M", "panic=-1", "oops=panic",
             "no_timer_check", "sysrq_always_enabled", f"kgd.nonce={nonce}",
             *_clock_args(machine)]
    return " ".join(words + ([append] if append else []))


def check(machine, host):
    """Refuse combinations that cannot work."""
    if machine.accel == "icount" and machine.smp != 1:
        raise UsageError(f"--smp {machine.smp}: --icount counts the instructions of one CPU, "
                         "only --smp 1 is allowed with it")
    if machine.iommu and machine.model != "q35":
        raise UsageError(f"--machine {machine.model}: has no IOMMU, --iommu needs q35")
    if machine.tb_size and host != "tcg":
        raise UsageError(f"--tb-size {machine.tb_size}: needs --host tcg")
    if machine.one_thread and host != "tcg":
        raise UsageError("--one-thread: needs --host tcg")
    if machine.accel == "icount" and host not in ("tcg", "auto"):
        raise UsageError(f"--host {host}: --icount needs --host tcg")
