/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model of a network device (virtio 1.3, 5.1) on a fake virtio device.
 *
 * Frames that the driver sends are checked against the specification, and kept for the
 * test, looped back or dropped. Frames to be received come from the test or the loop.
 */
#ifndef KGD_MODEL_NET_H
#define KGD_MODEL_NET_H

#include <linux/bitmap.h>
#include <linux/if_vlan.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "fake_virtio.h"
#include "model_net_spec.h"

#define NM_MAX_PAIRS	((FV_MAX_QUEUES - 1) / 2)
#define NM_MAX_MACS	4096
#define NM_MAX_FRAME	(65535 + 14 + 2 * 4)
#define NM_MAX_KEY	64
#define NM_MAX_TABLE	256
#define NM_LOG_LEN	64

/**
 * struct nm_hdr - header of a frame in the byte order of the CPU
 * @flags: NM_HDR_x
 * @gso_type: NM_GSO_x
 * @hdr_len: bytes of all headers of the frame, a hint
 * @gso_size: most payload of a segment
 * @csum_start: where the checksum begins
 * @csum_offset: where it goes, from @csum_start
 * @num_buffers: as found in a frame that was sent
 */
struct nm_hdr {
	u8 flags;
	u8 gso_type;
	u16 hdr_len;
	u16 gso_size;
	u16 csum_start;
	u16 csum_offset;
	u16 num_buffers;
};

/**
 * struct nm_frame - a frame on the wire
 * @node: in a list of frames
 * @pair: queue pair that it was sent on
 * @hdr: its virtio header
 * @len: bytes of @data
 * @data: from the Ethernet header on
 */
struct nm_frame {
	struct list_head node;
	unsigned int pair;
	struct nm_hdr hdr;
	unsigned int len;
	u8 data[];
};

/**
 * struct nm_bad - what is wrong with a received frame
 * @num_buffers: number of buffers to claim, if @set_buffers
 * @used_len: used length of the buffer @nth to claim, if @set_len
 * @hash_value: to report, if @set_hash
 * @hash_report: what the value was made of, if @set_hash
 * @nth: 0 for the first buffer of the frame
 * @only: complete only so many of the buffers, 0 for all; the others stay posted
 * @set_buffers: see @num_buffers
 * @set_len: see @used_len
 * @set_hash: see @hash_value; only if hashes are reported
 * @lost: the device forgets the buffers, and the frame
 * @unchecked: the header need not be one that was negotiated
 * @plain: what is wrong is all of it: without the mutations of fv_fuzz_start(), if it is
 *	one buffer
 */
struct nm_bad {
	u16 num_buffers;
	u32 used_len;
	u32 hash_value;
	u16 hash_report;
	unsigned int nth;
	unsigned int only;
	bool set_buffers;
	bool set_len;
	bool set_hash;
	bool lost;
	bool unchecked;
	bool plain;
};

/**
 * enum nm_tx - what happens to frames that the driver sends
 * @NM_TX_KEEP: kept for the test, see nm_take_sent()
 * @NM_TX_LOOP: received again, on the same queue pair
 * @NM_TX_BOTH: kept and looped
 * @NM_TX_DROP: counted only
 */
enum nm_tx {
	NM_TX_KEEP,
	NM_TX_LOOP,
	NM_TX_BOTH,
	NM_TX_DROP,
};

/**
 * struct nm_coal - notification coalescing of a queue
 * @packets: as the driver has set it
 * @usecs: as the driver has set it
 */
struct nm_coal {
	u32 packets;
	u32 usecs;
};

/**
 * struct nm_rxq - receive buffers that the device has
 * @bufs: a ring of them
 * @head: oldest
 * @count: how many
 */
struct nm_rxq {
	struct fv_chain **bufs;
	unsigned int head;
	unsigned int count;
};

