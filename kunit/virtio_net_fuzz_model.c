// SPDX-License-Identifier: GPL-2.0-only
/* The model of the suites; an object can be part of one module only. */
#include "model_net.c"
#include "model_net_ctrl.c"
#include "model_net_mq.c"
#include "model_net_pkt.c"
#include "model_net_rx.c"
#include "model_net_stats.c"
#include "model_net_tx.c"
