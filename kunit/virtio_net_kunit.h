/* SPDX-License-Identifier: GPL-2.0-only */
/* What the suites of virtio_net share. */
#ifndef KGD_VIRTIO_NET_KUNIT_H
#define KGD_VIRTIO_NET_KUNIT_H

#include <kunit/test.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "model_net.h"

/* How long something may take that should happen at once: the machine may be slow. */
#define NT_MS		10000

/* Frames of the tests: local experimental Ethertype. */
#define NT_ETHERTYPE	0x88b5

/* What QEMU's device offers without offloads, and the offloads. */
#define NT_BASE		(NM_F_MAC | NM_F_STATUS | NM_F_CTRL_VQ | NM_F_CTRL_RX | NM_F_CTRL_VLAN | \
			 NM_F_CTRL_MAC_ADDR | NM_F_GUEST_ANNOUNCE | NM_F_SPEED_DUPLEX)
#define NT_TX_OFFLOADS	(NM_F_CSUM | NM_F_HOST_TSO4 | NM_F_HOST_TSO6 | NM_F_HOST_ECN)
#define NT_RX_OFFLOADS	(NM_F_GUEST_CSUM | NM_F_GUEST_TSO4 | NM_F_GUEST_TSO6 | NM_F_GUEST_ECN | \
			 NM_F_CTRL_GUEST_OFFLOADS)
#define NT_MODERN	(NT_BASE | NM_F_VERSION_1)
#define NT_FULL		(NT_MODERN | NT_TX_OFFLOADS | NT_RX_OFFLOADS | NM_F_MRG_RXBUF | \
			 NM_F_INDIRECT | NM_F_EVENT_IDX)

/**
 * struct nt_setup - a device to run tests on
 * @name: for the log
 * @dev: the device
 */
struct nt_setup {
	const char *name;
	struct nm_params dev;
};

#define NT_MATRIX_LEN	36
#define NT_FEW_LEN	6

extern const struct nt_setup nt_matrix[NT_MATRIX_LEN];
extern const struct nt_setup nt_few[NT_FEW_LEN];

/**
 * struct nt - a running test
 * @test: for the assertions
 * @nm: the device
 * @fv: its transport
 * @dev: the interface, held
 * @handler: received frames come to @rx
 * @rx: received frames, Ethernet header at the MAC header
 * @nr_rx: how many came, kept or not
 * @keep: keep them in @rx
 * @quiet: IPv6 was told to keep quiet
 * @ipv6_off: what was set before
 * @wait: woken by received frames
 * @plug: plugs the device in, of a test that goes on meanwhile
 */
struct nt {
	struct kunit *test;
	struct nm *nm;
	struct fv_device *fv;
	struct net_device *dev;
	bool handler;
	struct sk_buff_head rx;
	atomic_t nr_rx;
	bool keep;
	bool quiet;
	int ipv6_off;
	wait_queue_head_t wait;
	struct work_struct plug;
};

#define NT_EXPECT_SAME(test, a, b, len) KUNIT_EXPECT_EQ(test, memcmp(a, b, len), 0)

#define nt_wait(nt, cond, ms) \
	(wait_event_timeout((nt)->wait, (cond), msecs_to_jiffies(ms)) > 0)

/* virtio_net_kunit_lib.c */
int nt_init(struct kunit *test);
void nt_exit(struct kunit *test);
rx_handler_result_t nt_rx_handler(struct sk_buff **pskb);
void nt_setup_desc(const struct nt_setup *setup, char *desc);
struct nt *nt_model(struct kunit *test, const struct nm_params *params);
struct nt *nt_create(struct kunit *test, const struct nm_params *params);
void nt_adopt(struct nt *nt);
struct nt *nt_start(struct kunit *test, const struct nm_params *params);
void nt_detach(struct nt *nt);
void nt_nap(void);
void nt_settle(struct nt *nt);
int nt_open(struct nt *nt);
void nt_close(struct nt *nt);
bool nt_wait_ready(struct nt *nt);
void nt_expect_clean(struct nt *nt);
void nt_expect_traffic(struct nt *nt);
void nt_expect_numbered(struct nt *nt, unsigned int n);
bool nt_wait_awake(struct nt *nt);
int nt_set_channels(struct nt *nt, unsigned int combined);
int nt_change_mtu(struct nt *nt, unsigned int mtu);
u64 nt_ethtool_stat(struct nt *nt, const char *queue, const char *name);
void nt_stats(struct nt *nt, struct rtnl_link_stats64 *stats);

/* virtio_net_kunit_frame.c */
void nt_fill(u8 *data, unsigned int len, u32 seed);
bool nt_filled(const u8 *data, unsigned int len, u32 seed);
void nt_make_frame(struct nt *nt, u8 *data, unsigned int len, u32 seed);
bool nt_frame_is(struct nt *nt, const u8 *data, unsigned int len, u32 seed);
int nt_live(void);
int nt_send(struct nt *nt, unsigned int pair, unsigned int len, u32 seed);
int nt_send_wait(struct nt *nt, unsigned int pair, unsigned int len, u32 seed);
int nt_send_nonlinear(struct nt *nt, unsigned int pair, unsigned int len, u32 seed);
int nt_send_skb(struct nt *nt, unsigned int pair, struct sk_buff *skb);
int nt_inject(struct nt *nt, unsigned int pair, unsigned int len, u32 seed,
	      const struct nm_hdr *hdr, const struct nm_bad *bad);
int nt_inject_wait(struct nt *nt, unsigned int pair, unsigned int len, u32 seed,
		   const struct nm_hdr *hdr);
struct nm_frame *nt_next_sent(struct nt *nt);
struct sk_buff *nt_next_rx(struct nt *nt);
bool nt_skb_is(struct nt *nt, struct sk_buff *skb, unsigned int len, u32 seed);
bool nt_rx_arrives(struct nt *nt, unsigned int len, u32 seed);

/**
 * struct nt_flow - a TCP or UDP packet to be made
 * @v6: IPv6
 * @udp: UDP
 * @vlan: with a tag
 * @ecn: TCP with CWR
 * @payload: its bytes
 * @gso_size: segment size, 0 without
 */
struct nt_flow {
	bool v6;
	bool udp;
	bool vlan;
	bool ecn;
	unsigned int payload;
	unsigned int gso_size;
};

unsigned int nt_make_packet(struct nt *nt, const struct nt_flow *flow, u8 *data,
			    struct nm_pkt *pkt, bool partial);
struct sk_buff *nt_packet_skb(struct nt *nt, const struct nt_flow *flow);

extern struct kunit_suite nt_suite_base;
extern struct kunit_suite nt_suite_data;
extern struct kunit_suite nt_suite_offload;
extern struct kunit_suite nt_suite_control;
extern struct kunit_suite nt_suite_life;
extern struct kunit_suite nt_suite_devstats;
extern struct kunit_suite nt_suite_fail;
extern struct kunit_suite nt_suite_hostile;
extern struct kunit_suite nt_suite_model;
extern struct kunit_suite nt_suite_recovery;
extern struct kunit_suite nt_suite_rsc;
extern struct kunit_suite nt_suite_rss;
extern struct kunit_suite nt_suite_xdp;

#endif /* KGD_VIRTIO_NET_KUNIT_H */
