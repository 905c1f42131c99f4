/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VIRTIO_NET_NET_H
#define VIRTIO_NET_NET_H

#include <linux/cpuhotplug.h>
#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

struct bpf_prog;
struct failover;
struct page_pool;
struct vnet_cmd;

/* Every queue pair is a receive queue followed by a transmit queue, the
 * control queue comes after the last pair (virtio 1.3, 5.1.2).
 */
#define VNET_RXQ(pair)		(2 * (pair))
#define VNET_TXQ(pair)		(2 * (pair) + 1)
#define VNET_PAIR(vq_index)	((vq_index) / 2)

/* Most descriptors one packet needs: header, linear part, fragments. */
#define VNET_TX_MAX_SG		(MAX_SKB_FRAGS + 2)

#define VNET_NAME_LEN		16

/**
 * struct vnet_rx_stats - counters of one receive queue
 * @syncp: lets a reader on another CPU see a consistent set
 * @packets: packets handed to the stack
 * @bytes: their bytes, without the virtio header
 * @drops: packets lost for whatever reason, errors included
 * @length_errors: packets whose length or buffer count was not possible
 * @frame_errors: packets whose offload fields were not possible
 * @malformed: packets with either
 * @xdp_packets: packets an XDP program has seen
 * @xdp_tx: of these, packets it has sent back
 * @xdp_redirects: of these, packets it has sent elsewhere
 * @xdp_drops: packets dropped by a program, or for want of what it needs
 * @kicks: notifications sent to the device
 *
 * Written by the queue's NAPI context only.
 */
struct vnet_rx_stats {
	struct u64_stats_sync syncp;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t drops;
	u64_stats_t length_errors;
	u64_stats_t frame_errors;
	u64_stats_t malformed;
	u64_stats_t xdp_packets;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_redirects;
	u64_stats_t xdp_drops;
	u64_stats_t kicks;
};

/**
 * struct vnet_tx_stats - counters of one transmit queue
 * @syncp: lets a reader on another CPU see a consistent set
 * @packets: packets the device has taken
 * @bytes: their bytes, without the virtio header
 * @drops: packets that could not be given to the device
 * @xdp_tx: XDP frames that were to be sent
 * @xdp_tx_drops: of these, frames that could not be given to the device
 * @kicks: notifications sent to the device
 * @stop: times the queue was stopped because the ring was full
 * @wake: times it was started again
 * @tx_timeouts: calls of the transmit watchdog
 *
 * Written with the netdev transmit lock of the queue held.
 */
struct vnet_tx_stats {
	struct u64_stats_sync syncp;
	u64_stats_t packets;
	u64_stats_t bytes;
	u64_stats_t drops;
	u64_stats_t xdp_tx;
	u64_stats_t xdp_tx_drops;
	u64_stats_t kicks;
	u64_stats_t stop;
	u64_stats_t wake;
	u64_stats_t tx_timeouts;
};

/**
 * struct vnet_coal - notification coalescing of a queue
 * @usecs: microseconds a notification may be late
 * @frames: packets that do not wait any longer
 */
struct vnet_coal {
	u32 usecs;
	u32 frames;
};

/**
 * struct vnet_rq - one receive queue
 * @vq: the virtqueue, NULL while the device is frozen
 * @vn: the device
 * @posted: buffers the device holds
 * @fill_max: buffers it shall hold
 * @refill_mark: how many may be missing before a refill
 * @len_avg: running average of received packet lengths, times 64
 * @hdr_len: length of the virtio header
 * @min_shift: log2 of the smallest buffer this device may be given
 * @max_shift: log2 of the largest one
 * @want_shift: log2 of the size that suits recent packets, as in a token
 * @carve_shift: log2 of the size of the pieces at @carve
 * @carve_left: pieces left at @carve
 * @mergeable: a packet may span several buffers
 * @split_hdr: the header needs a descriptor of its own
 * @report: the header has a hash
 * @adaptive: @dim sets the coalescing; RTNL to write
 * @starved: no memory was left, the timer says when to ask again
 * @need_kick: buffers were added since the last notification
 * @watched: this poll is no answer to an interrupt; who schedules it sets it
 * @head_left: pieces left at @heads
 * @carve: next free piece of the page being cut up
 * @heads: page being cut up for small packets
 * @pool: pages of VNET_POOL_ORDER
 * @pool_small: single pages, for when large ones are short
 * @sg: descriptors of the buffer being posted
 * @index: number of the queue pair
 * @napi: receive context; owns every field above but @index, and @stats
 * @calls: interrupts, for @dim
 * @dim: measures, if @adaptive
 * @stats: counters
 * @xdp_rxq: what XDP programs know of the queue
 * @coal: as the device was told; RTNL, or the work of @dim
 * @refill_timer: brings a starved queue back
 * @backoff: jiffies the next starvation waits
 * @active: NAPI is enabled while the interface is up; written with RTNL
 * @watch_packets: packets at the last look of the watch timer
 * @watch_calls: @calls, when it last had the queue polled
 * @name: name of the interrupt
 */
