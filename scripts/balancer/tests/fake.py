# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU that is a few lines of Python, with a guest that follows its balloon, or does not."""

import asyncio
import json
import time

from ..units import MIB

UNKNOWN = (1 << 64) - 1
GREETING = {"QMP": {"version": {}, "capabilities": []}}


class FakeQemu:
    """Serves one QMP socket. Attributes may be changed at any time."""

    def __init__(self, path, maximum=1024, used=200):
        self.path = str(path)
        self.maximum, self.used = maximum * MIB, used * MIB
        self.size = self.target = self.maximum
        self.polling = 0            # guest-stats-polling-interval
        self.updated = None         # None: the time of day, else this
        self.stats = {}             # statistics that replace the honest ones
        self.raw = {}               # command: bytes sent instead of the answer
        self.follows = True         # the guest obeys its balloon
        self.silent = False         # reads, and answers nothing
        self.greeting = json.dumps(GREETING).encode() + b"\n"
        self.commands = []          # (command, arguments)
        self.connections = 0
        self._server, self._writers = None, set()

    async def start(self):
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self):
        """End, as a QEMU that is killed."""
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    def guest_stats(self):
        """Return what the guest says."""
        if not self.polling:
            return {"stats": {"stat-total-memory": UNKNOWN}, "last-update": 0}
        found = {"stat-total-memory": self.size - 20 * MIB,
                 "stat-available-memory": max(0, self.size - self.used),
                 "stat-swap-in": 0, "stat-oom-kills": UNKNOWN}
        found["stat-available-memory"] = min(found["stat-available-memory"],
                                             found["stat-total-memory"])
        found.update(self.stats)
        updated = int(time.time()) if self.updated is None else self.updated
        return {"stats": {key: value for key, value in found.items() if value != "absent"},
                "last-update": updated}

    def _return(self, command, arguments):
        if command == "query-balloon":
            return {"actual": self.size}
        if command == "query-memory-size-summary":
            return {"base-memory": self.maximum, "plugged-memory": 0}
        if command == "qom-list":
            return [{"name": "type", "type": "string"},
                    {"name": "balloon0", "type": "child<virtio-balloon-pci>"}]
        if command == "qom-get":
            return self.guest_stats()
        if command == "qom-set":
            self.polling = arguments["value"]
        if command == "balloon":
            self.target = arguments["value"]
            if self.follows:
                self.size = min(self.target, self.maximum)
        return {}

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            writer.write(self.greeting)
            while line := await reader.readline():
                request = json.loads(line)
                command, arguments = request["execute"], request.get("arguments", {})
                self.commands.append((command, arguments))
                if self.silent:
                    continue
                if command in self.raw:
                    writer.write(self.raw[command])
                    await writer.drain()
                    continue
                answer = {"return": self._return(command, arguments), "id": request.get("id")}
                writer.write(b'{"event": "X", "data": {}}\n' + json.dumps(answer).encode() + b"\n")
        except (ConnectionError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def balloon_values(self):
        """Return what the balloon was asked for, in MiB."""
        return [arguments["value"] // MIB for command, arguments in self.commands
                if command == "balloon"]
