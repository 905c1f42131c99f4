/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VBLK_PARAMS_H
#define _VBLK_PARAMS_H

unsigned int vblk_param_queue_depth(void);
unsigned int vblk_param_request_queues(void);
unsigned int vblk_param_poll_queues(void);
unsigned int vblk_param_io_timeout(void);
unsigned int vblk_param_timeout_action(void);
unsigned int vblk_param_reset_timeout(void);

/* Indices are enum vblk_action. */
extern const char * const vblk_action_names[];

int vblk_parse_io_timeout(const char *val, unsigned int *seconds);
int vblk_parse_reset_timeout(const char *val, unsigned int *seconds);
int vblk_parse_action(const char *val, unsigned int *action);

#endif
