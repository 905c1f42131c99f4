# SPDX-License-Identifier: GPL-2.0-only
"""Unit tests of scripts/balloon-balance; scripts/check host/balance runs them."""