struct vnet_rq {
	struct virtqueue *vq;
	struct vnet *vn;
	u32 posted;
	u32 fill_max;
	u32 refill_mark;
	u32 len_avg;
	u8 hdr_len;
	u8 min_shift;
	u8 max_shift;
	u8 want_shift;
	u8 carve_shift;
	u8 carve_left;
	bool mergeable;
	bool split_hdr;
	bool report;
	bool adaptive;
	bool starved;
	bool need_kick;
	bool watched;
	u16 head_left;
	void *carve;
	void *heads;
	struct page_pool *pool;
	struct page_pool *pool_small;
	struct scatterlist sg[2];
	u16 index;

	struct napi_struct napi ____cacheline_aligned_in_smp;

	u16 calls;
	struct dim dim;

	struct vnet_rx_stats stats ____cacheline_aligned_in_smp;

	struct xdp_rxq_info xdp_rxq;

	struct vnet_coal coal;
	struct timer_list refill_timer;
	unsigned long backoff;
	bool active;
	u64 watch_packets;
	u16 watch_calls;
	char name[VNET_NAME_LEN];
} ____cacheline_aligned_in_smp;

/**
 * struct vnet_sq - one transmit queue
 * @vq: the virtqueue, NULL while the device is frozen
 * @vn: the device
 * @ring_size: descriptors of the ring
 * @stop_mark: the queue stops with fewer free descriptors than this
 * @wake_mark: and starts again with at least this many
 * @frames: XDP frames in the ring
 * @hdr_len: length of the virtio header
 * @hdr_inline: header and packet may share a descriptor
 * @napi_tx: completions come by interrupt; otherwise packets are orphaned
 *	and reclaimed by later transmissions
 * @little_endian: byte order of the virtio header
 * @awaited: since it was last empty the ring got a packet that somebody waits for; those
 *	of which nobody does are acknowledgments of TCP, and all without @napi_tx
 * @index: number of the queue pair
 * @sg: descriptors of the packet being sent
 * @stats: counters
 * @napi: completion context
 * @coal: as the device was told; RTNL
 * @stall_packets: packets sent when the watchdog last looked
 * @stall_step: what was tried last, see enum vnet_recovery
 * @name: name of the interrupt
 *
 * Everything up to @stats is protected by the netdev transmit lock of the
 * queue and constant while the queue is in use.
 */
struct vnet_sq {
	struct virtqueue *vq;
	struct vnet *vn;
	u32 ring_size;
	u16 stop_mark;
	u16 wake_mark;
	u32 frames;
	u8 hdr_len;
	bool hdr_inline;
	bool napi_tx;
	bool little_endian;
	bool awaited;
	u16 index;
	struct vnet_tx_stats stats;

	struct scatterlist sg[VNET_TX_MAX_SG] ____cacheline_aligned_in_smp;

	struct napi_struct napi ____cacheline_aligned_in_smp;
	struct vnet_coal coal;
	u64 stall_packets;
	u8 stall_step;
	char name[VNET_NAME_LEN];
} ____cacheline_aligned_in_smp;

/**
 * enum vnet_recovery - what is done about a queue that has stopped
 * @VNET_TX_STARTED: nothing yet
 * @VNET_TX_RENOTIFIED: the device was notified again
 * @VNET_TX_DRAINED: what it had sent was taken back without an interrupt
 * @VNET_TX_QUEUE_RESET: the queue was reset
 * @VNET_DEVICE_RESET: the device was reset
 * @VNET_DEVICE_RESET_FAILED: that did not work
 * @VNET_RX_HEALED: received packets were found without an interrupt
 * @VNET_RECOVERIES: number of these
 *
 * The first ones are steps, in this order.
 */
enum vnet_recovery {
	VNET_TX_STARTED,
	VNET_TX_RENOTIFIED,
	VNET_TX_DRAINED,
	VNET_TX_QUEUE_RESET,
	VNET_DEVICE_RESET,
	VNET_DEVICE_RESET_FAILED,
	VNET_RX_HEALED,
	VNET_RECOVERIES,
};

/**
 * struct vnet_recovery_state - queues that have stopped
 * @work: resets queues and the device
 * @watch: looks after receive queues without packets
 * @watch_delay: jiffies between two looks; written by @watch
 * @count: how often each was done
 * @said: which were logged
 * @off: the device is going away
 */
