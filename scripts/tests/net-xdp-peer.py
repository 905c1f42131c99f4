# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of net-xdp.sh: sends datagrams and counts what becomes of them.

    PORT COUNT          prints how many came back as they were sent
    PORT COUNT ADDRESS  prints how many came out of the interface with that address
"""

import socket
import subprocess
import sys
import time

PATIENCE = 60.0


def interface(address):
    """Return the name of the interface that has this address."""
    text = subprocess.run(["ip", "-o", "-4", "addr"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return [line.split()[1] for line in text.splitlines() if f" {address}/" in line][0]


def payload(number):
    """Return what datagram NUMBER carries: they have many lengths, around 128 bytes too."""
    return f"{number:08}".encode() * (1 + number % 170)


def main():
    """Send each datagram until it comes, or for as long as is bearable."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("10.77.0.2", port))
    catcher = sender
    if len(sys.argv) > 3:
        catcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        catcher.bind((interface(sys.argv[3]), 0))
    catcher.settimeout(2)
    came = 0
    end = time.monotonic() + PATIENCE
    while came < count and time.monotonic() < end:
        want = payload(came)
        sender.send(want)
        try:
            data = catcher.recv(65536)
            while catcher is not sender and not data.endswith(want):
                data = catcher.recv(65536)
        except OSError:
            continue
        came += data.endswith(want) and (catcher is not sender or data == want)
    print(came)


main()
