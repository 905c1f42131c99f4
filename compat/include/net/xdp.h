/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_NET_XDP_H
#define _KGD_NET_XDP_H

#include_next <net/xdp.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_XDP_FEATURES
/* Nobody asks an older kernel. */
#define NETDEV_XDP_ACT_BASIC		1
#define NETDEV_XDP_ACT_REDIRECT		2
#define NETDEV_XDP_ACT_NDO_XMIT		4
#define NETDEV_XDP_ACT_RX_SG		32
#define NETDEV_XDP_ACT_NDO_XMIT_SG	64

static inline void kgd_xdp_set_features_flag(struct net_device *dev, u32 features)
{
}

#define xdp_set_features_flag kgd_xdp_set_features_flag
#endif

#ifndef KGD_HAVE_XDP_INIT_BUFF

static inline void kgd_xdp_init_buff(struct xdp_buff *xdp, u32 size, struct xdp_rxq_info *rxq)
{
	xdp->frame_sz = size;
	xdp->rxq = rxq;
}

static inline void kgd_xdp_prepare_buff(struct xdp_buff *xdp, unsigned char *hard_start,
					int headroom, int len, bool meta_valid)
{
	unsigned char *data = hard_start + headroom;

	xdp->data_hard_start = hard_start;
	xdp->data = data;
	xdp->data_end = data + len;
	xdp->data_meta = meta_valid ? data : data + 1;
}

#define xdp_init_buff kgd_xdp_init_buff
#define xdp_prepare_buff kgd_xdp_prepare_buff

#endif

#ifndef KGD_HAVE_XDP_RXQ_FRAG_SIZE

static inline int kgd_xdp_rxq_info_reg(struct xdp_rxq_info *rxq, struct net_device *dev,
				       u32 queue, unsigned int napi_id, u32 frag_size)
{
	return xdp_rxq_info_reg(rxq, dev, queue);
}

#define __xdp_rxq_info_reg kgd_xdp_rxq_info_reg

#endif

#ifndef KGD_HAVE_XDP_FRAGS

/* No packet ever has more than one buffer. */
static inline bool kgd_xdp_buff_has_frags(const struct xdp_buff *xdp)
{
	return false;
}

static inline void kgd_xdp_buff_set_frags_flag(struct xdp_buff *xdp)
{
}

static inline bool kgd_xdp_frame_has_frags(const struct xdp_frame *frame)
{
	return false;
}

static inline unsigned int kgd_xdp_get_buff_len(const struct xdp_buff *xdp)
{
	return xdp->data_end - xdp->data;
}

static inline unsigned int kgd_xdp_get_frame_len(const struct xdp_frame *frame)
{
	return frame->len;
}

#define xdp_buff_has_frags kgd_xdp_buff_has_frags
#define xdp_buff_set_frags_flag kgd_xdp_buff_set_frags_flag
#define xdp_frame_has_frags kgd_xdp_frame_has_frags
#define xdp_get_buff_len kgd_xdp_get_buff_len
#define xdp_get_frame_len kgd_xdp_get_frame_len

#endif

#ifndef KGD_HAVE_PAGE_POOL_FRAGMENT

/* See <kgd/page_pool.h>: to give back a frame is to put a reference of its page. */
static inline int kgd_xdp_rxq_info_reg_mem_model(struct xdp_rxq_info *rxq,
						 enum xdp_mem_type type, void *allocator)
{
	if (type == MEM_TYPE_PAGE_POOL)
		return xdp_rxq_info_reg_mem_model(rxq, MEM_TYPE_PAGE_SHARED, NULL);
	return xdp_rxq_info_reg_mem_model(rxq, type, allocator);
}

#define xdp_rxq_info_reg_mem_model kgd_xdp_rxq_info_reg_mem_model

#endif

#endif
