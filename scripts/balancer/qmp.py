# SPDX-License-Identifier: GPL-2.0-only
"""A QMP client that does not trust its QEMU: every wait and every answer has a limit."""

import asyncio
import contextlib
import json

from .units import clean

LINE_LIMIT = 64 << 10       # bytes in a line; what is asked for here is answered in less than 2 KiB
MESSAGE_LIMIT = 1000        # events and the like before the answer to a command


class QmpError(Exception):
    """The conversation is of no use any more; the text says why."""


class Unreachable(QmpError):
    """Nobody listens at the socket."""


class Refused(QmpError):
    """QEMU understood, and answered with an error. The conversation goes on."""


class Connection:
    """One connection. Use execute() from one task at a time."""

    def __init__(self, reader, writer, timeout):
        self._reader, self._writer = reader, writer
        self._timeout = timeout
        self._count = 0

    @classmethod
    async def open(cls, path, timeout):
        """Connect and negotiate; raise QmpError."""
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
        except TimeoutError:
            raise QmpError(f"does not take a connection within {timeout:g} s") from None
        except (FileNotFoundError, ConnectionRefusedError) as err:
            raise Unreachable(f"not running ({err.strerror})") from None
        except OSError as err:
            raise QmpError(f"cannot connect: {err.strerror or err}") from None
        self = cls(reader, writer, timeout)
        try:
            greeting = await self._bounded(self._message(),
                                           "greeting (is another client connected?)")
            if not isinstance(greeting.get("QMP"), dict):
                raise QmpError("greets with something that is not QMP")
            await self.execute("qmp_capabilities")
        except BaseException:
            self.close()
            raise
        return self

    @property
    def socket(self):
        """The socket itself, to ask who is at its other end."""
        return self._writer.get_extra_info("socket")

    def close(self):
        """Give the connection up, at once."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.transport.abort()

    async def _bounded(self, wait, what):
        try:
            async with asyncio.timeout(self._timeout):
                return await wait
        except TimeoutError:
            raise QmpError(f"no answer within {self._timeout:g} s: {what}") from None
        except OSError as err:
            raise QmpError(f"connection lost: {err.strerror or err}") from None

    async def _message(self):
        """Return the next message, which is an object."""
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise QmpError(f"sent a line of more than {LINE_LIMIT} bytes") from None
        except asyncio.IncompleteReadError:
            raise QmpError("closed the connection") from None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):    # UnicodeDecodeError is a ValueError
            raise QmpError(f"sent what is not JSON: {clean(repr(line), 60)}") from None
        if not isinstance(message, dict):
            raise QmpError(f"sent what is not an object: {clean(repr(message), 60)}")
        return message

    async def _answer(self, ident):
        # Lines that are here already are read without waiting, so the time alone is no limit.
        for _ in range(MESSAGE_LIMIT):
            message = await self._message()
            if "event" in message:
                continue
            if message.get("id") != ident:
                raise QmpError("answered what was not asked")
            return message
        raise QmpError(f"sent {MESSAGE_LIMIT} events instead of an answer")

    async def execute(self, command, **arguments):
        """Run a command; return what it returned. QmpError: close the connection."""
        self._count += 1
        ident = f"balance-{self._count}"
        request = {"execute": command, "id": ident}
        if arguments:
            request["arguments"] = arguments

        async def talk():
            self._writer.write(json.dumps(request).encode() + b"\n")
            await self._writer.drain()
            return await self._answer(ident)
        message = await self._bounded(talk(), command)
        if "return" in message:
            return message["return"]
        error = message.get("error")
        if isinstance(error, dict):
            raise Refused(f"{command}: {clean(error.get('desc', 'no reason given'))}")
        raise QmpError(f"answered {command} with neither a result nor an error")
