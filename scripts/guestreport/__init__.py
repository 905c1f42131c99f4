# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/kvm-guest-report is made of."""