/**
 * struct nm_count - what happened on a queue, as device statistics have it
 * @packets: frames through
 * @bytes: their bytes
 * @drops: frames dropped
 * @overruns: of these, for want of buffers
 * @malformed: of these, because they were wrong
 * @csum_valid: with DATA_VALID
 * @needs_csum: with NEEDS_CSUM
 * @csum_none: without either
 * @gso_packets: large frames
 * @gso_bytes: their bytes
 * @gso_segments: what they were cut into
 * @gso_seg_bytes: and the bytes of that
 */
struct nm_count {
	u64 packets;
	u64 bytes;
	u64 drops;
	u64 overruns;
	u64 malformed;
	u64 csum_valid;
	u64 needs_csum;
	u64 csum_none;
	u64 gso_packets;
	u64 gso_bytes;
	u64 gso_segments;
	u64 gso_seg_bytes;
};

/**
 * struct nm_rss - receive side scaling, or only the hash
 * @types: NM_HASH_TYPE()s that are on
 * @key_len: bytes of @key
 * @key: of the Toeplitz hash
 * @mask: for @table
 * @unclassified: receive queue for frames without hash
 * @table: receive queues
 * @on: the table is in use
 */
struct nm_rss {
	u32 types;
	u8 key_len;
	u8 key[NM_MAX_KEY];
	u16 mask;
	u16 unclassified;
	u16 table[NM_MAX_TABLE];
	bool on;
};

/**
 * struct nm_cmd - a command as it came
 * @class: NM_CTRL_x
 * @command: of that class
 * @ack: what was answered
 * @len: of the command specific data
 */
struct nm_cmd {
	u8 class;
	u8 command;
	u8 ack;
	unsigned int len;
};

/**
 * struct nm_ctrl - what the driver has said through the control queue
 * @mode: NM_RX_x
 * @mac: filter address
 * @unicast: entries of @macs that are unicast, the first ones
 * @multicast: entries that are multicast
 * @macs: filter table
 * @vlans: VLAN filter table
 * @announces: requests to announce that were acknowledged
 * @pairs: queue pairs that are in use
 * @offloads: guest offloads that are on
 * @rss: see there
 * @coal: of each queue
 * @coal_rx: for all receive queues
 * @coal_tx: for all transmit queues
 * @tunnels: tunnel types for the inner hash
 * @commands: how many came
 * @ok: how many of them were good
 * @tables: MAC tables that came
 * @log: the last ones, by number modulo its length
 */
struct nm_ctrl {
	u8 mode[NM_RX_MODES];
	u8 mac[6];
	unsigned int unicast;
	unsigned int multicast;
	u8 (*macs)[6];
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	unsigned int announces;
	u16 pairs;
	u64 offloads;
	struct nm_rss rss;
	struct nm_coal coal[FV_MAX_QUEUES];
	struct nm_coal coal_rx;
	struct nm_coal coal_tx;
	u32 tunnels;
	u64 commands;
	u64 ok;
	u64 tables;
	struct nm_cmd log[NM_LOG_LEN];
};

/**
 * struct nm_stats_lie - what is wrong with an answer about device statistics
 * @at: replies of this type are wrong, see enum nm_stats_type
 * @type: that they say they have, if @set_type
 * @vq: that they say they are about, if @set_vq
 * @size: that they say they have, if @set_size
 * @more: bytes of an answer that are claimed beyond those written, negative to cut it
 * @types: that the device says it has, if @set_types
 * @set_type: see @type
 * @set_vq: see @vq
 * @set_size: see @size
 * @set_types: see @types
 */
struct nm_stats_lie {
	u8 at;
	u8 type;
	u16 vq;
	u16 size;
	int more;
	u64 types;
	bool set_type;
	bool set_vq;
	bool set_size;
	bool set_types;
};

/**
 * struct nm_params - a network device to be made
 * @features: offered, NM_F_x
 * @queue_num: entries of each ring, 0 for 128
 * @max_pairs: queue pairs, 0 for 1; the configuration says the same unless
 *	@claim_pairs
 * @config_pairs: what the configuration says instead, if @claim_pairs
 * @claim_pairs: see @config_pairs
 * @mtu: of the configuration
 * @mac: of the configuration, zero for an address that the model picks
 * @bad_mac: use @mac even if it is no address
 * @link_down: the link is not up at first
 * @mode: see enum fv_mode
 * @lie: see &nm.lie
 */
