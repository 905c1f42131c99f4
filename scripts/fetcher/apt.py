# SPDX-License-Identifier: GPL-2.0-only
"""An apt of our own: other suites are never added to that of the machine.

Sources, lists, packages and status are in one folder, which is thrown away. Of the
machine's configuration only how to reach the network is taken (proxies, certificates).
"""

import os
import pathlib
import re
import subprocess

from rig.common import RigError

KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UNREACHABLE = re.compile(r"Could not (resolve|connect)|Cannot initiate|Unable to connect|"
                         r"Temporary failure|Connection (failed|timed out|refused)|"
                         r"Network is unreachable|No route to host|Failed to fetch|"
                         r"does not have a Release file", re.I)
# Never to be taken for a network that is down.
WRONG = re.compile(r"not signed|signature|NO_PUBKEY|Hash Sum|unexpected size", re.I)
TIMEOUT, RETRIES = 60, 3
UPDATE_LIMIT, DOWNLOAD_LIMIT = 1800, 7200       # seconds, for the slowest of networks


class NoNetwork(RigError):
    """The servers, or the suites on them, cannot be reached; all else is a RigError."""


def network_settings():
    """Return the machine's settings of proxies and the like, as lines of a configuration."""
    done = subprocess.run(("apt-config", "dump", "--no-empty", "Acquire"), check=True, text=True,
                          stdout=subprocess.PIPE)
    return [line for line in done.stdout.splitlines()
            if re.match(r"Acquire::(https?|ftp|proxy)\b", line, re.I)]


def patience():
    """Return what to wait for, and how long, as lines of a configuration."""
    return [f'Acquire::Retries "{RETRIES}";', f'Acquire::http::Timeout "{TIMEOUT}";',
            f'Acquire::https::Timeout "{TIMEOUT}";',
            # What is signed is checked. That an archive is no longer renewed, as that of an
            # old release or a frozen mirror, does not matter to a test.
            'Acquire::Check-Valid-Until "false";']


class Apt:
    """What a few suites hold, in a folder."""

    def __init__(self, folder, host, suites, foreign=()):
        if not KEYRING.exists():
            raise RigError(f"{KEYRING} is not here: install debian-archive-keyring")
        self.folder = folder
        self.names = " and ".join(suite for _, suite in suites)
        self.packages = folder / "cache" / "archives"
        for name in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d",
                     "etc/preferences.d"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text("".join(
            f"deb [signed-by={KEYRING}] {host}/{archive} {suite} main\n"
            for archive, suite in suites), encoding="ascii")
        (folder / "apt.conf").write_text("\n".join((
            *network_settings(),
            f'Dir "{folder}";', 'Dir::State "state";', f'Dir::State::status "{folder}/status";',
            'Dir::Cache "cache";', 'Dir::Etc "etc";', 'Dir::Etc::TrustedParts "/dev/null";',
            f'Dir::Etc::SourceList "{folder}/sources.list";', 'Dir::Etc::SourceParts "-";',
            'APT::Architecture "amd64";',
            *(f'APT::Architectures:: "{arch}";' for arch in ("amd64", *foreign)),
            'APT::Install-Recommends "false";', 'APT::Sandbox::User "";',
            'Acquire::Languages "none";', *patience(),
            'APT::Update::Error-Mode "any";', "")), encoding="ascii")
        self._env = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C",
                     "DEBIAN_FRONTEND": "noninteractive"}

    def _call(self, *command, limit=UPDATE_LIMIT):
        try:
            done = subprocess.run(command, check=False, text=True, errors="replace",
                                  cwd=self.packages, env=self._env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit)
        except subprocess.TimeoutExpired:
            raise NoNetwork(f"{' '.join(command[:2])} took more than {limit} s") from None
        if done.returncode:
            wrong = [line for line in done.stderr.splitlines() if line.startswith("E: ")] or \
                done.stderr.splitlines()
            unreachable = [line for line in wrong if UNREACHABLE.search(line)]
            kind = NoNetwork if unreachable and not WRONG.search(done.stderr) else RigError
            raise kind(f"{self.names}: {(unreachable or wrong or ['no word of why'])[0][:300]}")
        return done.stdout

    def update(self):
        """Read the lists of packages, and check who signed them."""
        self._call("apt-get", "-q", "update")

    def names_of(self, prefix):
        """Return the names of packages that begin with a text."""
        return [name.partition(":")[0]
                for name in self._call("apt-cache", "pkgnames", prefix).split()]

    def version(self, package):
        """Return the version that would be fetched."""
        told = self._call("apt-cache", "--no-all-versions", "show", package)
        match = re.search(r"^Version: (\S+)$", told, re.M)
        if not match:
            raise RigError(f"{self.names}: no version of {package}")
        return match[1]

    def fetch(self, packages, closure):
        """Fetch packages, and with a closure all that they need; return the files."""
        verb = ("-y", "--download-only", "install") if closure else ("download",)
        self._call("apt-get", "-q", *verb, *packages, limit=DOWNLOAD_LIMIT)
        return sorted(self.packages.glob("*.deb"))
