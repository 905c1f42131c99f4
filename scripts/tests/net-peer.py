# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of the tests of virtio_net: sends and receives data and says its sum.

Runs in the background until the guest is gone. A client sends "pull BYTES" and gets
that many bytes and, in a line of its own, their SHA-256; or it sends "push BYTES", then
the bytes, and gets their SHA-256.
"""

import hashlib
import os
import random
import socketserver
import sys

PORT = 7077
CHUNK = 1 << 16


class Peer(socketserver.StreamRequestHandler):
    """One transfer."""

    def handle(self):
        """Do what the client asks for."""
        verb, count = self.rfile.readline().split()
        digest = hashlib.sha256()
        left = int(count)
        source = random.Random(left)
        while left:
            if verb == b"pull":
                data = source.randbytes(min(left, CHUNK))
                self.wfile.write(data)
            else:
                data = self.rfile.read(min(left, CHUNK))
                if not data:
                    break
            digest.update(data)
            left -= len(data)
        self.wfile.write(digest.hexdigest().encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    """Serves any number of clients at a time."""

    allow_reuse_address = True
    daemon_threads = True


def main():
    """Serve in the background, from the moment the caller goes on."""
    server = Server(("", PORT), Peer)
    if os.fork():
        sys.stdout.flush()
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    server.serve_forever()


main()
