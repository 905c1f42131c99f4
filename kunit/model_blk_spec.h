/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block device in numbers, as the specification has it (virtio 1.3, 5.2). The
 * kernel's own header is not used: older ones lack half of it, and the model is to
 * check the driver against the text, not against the header that the driver uses.
 */
#ifndef KGD_MODEL_BLK_SPEC_H
#define KGD_MODEL_BLK_SPEC_H

#include <linux/types.h>
#include <linux/virtio_types.h>

/* Feature bits (5.2.3) */
#define BM_F_SIZE_MAX		1
#define BM_F_SEG_MAX		2
#define BM_F_GEOMETRY		4
#define BM_F_RO			5
#define BM_F_BLK_SIZE		6
#define BM_F_FLUSH		9
#define BM_F_TOPOLOGY		10
#define BM_F_CONFIG_WCE		11
#define BM_F_MQ			12
#define BM_F_DISCARD		13
#define BM_F_WRITE_ZEROES	14
#define BM_F_LIFETIME		15
#define BM_F_SECURE_ERASE	16
#define BM_F_ZONED		17

/* Types of requests (5.2.6) */
#define BM_T_IN			0
#define BM_T_OUT		1
#define BM_T_FLUSH		4
#define BM_T_GET_ID		8
#define BM_T_GET_LIFETIME	10
#define BM_T_DISCARD		11
#define BM_T_WRITE_ZEROES	13
#define BM_T_SECURE_ERASE	14
#define BM_T_ZONE_APPEND	15
#define BM_T_ZONE_REPORT	16
#define BM_T_ZONE_OPEN		18
#define BM_T_ZONE_CLOSE		20
#define BM_T_ZONE_FINISH	22
#define BM_T_ZONE_RESET		24
#define BM_T_ZONE_RESET_ALL	26
#define BM_T_NR			27

/* Status (5.2.6) */
#define BM_S_OK			0
#define BM_S_IOERR		1
#define BM_S_UNSUPP		2
#define BM_S_ZONE_INVALID_CMD	3
#define BM_S_ZONE_UNALIGNED_WP	4
#define BM_S_ZONE_OPEN_RESOURCE	5
#define BM_S_ZONE_ACTIVE_RESOURCE 6

/* Zones (5.2.4, 5.2.6) */
#define BM_Z_NONE		0
#define BM_Z_HM			1
#define BM_Z_HA			2

#define BM_ZT_CONV		1
#define BM_ZT_SWR		2
#define BM_ZT_SWP		3

#define BM_ZS_NOT_WP		0
#define BM_ZS_EMPTY		1
#define BM_ZS_IOPEN		2
#define BM_ZS_EOPEN		3
#define BM_ZS_CLOSED		4
#define BM_ZS_RDONLY		13
#define BM_ZS_FULL		14
#define BM_ZS_OFFLINE		15

#define BM_SECTOR_SHIFT		9
#define BM_SECTOR		512
#define BM_ID_BYTES		20
#define BM_FLAG_UNMAP		1

/* Configuration (5.2.4); a legacy device has it in the byte order of the guest. */
struct bm_config {
	__virtio64 capacity;
	__virtio32 size_max;
	__virtio32 seg_max;
	__virtio16 cylinders;
	u8 heads;
	u8 sectors;
	__virtio32 blk_size;
	u8 physical_block_exp;
	u8 alignment_offset;
	__virtio16 min_io_size;
	__virtio32 opt_io_size;
	u8 writeback;
	u8 unused0;
	__virtio16 num_queues;
	__virtio32 max_discard_sectors;
	__virtio32 max_discard_seg;
	__virtio32 discard_sector_alignment;
	__virtio32 max_write_zeroes_sectors;
	__virtio32 max_write_zeroes_seg;
	u8 write_zeroes_may_unmap;
	u8 unused1[3];
	__virtio32 max_secure_erase_sectors;
	__virtio32 max_secure_erase_seg;
	__virtio32 secure_erase_sector_alignment;
	__virtio32 zone_sectors;
	__virtio32 max_open_zones;
	__virtio32 max_active_zones;
	__virtio32 max_append_sectors;
	__virtio32 write_granularity;
	u8 zone_model;
	u8 unused2[3];
};

/* Start of each request (5.2.6) */
struct bm_hdr {
	__virtio32 type;
	__virtio32 reserved;
	__virtio64 sector;
};

/* Data of discard, write zeroes and secure erase (5.2.6): little endian always */
struct bm_range {
	__le64 sector;
	__le32 num_sectors;
	__le32 flags;
};

/* Data of GET_LIFETIME (5.2.6) */
struct bm_lifetime {
	__le16 pre_eol_info;
	__le16 est_typ_a;
	__le16 est_typ_b;
};

/* Answer of ZONE_REPORT (5.2.6) */
struct bm_zone_report {
	__le64 nr_zones;
	u8 reserved[56];
};

struct bm_zone_desc {
	__le64 z_cap;
	__le64 z_start;
	__le64 z_wp;
	u8 z_type;
	u8 z_state;
	u8 reserved[38];
};

static_assert(sizeof(struct bm_config) == 96);
static_assert(sizeof(struct bm_hdr) == 16);
static_assert(sizeof(struct bm_range) == 16);
static_assert(sizeof(struct bm_lifetime) == 6);
static_assert(sizeof(struct bm_zone_report) == 64);
static_assert(sizeof(struct bm_zone_desc) == 64);

#endif /* KGD_MODEL_BLK_SPEC_H */
