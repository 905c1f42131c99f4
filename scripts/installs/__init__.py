# SPDX-License-Identifier: GPL-2.0-only
"""The packages in a whole Debian: installed, upgraded, removed, rescued."""
