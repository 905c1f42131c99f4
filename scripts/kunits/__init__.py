# SPDX-License-Identifier: GPL-2.0-only
"""Builds kernels with KUnit, boots them, runs suites and fuzzers, reads the results."""
