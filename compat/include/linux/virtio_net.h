/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_VIRTIO_NET_H
#define _KGD_LINUX_VIRTIO_NET_H

#include_next <linux/virtio_net.h>
#include <kgd/config.h>

/* What the counters of a queue are called is ABI, and v6.10 changed it in the
 * series that brought device statistics, and totals over all queues: each
 * kernel gets the names its own driver has.
 */
#ifdef VIRTIO_NET_F_DEVICE_STATS
#define KGD_VIRTIO_NET_STAT_QUEUE(dir) dir "%u_%s"
#define KGD_VIRTIO_NET_STAT_RX_TOTAL "rx_%s"
#define KGD_VIRTIO_NET_STAT_TX_TOTAL "tx_%s"
#else
#define KGD_VIRTIO_NET_STAT_QUEUE(dir) dir "_queue_%u_%s"
#define KGD_VIRTIO_NET_STAT_RX_TOTAL ""
#define KGD_VIRTIO_NET_STAT_TX_TOTAL ""
#endif

/* v6.2: virtio_net_hdr_to_skb() takes segmented UDP since the type has a name. */
#ifdef VIRTIO_NET_HDR_GSO_UDP_L4
#define KGD_VIRTIO_NET_HDR_USO		1
#else
#define KGD_VIRTIO_NET_HDR_USO		0
#endif

/* v6.1, v6.2, v6.4, v6.6, v6.10: facts of the specification. */
#ifndef VIRTIO_NET_F_NOTF_COAL
#define VIRTIO_NET_F_NOTF_COAL		53
#endif
#ifndef VIRTIO_NET_F_GUEST_USO4
#define VIRTIO_NET_F_GUEST_USO4		54
#endif
#ifndef VIRTIO_NET_F_GUEST_USO6
#define VIRTIO_NET_F_GUEST_USO6		55
#endif
#ifndef VIRTIO_NET_F_HOST_USO
#define VIRTIO_NET_F_HOST_USO		56
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif
#ifndef VIRTIO_NET_F_GUEST_HDRLEN
#define VIRTIO_NET_F_GUEST_HDRLEN	59
#endif
#ifndef VIRTIO_NET_F_VQ_NOTF_COAL
#define VIRTIO_NET_F_VQ_NOTF_COAL	52
#endif
#ifndef VIRTIO_NET_F_DEVICE_STATS
#define VIRTIO_NET_F_DEVICE_STATS	50
#define VIRTIO_NET_CTRL_STATS		8
#define VIRTIO_NET_CTRL_STATS_QUERY	0
#define VIRTIO_NET_CTRL_STATS_GET	1
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC	0
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM	1
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO	2
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_SPEED	3
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC	16
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_CSUM	17
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO	18
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_SPEED	19
#define VIRTIO_NET_STATS_TYPE_REPLY_CVQ		32

struct virtio_net_stats_reply_hdr {
	__u8 type;
	__u8 reserved;
	__le16 vq_index;
	__le16 reserved1;
	__le16 size;
};
#endif

#ifndef KGD_HAVE_NET_HDR_HASH_HALVES
/* The layout is the same but for the alignment: that of a header without a hash. */
struct kgd_virtio_net_hdr_v1_hash {
	struct virtio_net_hdr_v1 hdr;
	__le16 hash_value_lo;
	__le16 hash_value_hi;
	__le16 hash_report;
	__le16 padding;
};

static_assert(sizeof(struct kgd_virtio_net_hdr_v1_hash) == sizeof(struct virtio_net_hdr_v1_hash));
#define virtio_net_hdr_v1_hash kgd_virtio_net_hdr_v1_hash
#endif

#endif
