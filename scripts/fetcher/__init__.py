# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of other Debian releases, with their compilers."""
