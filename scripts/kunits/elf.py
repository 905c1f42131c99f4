# SPDX-License-Identifier: GPL-2.0-only
"""Reads out of a module file which suites it holds, so that none can go missing unseen."""

import struct

from rig.common import RigError

SUITE_SECTIONS = (".kunit_test_suites", ".kunit_init_test_suites")
SHT_SYMTAB, SHT_RELA = 2, 4


class _Elf:
    """The little of a relocatable 64-bit ELF file that is needed here."""

    def __init__(self, data):
        self.data = data
        offset, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + n * size)
                         for n in range(count)]
        self.names = [self.string(names, section[0]) for section in self.sections]

    def string(self, section, at):
        """Return a string of a section of strings, or of any other."""
        begin = self.sections[section][4] + at
        return self.data[begin:self.data.index(b"\0", begin)].decode()

    def symbol(self, table, index):
        """Return (section, value) of a symbol."""
        at = self.sections[table][4] + index * 24
        _, _, _, section, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
        return section, value

    def relocations(self, target):
        """Yield (section, offset) that each pointer in a section points to."""
        for section in self.sections:
            if section[1] != SHT_RELA or self.names[section[7]] != target:
                continue
            for at in range(section[4], section[4] + section[5], 24):
                _, info, addend = struct.unpack_from("<QQq", self.data, at)
                where, value = self.symbol(section[6], info >> 32)
                yield where, value + addend


def suites(path):
    """Return the names of the suites in a module, in the order they run.

    The name is the first member of struct kunit_suite, an array of characters.
    """
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        raise RigError(f"{path}: not a 64-bit module")
    elf = _Elf(data)
    return [elf.string(section, offset) for name in SUITE_SECTIONS
            for section, offset in elf.relocations(name)]
