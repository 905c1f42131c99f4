# SPDX-License-Identifier: GPL-2.0-only
"""Tests of kvm-guest-report on made-up systems."""
