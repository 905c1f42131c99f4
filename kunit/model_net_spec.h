/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network device as the specification has it (virtio 1.3, 5.1), in names of our
 * own: what the model checks does not depend on what a kernel's headers say.
 */
#ifndef KGD_MODEL_NET_SPEC_H
#define KGD_MODEL_NET_SPEC_H

#include <linux/bits.h>
#include <linux/types.h>

/* Feature bits, 5.1.3 */
#define NM_F_CSUM		BIT_ULL(0)
#define NM_F_GUEST_CSUM		BIT_ULL(1)
#define NM_F_CTRL_GUEST_OFFLOADS BIT_ULL(2)
#define NM_F_MTU		BIT_ULL(3)
#define NM_F_MAC		BIT_ULL(5)
#define NM_F_GSO		BIT_ULL(6)
#define NM_F_GUEST_TSO4		BIT_ULL(7)
#define NM_F_GUEST_TSO6		BIT_ULL(8)
#define NM_F_GUEST_ECN		BIT_ULL(9)
#define NM_F_GUEST_UFO		BIT_ULL(10)
#define NM_F_HOST_TSO4		BIT_ULL(11)
#define NM_F_HOST_TSO6		BIT_ULL(12)
#define NM_F_HOST_ECN		BIT_ULL(13)
#define NM_F_HOST_UFO		BIT_ULL(14)
#define NM_F_MRG_RXBUF		BIT_ULL(15)
#define NM_F_STATUS		BIT_ULL(16)
#define NM_F_CTRL_VQ		BIT_ULL(17)
#define NM_F_CTRL_RX		BIT_ULL(18)
#define NM_F_CTRL_VLAN		BIT_ULL(19)
#define NM_F_CTRL_RX_EXTRA	BIT_ULL(20)
#define NM_F_GUEST_ANNOUNCE	BIT_ULL(21)
#define NM_F_MQ			BIT_ULL(22)
#define NM_F_CTRL_MAC_ADDR	BIT_ULL(23)
#define NM_F_DEVICE_STATS	BIT_ULL(50)
#define NM_F_HASH_TUNNEL	BIT_ULL(51)
#define NM_F_VQ_NOTF_COAL	BIT_ULL(52)
#define NM_F_NOTF_COAL		BIT_ULL(53)
#define NM_F_GUEST_USO4		BIT_ULL(54)
#define NM_F_GUEST_USO6		BIT_ULL(55)
#define NM_F_HOST_USO		BIT_ULL(56)
#define NM_F_HASH_REPORT	BIT_ULL(57)
#define NM_F_GUEST_HDRLEN	BIT_ULL(59)
#define NM_F_RSS		BIT_ULL(60)
#define NM_F_RSC_EXT		BIT_ULL(61)
#define NM_F_STANDBY		BIT_ULL(62)
#define NM_F_SPEED_DUPLEX	BIT_ULL(63)

/* Of all devices, 6 */
#define NM_F_ANY_LAYOUT		BIT_ULL(27)
#define NM_F_INDIRECT		BIT_ULL(28)
#define NM_F_EVENT_IDX		BIT_ULL(29)
#define NM_F_VERSION_1		BIT_ULL(32)
#define NM_F_RING_PACKED	BIT_ULL(34)
#define NM_F_RING_RESET		BIT_ULL(40)

#define NM_F_GUEST_GSO		(NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_UFO | \
				 NM_F_GUEST_USO4 | NM_F_GUEST_USO6)
#define NM_F_GUEST_OFFLOADS	(NM_F_GUEST_CSUM | NM_F_GUEST_ECN | NM_F_GUEST_GSO)

/* 5.1.4 */
struct nm_config {
	u8 mac[6];
	__le16 status;
	__le16 max_pairs;
	__le16 mtu;
	__le32 speed;
	u8 duplex;
	u8 rss_max_key_size;
	__le16 rss_max_table;
	__le32 hash_types;
	__le32 tunnel_types;
} __packed;

#define NM_S_LINK_UP		1
#define NM_S_ANNOUNCE		2

#define NM_PAIRS_MIN		1
#define NM_PAIRS_MAX		0x8000

