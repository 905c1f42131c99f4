# SPDX-License-Identifier: GPL-2.0-only
"""Serves what a guest asks for with vmctl: QMP, monitor and host commands."""

import json
import os
import subprocess
import tempfile
import time

from .common import TOOL_PATH, TOP


class Qmp:
    """A QMP connection on one port of a session."""

    def __init__(self, session, port):
        self.session = session
        self.port = port
        self.ready = False
        self.waiting = []       # commands sent before the greeting
        self.callbacks = {}
        self.count = 0
        self.buffer = bytearray()

    def feed(self, data):
        """Take bytes from QEMU."""
        self.buffer += data
        while b"\n" in self.buffer:
            line, _, rest = self.buffer.partition(b"\n")
            self.buffer = bytearray(rest)
            try:
                message = json.loads(line)
            except ValueError:
                continue
            self._message(message)

    def _message(self, message):
        if "QMP" in message:
            self.session.send(self.port, b'{"execute":"qmp_capabilities"}\n')
            self.ready = True
            for text in self.waiting:
                self.session.send(self.port, text)
            self.waiting = []
        elif "event" in message:
            self.session.log.note(f"QMP event {json.dumps(message)}")
        else:
            callback = self.callbacks.pop(message.get("id"), None)
            if callback:
                callback(message)

    def expect_another(self):
        """Keep what is sent from now on for the QEMU that comes after this one."""
        self.ready = False

    def execute(self, command, callback):
        """Send a command (a dictionary); callback gets QEMU's answer."""
        self.count += 1
        ident = f"rig-{self.count}"
        self.callbacks[ident] = callback
        text = json.dumps({**command, "id": ident}).encode() + b"\n"
        if self.ready:
            self.session.send(self.port, text)
        else:
            self.waiting.append(text)


class HostRunner:
    """Runs shell commands on this machine, in the name spaces of the run."""

    # How QEMU writes its state so that another one goes on with it; None: there is none.
    migrate_uri = None

    def __init__(self, session):
        self.session = session

    def run(self, command, done):
        """Start a command; done(status, stdout) is called when it ended."""
        # A file, not a pipe: a daemon the command starts may keep it open.
        out = tempfile.TemporaryFile()
        env = {**os.environ, "PATH": TOOL_PATH, "LC_ALL": "C",
               "RIG_QEMU_PID": str(self.session.qemu.pid), "RIG_TOP": str(TOP)}
        process = subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL,
                                   stdout=out, env=env)

        def poll():
            if process.poll() is None:
                return False
            out.seek(0)
            done(process.returncode & 0xff, out.read())
            out.close()
            return True
        self.session.jobs.append(poll)


class Requests:
    """Answers the requests of one guest."""

    def __init__(self, session, guest, port, qmp, host):
        self.session = session
        self.guest = guest
        self.port = port
        self.qmp = qmp
        self.host = host
        guest.on_request = self.serve

    def _answer(self, ident, status, text):
        self.session.send(self.port, self.guest.answer(ident, status, text))

    def serve(self, ident, verb, payload):
        """Start serving one request."""
        self.session.log.note(f"vmctl {verb} {payload.strip()}")
        if verb == "host":
            self.host.run(payload, lambda status, out: self._answer(ident, status, out))
        elif verb == "hmp":
            self._sequence(ident, [{"execute": "human-monitor-command",
                                    "arguments": {"command-line": payload.strip()}}], False)
        elif verb == "qmp":
            try:
                commands = [json.loads(line) for line in payload.splitlines() if line.strip()]
                if not all(isinstance(item, dict) for item in commands):
                    raise ValueError("a command must be a JSON object")
            except ValueError as err:
                self._answer(ident, 1, f"vmctl qmp: {err}\n")
                return
            self._sequence(ident, commands, True)
        else:
            self._answer(ident, 2, f"vmctl: unknown request {verb}\n")

    def _sequence(self, ident, commands, as_json):
        """Run QMP commands one after the other; an error ends the sequence."""
        results = []

        def step(answer=None):
            if answer is not None and "error" in answer:
                error = answer["error"]
                self._answer(ident, 1, f"{error.get('class')}: {error.get('desc')}\n")
                return
            if answer is not None:
                value = answer.get("return")
                results.append(json.dumps(value) + "\n" if as_json
                               else value.replace("\r\n", "\n"))
            if not commands:
                self._answer(ident, 0, "".join(results))
                return
            command = commands.pop(0)
            if command.get("execute") == "rig-sleep":
                self._sleep(command, step)
            elif command.get("execute") == "rig-migrate":
                Migration(self, step).start()
            elif command.get("execute") == "rig-crash":
                self.guest.will_crash()
                step({"return": {}})
            else:
                self.qmp.execute(command, step)
        step()

    def _sleep(self, command, step):
        try:
            seconds = float(command.get("arguments", {}).get("seconds", 1))
        except (TypeError, ValueError):
            step(_error("rig-sleep: seconds: not a number"))
            return
        self.after(seconds, lambda: step({"return": {}}))

    def after(self, seconds, call):
        """Have something called in a while."""
        end = time.monotonic() + seconds

        def poll():
            if time.monotonic() < end:
                return False
            call()
            return True
        self.session.jobs.append(poll)


class Migration:
    """Lets another QEMU go on with the guest, from all that this one knows of it."""

    def __init__(self, requests, done):
        self.requests = requests
        self.qmp = requests.qmp
        self.done = done

    def start(self):
        """Begin; done(answer) is called when the guest runs again, or goes on running."""
        uri = self.requests.host.migrate_uri
        if uri is None:
            self.done(_error("rig-migrate: only with --host nested"))
            return
        self.qmp.execute({"execute": "migrate", "arguments": {"uri": uri}}, self._begun)

    def _begun(self, answer):
        if "error" in answer:
            self.done(answer)
        else:
            self._ask("query-migrate", self._asked)

    def _ask(self, what, callback):
        self.requests.after(0.5, lambda: self.qmp.execute({"execute": what}, callback))

    def _asked(self, answer):
        status = answer.get("return", {}).get("status")
        if status in ("failed", "cancelled") or "error" in answer:
            self.done(_error(f"rig-migrate: {json.dumps(answer)}"))
        elif status == "completed":
            self.qmp.execute({"execute": "quit"}, lambda _answer: None)
            self.qmp.expect_another()
            self._ask("query-status", self._goes_on)
        else:
            self._ask("query-migrate", self._asked)

    def _goes_on(self, answer):
        if "error" in answer:
            self.done(answer)
        elif answer.get("return", {}).get("running"):
            self.done({"return": {}})
        else:
            self._ask("query-status", self._goes_on)


def _error(text):
    return {"error": {"class": "GenericError", "desc": text}}