struct nm_params {
	u64 features;
	unsigned int queue_num;
	unsigned int max_pairs;
	u16 config_pairs;
	bool claim_pairs;
	u16 mtu;
	u8 mac[6];
	bool bad_mac;
	bool link_down;
	enum fv_mode mode;
	struct nm_stats_lie lie;
};

/**
 * struct nm - a network device
 * @fv: the fake device, NULL once it is destroyed
 * @max_pairs: queue pairs that the device has
 * @tx: see there; may be written at any time
 * @filter: apply the receive filters to looped and injected frames
 * @segment: cut large frames even if the driver could receive them
 * @tolerant: what the driver does wrong is not reported: it was lied to
 * @config: configuration space as it was at first; what may not change is checked
 *	against this
 * @plain_ctrl: complete commands without the mutations of fv_fuzz_start(): one that
 *	is not answered would stop everything for ten seconds
 * @refuse: refuse commands of these classes, BIT(class)
 * @garbage_ack: answer commands of these classes with 0xa5, BIT(class)
 * @lie: what is wrong with answers about statistics; written while none is asked for
 * @mutate: called for each frame to be received with its header and faults, may
 *	change both; see nm_receive(). Optional; @lock held.
 * @mutated: called after @mutate, when the frame is on its way, or with false if the
 *	ring takes nothing any more. Optional; @lock held.
 * @mutate_arg: for both
 * @mutate_ack: called with the answer to a command, returns another. Optional.
 * @wait: woken at each event
 * @lock: protects all below, and is taken before a queue's lock; interrupts disabled
 * @sent: frames kept
 * @nr_sent: frames that were sent, kept or not
 * @backlog: looped frames waiting for buffers
 * @nr_backlog: how many
 * @rxq: receive buffers of each pair
 * @counts: of each queue
 * @ctrl: control state
 * @stale: transmit queues that are out of use, but had frames when that was said
 * @mac_writes: bytes of the address written through the configuration space
 * @resets: times that the state was dropped
 */
struct nm {
	struct fv_device *fv;
	unsigned int max_pairs;
	enum nm_tx tx;
	bool filter;
	bool segment;
	bool tolerant;
	struct nm_config config;
	bool plain_ctrl;
	unsigned long refuse;
	unsigned long garbage_ack;
	struct nm_stats_lie lie;
	bool (*mutate)(struct nm *nm, struct nm_hdr *hdr, struct nm_bad *bad,
		       unsigned int bufs);
	void (*mutated)(struct nm *nm, bool sent);
	void *mutate_arg;
	u8 (*mutate_ack)(struct nm *nm, u8 ack);
	wait_queue_head_t wait;
	spinlock_t lock;	/* protects everything below */
	struct list_head sent;
	u64 nr_sent;
	struct list_head backlog;
	unsigned int nr_backlog;
	struct nm_rxq rxq[NM_MAX_PAIRS];
	struct nm_count counts[FV_MAX_QUEUES];
	struct nm_ctrl ctrl;
	DECLARE_BITMAP(stale, NM_MAX_PAIRS);
	unsigned int mac_writes;
	unsigned int resets;
};

/* The driver has done something against the specification. */
#define nm_violation(model, section, ...) \
	do { \
		struct nm *__nm = (model); \
		\
		if (!READ_ONCE(__nm->tolerant)) \
			fv_violation(__nm->fv, section, __VA_ARGS__); \
	} while (0)

/* Wait for a condition that events of the model make true. False: it did not come. */
#define nm_wait(nm, cond, ms) \
	(wait_event_timeout((nm)->wait, (cond), msecs_to_jiffies(ms)) > 0)

