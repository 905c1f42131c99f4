# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/balloon-balance is made of; see Documentation/balloon-balance.md."""
