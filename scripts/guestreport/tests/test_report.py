# SPDX-License-Identifier: GPL-2.0-only
"""What the report says of made-up guests."""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest

from guestreport import cli
from guestreport.tests.fake import MODULES, RELEASE, Guest
from guestreport.tree import Tree


class Report(unittest.TestCase):
    """Each test makes a guest and looks at the report on it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.guest = Guest(pathlib.Path(folder.name))

    def report(self):
        """Return the report through the command line, as JSON, and as text beside it."""
        texts = []
        for more in ((), ("--json",)):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(cli.main(["--root", str(self.guest.root), *more]), 0)
            texts.append(out.getvalue())
        self.text = texts[0]
        return json.loads(texts[1])

    def finding(self, report, *words):
        """Return whether one finding has all the words."""
        return any(all(word in said for word in words) for said in report["findings"])

    def test_same(self):
        """What is loaded is what lies on disk, which modprobe takes from updates/."""
        self.guest.file("updates/dkms/virtio_blk.ko.xz", "0.1.0", "ABC")
        self.guest.loaded("virtio_blk", "0.1.0", "ABC", queue_depth="0")
        said = self.report()
        self.assertEqual(said["system"]["release"], RELEASE)
        blk = said["modules"]["virtio_blk"]
        self.assertEqual((blk["state"], blk["origin"], blk["compared"]),
                         ("loaded", "package", "same"))
        self.assertEqual(blk["disk"]["file"], f"/{MODULES}/updates/dkms/virtio_blk.ko.xz")
        self.assertEqual(blk["parameters"], {"queue_depth": "0"})
        self.assertEqual(said["findings"], [])
        self.assertIn("virtio_blk: loaded, the package's", self.text)

    def test_differs(self):
        """After an upgrade in use, loaded and on disk are told apart."""
        self.guest.file("updates/dkms/virtio_blk.ko.xz", "0.2.0", "DEF")
        self.guest.loaded("virtio_blk", "0.1.0", "ABC")
        said = self.report()
        self.assertEqual(said["modules"]["virtio_blk"]["compared"], "differs")
        self.assertTrue(self.finding(said, "virtio_blk", "ABC", "DEF", "initramfs"))

    def test_intree_loaded(self):
        """The kernel's own driver is loaded although ours is on disk: an old initramfs."""
        self.guest.file("updates/dkms/virtio_net.ko.xz", "0.1.0", "ABC")
        self.guest.loaded("virtio_net")
        self.guest.device(0, 1, "virtio_net")
        said = self.report()
        self.assertEqual(said["modules"]["virtio_net"]["origin"], "kernel")
        self.assertEqual(said["modules"]["virtio_net"]["compared"], "differs")
        self.assertTrue(self.finding(said, "virtio0 (net)", "kernel's own virtio_net"))

    def test_intree_both(self):
        """The kernel's own modules have no srcversion, so nobody can tell."""
        self.guest.file("kernel/drivers/net/virtio_net.ko.xz")
        self.guest.loaded("virtio_net")
        said = self.report()["modules"]["virtio_net"]
        self.assertEqual((said["origin"], said["compared"]), ("kernel", "unknown"))

    def test_builtin(self):
        """A built-in driver has a folder with parameters, and cannot be replaced."""
        self.guest.put("sys/module/virtio_blk/parameters/queue_depth", "0")
        self.guest.file("updates/dkms/virtio_blk.ko.xz", "0.1.0", "ABC")
        said = self.report()
        self.assertEqual(said["modules"]["virtio_blk"]["state"], "built in")
        self.assertEqual(said["modules"]["virtio_ring"]["state"], "built in")
        self.assertEqual(said["modules"]["kvmclock"]["state"], "absent")
        self.assertTrue(self.finding(said, "virtio_blk", "built into"))

    def test_broken_file(self):
        """A module file that cannot be unpacked is a finding and not the end."""
        self.guest.file("updates/dkms/virtio_blk.ko.xz", "0.1.0", "ABC")
        self.guest.put(f"{MODULES}/updates/dkms/virtio_blk.ko.xz", b"\xfd7zXZ\0garbage")
        self.guest.loaded("virtio_blk", "0.1.0", "ABC")
        said = self.report()
        self.assertEqual(said["modules"]["virtio_blk"]["compared"], "unknown")
        self.assertTrue(self.finding(said, "virtio_blk", "cannot be read"))

    def test_devices(self):
        """Types, features by name and number, status, interrupts, disks and their counters."""
        place = self.guest.device(0, 2, "virtio_blk", (9, 12, 30, 32))
        self.guest.put(f"{place}/block/vda/stat", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17")
        self.guest.put(f"{place}/block/vda/mq/0/cpu_list", "0")
        self.guest.put(f"{place}/block/vda/serial", b"disk\x1b[2J\n")
        self.guest.device(1, 5, "virtio_balloon", (1, 5), status=0x87)
        self.guest.device(2, 77, None, status=0x41)
        self.guest.device(10, 3, "virtio_console")
        said = self.report()
        devices = said["devices"]
        self.assertEqual(list(devices), ["virtio0", "virtio1", "virtio2", "virtio10"])
        disk = devices["virtio0"]
        self.assertEqual(disk["type"], "blk")
        self.assertEqual(disk["transport"], "pci 0000:00:01.0")
        self.assertEqual(disk["features"], ["FLUSH", "MQ", "bit 30", "VERSION_1"])
        self.assertEqual(disk["status"], ["ACKNOWLEDGE", "DRIVER", "DRIVER_OK", "FEATURES_OK"])
        self.assertEqual(disk["interrupts"], {"virtio0-req.0": 12})
        self.assertEqual(disk["disks"]["vda"]["hardware_queues"], 1)
        self.assertEqual(disk["disks"]["vda"]["stat"]["flush_ms"], 17)
        self.assertEqual(devices["virtio1"]["features"], ["STATS_VQ", "PAGE_REPORTING"])
        self.assertTrue(self.finding(said, "virtio1 (balloon)", "gave up"))
        self.assertTrue(self.finding(said, "virtio2 (type 77)", "no driver"))
        self.assertTrue(self.finding(said, "virtio2", "needs a reset"))
        self.assertEqual(said["balloon"], {"balloon_inflate": 512, "balloon_deflate": 12})
        self.assertNotIn("\x1b", self.text)
        self.assertIn("disk\ufffd[2J", self.text)

    def test_net(self):
        """Queues are counted, and counters that are not 0 shown."""
        place = self.guest.device(0, 1, "virtio_net")
        for queue in ("rx-0", "rx-1", "tx-0"):
            self.guest.put(f"{place}/net/eth0/queues/{queue}/x", "")
        self.guest.put(f"{place}/net/eth0/statistics/rx_bytes", "70")
        self.guest.put(f"{place}/net/eth0/statistics/rx_errors", "0")
        net = self.report()["devices"]["virtio0"]["interfaces"]["eth0"]
        self.assertEqual((net["rx_queues"], net["tx_queues"]), (2, 1))
        self.assertEqual(net["statistics"], {"rx_bytes": 70})

    def test_clock(self):
        """The mode of our clock, the flags of the CPU, and a host that writes nonsense."""
        self.guest.put("sys/devices/platform/kvmclock/mode", "owner")
        self.guest.put("sys/devices/platform/kvmclock/bad_reads", "3")
        self.guest.put("sys/class/ptp/ptp0/clock_name", "KVM virtual PTP")
        said = self.report()
        self.assertEqual(said["clock"]["current"], "kvm-clock")
        self.assertEqual(said["clock"]["cpu_flags"], ["hypervisor", "constant_tsc"])
        self.assertEqual(said["clock"]["kvmclock"]["mode"], "owner")
        self.assertEqual(said["clock"]["ptp"], {"ptp0": "KVM virtual PTP"})
        self.assertTrue(self.finding(said, "kvmclock", "3 reads"))

    def test_dkms_and_debugfs(self):
        """What dkms has, and which debugfs files are ours and can be read."""
        top = "var/lib/dkms/kvm-guest-drivers-linux"
        for release in ("6.1.0-a", "6.12.0-b"):
            self.guest.put(f"{top}/0.1.0/{release}/x86_64/module/virtio_blk.ko", "")
        self.guest.link(f"{top}/kernel-6.12.0-b-x86_64", "0.1.0/6.12.0-b/x86_64")
        self.guest.put("sys/kernel/debug/virtio_blk/vda/requests", "5")
        self.guest.put("sys/kernel/debug/other/file", "6")
        self.guest.put("sys/kernel/debug/virtio_blk/trigger", "7").chmod(0o200)
        said = self.report()
        self.assertEqual(said["dkms"], {"0.1.0": {"6.1.0-a": "built", "6.12.0-b": "installed"}})
        self.assertEqual(said["debugfs"], {"virtio_blk/vda/requests": "5"})

    def test_without_rights(self):
        """Somebody who may not read everything gets the rest, and is told what is missing."""
        if os.geteuid() != 0:
            self.skipTest("needs root to give rights up")
        self.guest.put("sys/kernel/debug/virtio_blk/x", "1").parent.parent.chmod(0o700)
        place = self.guest.device(0, 2, None)
        self.guest.put(f"{place}/block/vda/serial", "secret").chmod(0o400)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.setuid(65534)
            os.write(writer, json.dumps(cli.collect(Tree(self.guest.root))).encode())
            os._exit(0)
        os.close(writer)
        with open(reader, encoding="utf-8") as stream:
            said = json.load(stream)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertIn("sys/kernel/debug", said["unreadable"])
        self.assertIn("sys/bus/virtio/devices/virtio0/block/vda/serial", said["unreadable"])
        self.assertNotIn("serial", said["devices"]["virtio0"]["disks"]["vda"])
        self.assertTrue(self.finding(said, "files could not be read"))

    def test_empty(self):
        """Nothing but the two folders: no error, and no invention."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/sys")
            os.mkdir(f"{folder}/proc")
            said = cli.collect(Tree(folder))
            self.assertEqual((said["devices"], said["findings"]), ({}, []))
            self.assertIsNone(said["system"]["release"])

    def test_bad_root(self):
        """A folder that is not a copy of a system is refused, by its name."""
        error = io.StringIO()
        with contextlib.redirect_stderr(error), self.assertRaises(SystemExit) as end:
            cli.main(["--root", "/no/such/folder"])
        self.assertEqual(end.exception.code, 2)
        self.assertIn("/no/such/folder", error.getvalue())


if __name__ == "__main__":
    sys.exit(unittest.main())
