# SPDX-License-Identifier: GPL-2.0-only
"""The benchmarks behind scripts/bench."""