struct vnet_recovery_state {
	struct delayed_work work;
	struct timer_list watch;
	unsigned long watch_delay;
	atomic_long_t count[VNET_RECOVERIES];
	unsigned long said;
	bool off;
};

/**
 * struct vnet_ctrl - the control queue
 * @vq: the virtqueue, NULL when there is none or the device is frozen
 * @lock: one command at a time
 * @late: commands that the device has, but nobody waits for any more
 * @broken: the ring is, nothing is sent until a reset
 * @timeouts: commands that were given up
 * @answered_late: of these, answered after all
 * @late_delay: jiffies until @late_work looks again
 * @late_work: takes back commands that are answered late
 */
struct vnet_ctrl {
	struct virtqueue *vq;
	struct mutex lock;	/* serialises commands, protects all fields here */
	unsigned int late;
	bool broken;
	u64 timeouts;
	u64 answered_late;
	unsigned long late_delay;
	struct delayed_work late_work;
};

#define VNET_RSS_KEY_LEN	40

/**
 * struct vnet_rss - which hash, and where it leads; RTNL
 * @supported: hash types of the device, 0 if it does not hash for us
 * @types: of these, the ones that are on
 * @report: received packets have their hash
 * @table_len: entries of @table, a power of two
 * @table: receive queues, NULL without VIRTIO_NET_F_RSS
 * @key: of the Toeplitz hash
 */
struct vnet_rss {
	u32 supported;
	u32 types;
	bool report;
	u16 table_len;
	u16 *table;
	u8 key[VNET_RSS_KEY_LEN];
};

/**
 * struct vnet - one network device
 * @vdev: the virtio device
 * @dev: the net device
 * @rq: receive queues
 * @sq: transmit queues
 * @max_pairs: queue pairs the device has
 * @pairs: queue pairs in use; RTNL
 * @ready_pairs: queue pairs that were ever in use, their receive pools
 *	exist; RTNL
 * @gso_types: bit n: receive packets of VIRTIO_NET_HDR_GSO type n were
 *	negotiated
 * @xdp_prog: program that sees received packets first, or NULL; RTNL to write
 * @xdp_len_max: longest frame an XDP program may send back
 * @hdr_len: length of the virtio header
 * @little_endian: byte order of the header
 * @guest_csum: the device may vouch for checksums
 * @rsc: received headers may have coalescing information
 * @mergeable: VIRTIO_NET_F_MRG_RXBUF
 * @any_layout: a buffer may be cut into descriptors at will
 * @napi_tx: completions come by interrupt
 * @rx_shift: log2 of the receive buffer size that holds the largest frame,
 *	when not @mergeable
 * @ctrl: the control queue
 * @recovery: what was done about queues that have stopped
 * @failover: the standby of a passed-through device, or NULL
 * @rss: see there
 * @devstats: counters of the device, see devstats.c, or NULL; RTNL
 * @devstats_asked: when they were last asked for, in jiffies; RTNL
 * @devstats_types: bit n: it has VIRTIO_NET_STATS_TYPE_REPLY type n
 * @coal_rx: for all receive queues; RTNL
 * @coal_tx: for all transmit queues; RTNL
 * @coal_adaptive: all receive queues are adaptive; RTNL
 * @coal_set: a person has changed it; RTNL
 * @rx_ring: receive ring size somebody has set, 0 for the device's; RTNL
 * @tx_ring: likewise for transmit rings; RTNL
 * @all_unicast: the device was told not to filter unicast addresses
 * @no_multicast: the device was told that no multicast is wanted
 * @offloads: receive offloads that are wanted without an XDP program; RTNL
 * @offloads_told: receive offloads the device was told; RTNL
 * @offloads_max: receive offloads that were negotiated
 * @xdp_on: a program is there, or about to be; RTNL
 * @link_up: last link state seen; written by @config_work
 * @speed: link speed in Mbit/s or SPEED_UNKNOWN
 * @duplex: DUPLEX_x
 * @config_work: reads the configuration space after a change
 * @rx_mode_work: brings filters to the device
 * @vlans: VLAN filter as the stack wants it; RTNL
 * @cpuhp_online: tells of CPUs coming
 * @cpuhp_dead: tells of CPUs going
 * @cpuhp_added: @cpuhp_online and @cpuhp_dead are in use
 * @affinity_set: queues are bound to CPUs; RTNL
 */
