// SPDX-License-Identifier: GPL-2.0-only
#include "pvclock_host.c"
