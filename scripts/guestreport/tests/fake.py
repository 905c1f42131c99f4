# SPDX-License-Identifier: GPL-2.0-only
"""Makes the files of a guest that does not exist."""

import lzma

RELEASE = "6.12.0-test"
MODULES = f"lib/modules/{RELEASE}"


class Guest:
    """A guest with one disk, one network interface and one balloon, below a folder."""

    def __init__(self, root):
        self.root = root
        self.deps = []
        self.put("proc/sys/kernel/osrelease", RELEASE)
        self.put("proc/uptime", "12.50 20.00")
        self.put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor constant_tsc\n")
        self.put("proc/interrupts", "           CPU0       CPU1\n"
                 " 24:         7          5   PCI-MSI 1-edge      virtio0-req.0\n"
                 " 25:         1          1   PCI-MSI 2-edge      virtio01-req.0\n")
        self.put("proc/vmstat", "nr_free_pages 5\nballoon_inflate 512\nballoon_deflate 12\n")
        self.put("sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock")
        self.put(f"{MODULES}/modules.builtin", "kernel/drivers/virtio/virtio_ring.ko\n")
        self.index()

    def put(self, name, text):
        """Write a file, and the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else f"{text}\n".encode())
        return path

    def link(self, name, target):
        """Make a link, and the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def index(self):
        """Write modules.dep; one that depends on others comes after a large rest."""
        rest = "".join(f"kernel/drivers/other/m{number}.ko.xz:\n" for number in range(9000))
        self.put(f"{MODULES}/modules.dep", rest + "".join(f"{path}: a b\n" for path in self.deps))

    def file(self, path, version=None, srcversion=None):
        """Put a module on disk, compressed, as modprobe would find it."""
        said = b"\0license=GPL\0"
        if version:
            said += b"version=" + version.encode() + b"\0srcversion=" + srcversion.encode() + b"\0"
        self.put(f"{MODULES}/{path}", lzma.compress(b"\x7fELF" + said + b"vermagic=x\0"))
        self.deps.append(path)
        self.index()

    def loaded(self, name, version=None, srcversion=None, **parameters):
        """Load a module."""
        place = f"sys/module/{name}"
        self.put(f"{place}/initstate", "live")
        self.put(f"{place}/refcnt", "1")
        self.put(f"{place}/taint", "OE" if version else "")
        if version:
            self.put(f"{place}/version", version)
            self.put(f"{place}/srcversion", srcversion)
        for key, value in parameters.items():
            self.put(f"{place}/parameters/{key}", value)

    def device(self, number, kind, driver, features=(), status=0x0f):
        """Add virtioN, which is a part of a PCI device; return its folder."""
        parent = f"0000:00:0{number + 1}.0"
        place = f"sys/devices/pci0000:00/{parent}/virtio{number}"
        self.put(f"{place}/device", f"0x{kind:04x}")
        self.put(f"{place}/status", f"0x{status:08x}")
        self.put(f"{place}/features", "".join("01"[bit in features] for bit in range(64)))
        self.link(f"sys/bus/virtio/devices/virtio{number}",
                  f"../../../devices/pci0000:00/{parent}/virtio{number}")
        if not (self.root / f"sys/bus/pci/devices/{parent}").is_symlink():
            self.link(f"sys/bus/pci/devices/{parent}", f"../../../devices/pci0000:00/{parent}")
        if driver:
            self.link(f"{place}/driver", f"../../../../bus/virtio/drivers/{driver}")
            folder = self.root / f"sys/bus/virtio/drivers/{driver}"
            folder.mkdir(parents=True, exist_ok=True)
            if (self.root / f"sys/module/{driver}").exists() \
                    and not (folder / "module").is_symlink():
                (folder / "module").symlink_to(f"../../../../module/{driver}")
        return place
