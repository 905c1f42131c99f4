/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_PARAMS_H
#define _VBLK_PARAMS_H

unsigned int vblk_param_queue_depth(void);
unsigned int vblk_param_request_queues(void);
unsigned int vblk_param_poll_queues(void);

#endif
