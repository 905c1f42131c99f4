# SPDX-License-Identifier: GPL-2.0-only
"""The test rig: boots stock kernels in QEMU and runs commands in them."""