/* 5.1.6; the legacy interface has these fields in the byte order of the guest */
struct nm_wire_hdr {
	u8 flags;
	u8 gso_type;
	__virtio16 hdr_len;
	__virtio16 gso_size;
	__virtio16 csum_start;
	__virtio16 csum_offset;
	__virtio16 num_buffers;
	__le32 hash_value;
	__le16 hash_report;
	__le16 padding;
} __packed;

#define NM_HDR_LEN_LEGACY	10
#define NM_HDR_LEN		12
#define NM_HDR_LEN_HASH		20

#define NM_HDR_NEEDS_CSUM	1
#define NM_HDR_DATA_VALID	2
#define NM_HDR_RSC_INFO		4

#define NM_GSO_NONE		0
#define NM_GSO_TCPV4		1
#define NM_GSO_UDP		3
#define NM_GSO_TCPV6		4
#define NM_GSO_UDP_L4		5
#define NM_GSO_ECN		0x80

/* 5.1.6.3.1: Ethernet header and the largest packet that goes with it */
#define NM_FRAME_SMALL		1514
#define NM_FRAME_BIG		65589

/* 5.1.6.4.4; VIRTIO_NET_HASH_TYPE_x is 1 << (report - 1) */
enum nm_hash_report {
	NM_HASH_NONE,
	NM_HASH_IPV4,
	NM_HASH_TCPV4,
	NM_HASH_UDPV4,
	NM_HASH_IPV6,
	NM_HASH_TCPV6,
	NM_HASH_UDPV6,
	NM_HASH_IPV6_EX,
	NM_HASH_TCPV6_EX,
	NM_HASH_UDPV6_EX,
};

#define NM_HASH_TYPE(report)	BIT((report) - 1)
#define NM_HASH_TYPES		GENMASK(8, 0)
#define NM_KEY_MIN		40
#define NM_TABLE_MIN		128

/* 5.1.6.5 */
enum nm_class {
	NM_CTRL_RX,
	NM_CTRL_MAC,
	NM_CTRL_VLAN,
	NM_CTRL_ANNOUNCE,
	NM_CTRL_MQ,
	NM_CTRL_OFFLOADS,
	NM_CTRL_COAL,
	NM_CTRL_HASH_TUNNEL,
	NM_CTRL_STATS,
	NM_CTRL_CLASSES,
};

#define NM_OK			0
#define NM_ERR			1

#define NM_RX_PROMISC		0
#define NM_RX_ALLMULTI		1
#define NM_RX_ALLUNI		2
#define NM_RX_NOMULTI		3
#define NM_RX_NOUNI		4
#define NM_RX_NOBCAST		5
#define NM_RX_MODES		6

#define NM_MAC_TABLE_SET	0
#define NM_MAC_ADDR_SET		1

#define NM_VLAN_ADD		0
#define NM_VLAN_DEL		1

#define NM_ANNOUNCE_ACK		0

#define NM_MQ_PAIRS_SET		0
#define NM_MQ_RSS_CONFIG	1
#define NM_MQ_HASH_CONFIG	2

#define NM_OFFLOADS_SET		0

#define NM_COAL_TX_SET		0
#define NM_COAL_RX_SET		1
#define NM_COAL_VQ_SET		2
#define NM_COAL_VQ_GET		3

#define NM_STATS_QUERY		0
#define NM_STATS_GET		1

struct nm_wire_coal {
	__le32 packets;
	__le32 usecs;
} __packed;

struct nm_wire_coal_vq {
	__le16 vq;
	__le16 reserved;
	struct nm_wire_coal coal;
} __packed;

struct nm_wire_stats_get {
	__le16 vq;
	__le16 reserved[3];
	__le64 types;
} __packed;

struct nm_wire_stats_hdr {
	u8 type;
	u8 reserved;
	__le16 vq;
	__le16 reserved1;
	__le16 size;
} __packed;

/* Numbers of the replies; the bit of a type is 1 << number. */
enum nm_stats_type {
	NM_STATS_RX_BASIC = 0,
	NM_STATS_RX_CSUM = 1,
	NM_STATS_RX_GSO = 2,
	NM_STATS_RX_SPEED = 3,
	NM_STATS_TX_BASIC = 16,
	NM_STATS_TX_CSUM = 17,
	NM_STATS_TX_GSO = 18,
	NM_STATS_TX_SPEED = 19,
	NM_STATS_CVQ = 32,
};

#endif /* KGD_MODEL_NET_SPEC_H */