struct vnet {
	struct virtio_device *vdev;
	struct net_device *dev;
	struct vnet_rq *rq;
	struct vnet_sq *sq;
	u16 max_pairs;
	u16 pairs;
	u16 ready_pairs;
	u16 gso_types;
	struct bpf_prog __rcu *xdp_prog;
	u32 xdp_len_max;
	u8 hdr_len;
	bool little_endian;
	bool guest_csum;
	bool rsc;
	bool mergeable;
	bool any_layout;
	bool napi_tx;
	u8 rx_shift;

	struct vnet_ctrl ctrl;
	struct vnet_recovery_state recovery;
	struct failover *failover;
	struct vnet_rss rss;
	u64 *devstats;
	unsigned long devstats_asked;
	u64 devstats_types;
	struct vnet_coal coal_rx;
	struct vnet_coal coal_tx;
	bool coal_adaptive;
	bool coal_set;
	u32 rx_ring;
	u32 tx_ring;
	bool all_unicast;
	bool no_multicast;
	u64 offloads;
	u64 offloads_told;
	u64 offloads_max;
	bool xdp_on;

	bool link_up;
	u32 speed;
	u8 duplex;
	struct work_struct config_work;
	struct work_struct rx_mode_work;
	DECLARE_BITMAP(vlans, VLAN_N_VID);

	struct hlist_node cpuhp_online;
	struct hlist_node cpuhp_dead;
	bool cpuhp_added;
	bool affinity_set;
};

extern const struct net_device_ops vnet_netdev_ops;
extern const struct ethtool_ops vnet_ethtool_ops;

static inline bool vnet_has(const struct vnet *vn, unsigned int fbit)
{
	return virtio_has_feature(vn->vdev, fbit);
}

/* netdev.c */
void vnet_netdev_setup(struct vnet *vn, bool csum, bool gso);
void vnet_pair_up(struct vnet *vn, u16 pair);
void vnet_pair_down(struct vnet *vn, u16 pair);
int vnet_queues_up(struct vnet *vn);
void vnet_queues_down(struct vnet *vn);
int vnet_set_pairs(struct vnet *vn, u16 pairs);
int vnet_offloads_apply(struct vnet *vn);

/* Of vnet.offloads_told, after a command that has failed. */
#define VNET_OFFLOADS_UNKNOWN	U64_MAX

/* config.c */
int vnet_validate(struct virtio_device *vdev);
void vnet_config_read_mac(struct vnet *vn);
void vnet_config_update_link(struct vnet *vn);
void vnet_config_work(struct work_struct *work);
void vnet_config_changed(struct virtio_device *vdev);

/* queues.c */
int vnet_queues_alloc(struct vnet *vn, int napi_weight);
void vnet_queues_free(struct vnet *vn);
int vnet_vqs_find(struct vnet *vn);
void vnet_vqs_abandon(struct vnet *vn);
void vnet_vqs_release(struct vnet *vn);

/* affinity.c */
int vnet_affinity_init(void);
void vnet_affinity_exit(void);
int vnet_affinity_add(struct vnet *vn);
void vnet_affinity_remove(struct vnet *vn);
void vnet_affinity_update(struct vnet *vn);

/* ring.c */
int vnet_set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
		       struct kernel_ethtool_ringparam *kernel_ring,
		       struct netlink_ext_ack *extack);
void vnet_rings_restore(struct vnet *vn);

/* filter.c */
void vnet_set_rx_mode(struct net_device *dev);
void vnet_rx_mode_work(struct work_struct *work);
int vnet_vlan_add(struct net_device *dev, __be16 proto, u16 vid);
int vnet_vlan_kill(struct net_device *dev, __be16 proto, u16 vid);
void vnet_filter_restore(struct vnet *vn);

/* stats.c */
void vnet_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *tot);
int vnet_get_sset_count(struct net_device *dev, int sset);
void vnet_get_strings(struct net_device *dev, u32 sset, u8 *data);
void vnet_get_ethtool_stats(struct net_device *dev,
			    struct ethtool_stats *stats, u64 *data);

/* sysfs.c */
void vnet_sysfs_setup(struct vnet *vn);

/* recovery.c */
void vnet_recovery_init(struct vnet *vn);
void vnet_recovery_stop(struct vnet *vn);
void vnet_tx_timeout(struct net_device *dev, unsigned int txqueue);
void vnet_watch_start(struct vnet *vn);
void vnet_watch_stop(struct vnet *vn);
void vnet_rx_healed(struct vnet *vn);

/* pm.c */
int vnet_freeze(struct virtio_device *vdev);
int vnet_restore(struct virtio_device *vdev);

/* main.c */
void vnet_push_config(struct vnet *vn, bool again);
int vnet_start_device(struct vnet *vn);

#endif /* VIRTIO_NET_NET_H */
