/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_FILTER_H
#define _KGD_LINUX_FILTER_H

#include_next <linux/filter.h>
#include <kgd/config.h>

/* Whether a program takes packets of several buffers. */
#ifdef KGD_HAVE_XDP_FRAGS
#define bpf_prog_has_xdp_frags(prog)	((prog)->aux->xdp_has_frags)
#else
#define bpf_prog_has_xdp_frags(prog)	((void)(prog), false)
#endif

#ifndef KGD_HAVE_XDP_WARN_ACTION

#define bpf_warn_invalid_xdp_action(dev, prog, act)			\
	((void)(dev), (void)(prog), bpf_warn_invalid_xdp_action(act))

/*
 * Before v5.14 694cea395fde maps ask for the lock by name; that bottom halves are disabled,
 * which protects as well, does not do.
 */
static inline u32 kgd_bpf_prog_run_xdp(const struct bpf_prog *prog, struct xdp_buff *xdp)
{
	u32 act;

	rcu_read_lock();
	act = bpf_prog_run_xdp(prog, xdp);
	rcu_read_unlock();
	return act;
}

#define bpf_prog_run_xdp kgd_bpf_prog_run_xdp

#endif

/*
 * A driver writes an operation that leaves what was not sent to its caller, and names it
 * twice: NDO_XDP_XMIT(fn); and .ndo_xdp_xmit = ndo_xdp_xmit_op(fn).
 */
#ifdef KGD_HAVE_XDP_XMIT_KEEPS
#define NDO_XDP_XMIT(fn)	static_assert(__same_type(fn, fn))
#define ndo_xdp_xmit_op(fn)	fn
#else
#include <net/xdp.h>
#define NDO_XDP_XMIT(fn)						\
static int kgd_##fn(struct net_device *dev, int n,			\
		    struct xdp_frame **frames, u32 flags)		\
{									\
	int i, sent = fn(dev, n, frames, flags);			\
									\
	for (i = sent; sent >= 0 && i < n; i++)				\
		xdp_return_frame_rx_napi(frames[i]);			\
	return sent;							\
}									\
struct xdp_frame
#define ndo_xdp_xmit_op(fn)	kgd_##fn
#endif

#endif