/* model_net.c */
struct nm *nm_create(struct kunit *test, const struct nm_params *params);
void nm_destroy(struct nm *nm);
struct net_device *nm_netdev(struct nm *nm);
void nm_set_link(struct nm *nm, bool up);
void nm_announce(struct nm *nm);
void nm_set_speed(struct nm *nm, u32 speed, u8 duplex);
bool nm_has(const struct nm *nm, u64 features);
unsigned int nm_hdr_len(const struct nm *nm);
u16 nm16_to_cpu(const struct nm *nm, __virtio16 val);
__virtio16 nm16_from_cpu(const struct nm *nm, u16 val);
u32 nm32_to_cpu(const struct nm *nm, __virtio32 val);
u64 nm64_to_cpu(const struct nm *nm, __virtio64 val);
unsigned int nm_ctrl_index(const struct nm *nm);
bool nm_loose_layout(const struct nm *nm);

/* model_net_tx.c */
int nm_handle_tx(struct nm *nm, struct fv_queue *q, struct fv_chain *chain);
struct nm_frame *nm_take_sent(struct nm *nm);
void nm_free_frame(struct nm_frame *frame);
void nm_drop_sent(struct nm *nm);
bool nm_wait_sent(struct nm *nm, u64 total, unsigned int ms);

/* model_net_rx.c */
int nm_handle_rx(struct nm *nm, struct fv_queue *q, struct fv_chain *chain);
int nm_receive(struct nm *nm, unsigned int pair, const struct nm_hdr *hdr,
	       const void *data, unsigned int len, const struct nm_bad *bad);
void nm_loop(struct nm *nm, struct nm_frame *frame);
void nm_rx_forget(struct nm *nm, unsigned int pair);
bool nm_wait_buffers(struct nm *nm, unsigned int pair, unsigned int count, unsigned int ms);

/* model_net_pkt.c */

/**
 * struct nm_pkt - what is in a frame
 * @l3: offset of the IP header
 * @l4: offset of the TCP or UDP header
 * @payload: offset of what follows it
 * @proto: IPPROTO_TCP, IPPROTO_UDP or another one
 * @v6: IPv6
 * @ip: it is an IP packet with a known transport header
 */
struct nm_pkt {
	unsigned int l3;
	unsigned int l4;
	unsigned int payload;
	u8 proto;
	bool v6;
	bool ip;
};

bool nm_parse(const u8 *data, unsigned int len, struct nm_pkt *pkt);
u16 nm_pseudo_sum(const u8 *data, unsigned int len, const struct nm_pkt *pkt);
bool nm_complete_csum(u8 *data, unsigned int len, unsigned int start, unsigned int offset);
bool nm_csum_good(const u8 *data, unsigned int len, const struct nm_pkt *pkt);
int nm_segment(const struct nm_frame *frame, struct list_head *list);
u32 nm_toeplitz(const u8 *key, unsigned int key_len, const u8 *data, unsigned int len);
enum nm_hash_report nm_hash(const struct nm_rss *rss, const u8 *data, unsigned int len,
			    u32 *hash);
struct nm_frame *nm_new_frame(unsigned int len);

/* model_net_ctrl.c */
int nm_handle_ctrl(struct nm *nm, struct fv_queue *q, struct fv_chain *chain);
void nm_ctrl_reset(struct nm *nm);
bool nm_wait_command(struct nm *nm, u8 class, u8 command, u64 since, unsigned int ms);
bool nm_passes(const struct nm *nm, const u8 *data, unsigned int len);

/* model_net_mq.c */
u8 nm_ctrl_mq(struct nm *nm, u8 command, const u8 *data, unsigned int len);
u8 nm_ctrl_coal(struct nm *nm, u8 command, const u8 *data, unsigned int len,
		struct fv_chain *chain, unsigned int *result);

/* model_net_stats.c */
u8 nm_ctrl_stats(struct nm *nm, u8 command, const u8 *data, unsigned int len,
		 struct fv_chain *chain, unsigned int *result);

#endif /* KGD_MODEL_NET_H */
