# SPDX-License-Identifier: GPL-2.0-only
"""The cases of scripts/check, one file a kind, and what runs them."""
