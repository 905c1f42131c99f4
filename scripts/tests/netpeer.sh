#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# One client of the host's side of the tests of virtio_net, where there is no Python: what net-peer.py
# does, with the numbers from 1 for data. Busybox runs it, the socket is its input and output.

read -r verb bytes || exit 1
case $verb in
pull)
	seq 999999999 2> /dev/null | head -c "$bytes" | tee "/run/peer.$$"
	sum=$(sha256sum < "/run/peer.$$")
	rm "/run/peer.$$"
	;;
push)
	sum=$(head -c "$bytes" | sha256sum)
	;;
esac
echo "${sum%% *}"
