// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: frames in both directions, rings, statistics. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <net/dst_metadata.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "virtio_net_kunit.h"

FV_ARRAY_PARAM(matrix, nt_matrix, nt_setup_desc);
FV_ARRAY_PARAM(few, nt_few, nt_setup_desc);

static const unsigned int nt_sizes[] = {
	14, 15, 16, 42, 59, 60, 61, 64, 127, 128, 129, 141, 142, 143, 255, 256, 257, 511, 1023,
	1024, 1499, 1500, 1501, 1512, 1513, 1514, 1515, 1518, 1600, 1700, 1778, 1800, 2047, 2048,
	2049, 3000, 4082, 4095, 4096, 4097, 8191, 9000, 9014, 9015, 9018, 16000, 16383, 16384,
	16385, 32767, 32768, 40000, 65520, 65534, 65535,
};

/* Largest frame this device sends (MTU promised) or can receive (no merging). */
static unsigned int nt_tx_limit(const struct nm_params *params)
{
	return params->mtu ? params->mtu + ETH_HLEN : 65535;
}

static unsigned int nt_rx_limit(const struct nm_params *params)
{
	if (params->features & NM_F_MRG_RXBUF)
		return 65535;

	return (params->mtu ?: 1500) + ETH_HLEN;
}

static void nt_expect_sent(struct nt *nt, unsigned int len, u32 seed)
{
	u64 sent = READ_ONCE(nt->nm->nr_sent);
	struct nm_frame *frame;

	KUNIT_ASSERT_EQ(nt->test, nt_send(nt, 0, len, seed), 0);
	KUNIT_ASSERT_TRUE(nt->test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
	frame = nt_next_sent(nt);
	KUNIT_ASSERT_NOT_NULL(nt->test, frame);
	KUNIT_EXPECT_EQ(nt->test, frame->len, len);
	KUNIT_EXPECT_TRUE(nt->test, nt_frame_is(nt, frame->data, frame->len, seed));
	KUNIT_EXPECT_EQ(nt->test, frame->hdr.flags, 0);
	KUNIT_EXPECT_EQ(nt->test, frame->hdr.gso_type, NM_GSO_NONE);
	nm_free_frame(frame);
}

static void nt_expect_received(struct nt *nt, unsigned int len, u32 seed)
{
	int err = nt_inject_wait(nt, 0, len, seed, NULL);

	KUNIT_ASSERT_EQ_MSG(nt->test, err, 0, "frame of %u", len);
	KUNIT_ASSERT_TRUE_MSG(nt->test, nt_rx_arrives(nt, len, seed), "frame of %u", len);
}

/* Each device gets every fourth size, and its neighbours the others: see nt_all_sizes(). */
#define NT_SIZE_STEP	4

static unsigned int nt_first_size(const struct nt_setup *setup)
{
	return (setup - nt_matrix) % NT_SIZE_STEP;
}

static void nt_send_sizes(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = nt_first_size(setup); i < ARRAY_SIZE(nt_sizes); i += NT_SIZE_STEP)
		if (nt_sizes[i] <= nt_tx_limit(&setup->dev))
			nt_expect_sent(nt, nt_sizes[i], i);
	nt_expect_clean(nt);
}

static void nt_receive_sizes(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = nt_first_size(setup); i < ARRAY_SIZE(nt_sizes); i += NT_SIZE_STEP)
		if (nt_sizes[i] <= nt_rx_limit(&setup->dev))
			nt_expect_received(nt, nt_sizes[i], i);
	nt_expect_clean(nt);
}

/* Around each edge that a buffer of any size could have, and in between. */
static void nt_all_sizes(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int len, step;

	for (len = ETH_HLEN; len <= 65535; len += step) {
		step = len < 2100 ? 13 : len & 0xfff ? 2039 : 1;
		if (len <= nt_tx_limit(&setup->dev))
			nt_expect_sent(nt, len, len);
		if (len <= nt_rx_limit(&setup->dev))
			nt_expect_received(nt, len, len);
	}
	nt_expect_clean(nt);
}

static void nt_send_pieces(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nm_frame *frame;
	unsigned int i;
	u64 sent;

	for (i = 0; i < ARRAY_SIZE(nt_sizes); i++) {
		if (nt_sizes[i] > nt_tx_limit(&setup->dev))
			break;
		sent = READ_ONCE(nt->nm->nr_sent);
		KUNIT_ASSERT_EQ(test, nt_send_nonlinear(nt, 0, nt_sizes[i], i), 0);
		KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
		frame = nt_next_sent(nt);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, frame->len, nt_sizes[i]);
		KUNIT_EXPECT_TRUE(test, nt_frame_is(nt, frame->data, frame->len, i));
		nm_free_frame(frame);
	}
	nt_expect_clean(nt);
}

/* More frames than the rings have room for, there and back, in order. */
static void nt_loop_back(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i, window = 32, total = 300;

	nt->nm->tx = NM_TX_LOOP;
	for (i = 0; i < total + window; i++) {
		if (i >= window)
			KUNIT_ASSERT_TRUE(test, nt_rx_arrives(nt, 14 + (i - window) * 37 % 1500,
							      i - window));
		if (i < total)
			KUNIT_ASSERT_EQ(test, nt_send_wait(nt, 0, 14 + i * 37 % 1500, i),
					0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->nr_rx), total);
	nt_expect_clean(nt);
}

/* A header that shares its memory with a clone stands alone. */
static void nt_send_clones(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct sk_buff *skb, *clone;
	struct nm_frame *frame;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		skb = alloc_skb(256, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		/* Too little room, an odd address, and enough of both. */
		skb_reserve(skb, i < 4 ? i : 64 + i);
		nt_make_frame(nt, skb_put(skb, 100), 100, i);
		skb->dev = nt->dev;
		skb_reset_mac_header(skb);
		skb->protocol = htons(NT_ETHERTYPE);
		clone = i & 1 ? skb_clone(skb, GFP_KERNEL) : NULL;
		KUNIT_EXPECT_EQ(test, nt_send_skb(nt, 0, skb), 0);
		KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, !list_empty(&nt->nm->sent), NT_MS));
		frame = nt_next_sent(nt);
		KUNIT_EXPECT_NOT_NULL(test, frame);
		if (frame)
			KUNIT_EXPECT_TRUE(test, nt_frame_is(nt, frame->data, frame->len, i));
		nm_free_frame(frame);
		if (clone)
			KUNIT_EXPECT_TRUE(test, nt_frame_is(nt, clone->data, clone->len, i));
		kfree_skb(clone);
	}
	nt_expect_clean(nt);
}

/* The counters are those of the device, and of the wire. */
static void nt_exact_stats(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	const struct nm_count *tx = &nt->nm->counts[1], *rx = &nt->nm->counts[0];
	unsigned long end = jiffies + msecs_to_jiffies(NT_MS);
	struct rtnl_link_stats64 stats;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		nt_expect_sent(nt, 60 + 11 * i, i);
		nt_expect_received(nt, 61 + 12 * i, i);
	}

	/* Sent frames are counted when the driver sees that they were. */
	do {
		nt_nap();
		nt_stats(nt, &stats);
	} while (stats.tx_packets != READ_ONCE(tx->packets) && time_before(jiffies, end));

	KUNIT_EXPECT_EQ(test, stats.tx_packets, tx->packets);
	KUNIT_EXPECT_EQ(test, stats.tx_bytes, tx->bytes);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, rx->packets);
	KUNIT_EXPECT_EQ(test, stats.rx_bytes, rx->bytes);
	KUNIT_EXPECT_EQ(test, stats.rx_packets, 100);
	KUNIT_EXPECT_EQ(test, stats.rx_dropped + stats.tx_dropped + stats.rx_errors +
			stats.tx_errors, 0);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "packets"), rx->packets);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "bytes"), rx->bytes);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "drops"), 0);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "packets"), tx->packets);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "bytes"), tx->bytes);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "kicks"),
			fv_queue(nt->fv, 1)->counts.kicks);
	KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "rx0", "kicks"),
			fv_queue(nt->fv, 0)->counts.kicks);
	nt_expect_clean(nt);
}

/* Nothing is sent by the device: the queue stops, loses nothing, and starts again. */
static void nt_stop_wake(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	unsigned int n, round;
	u64 before;

	for (round = 0; round < 3; round++) {
		nm_drop_sent(nt->nm);
		before = READ_ONCE(nt->nm->nr_sent);
		fv_set_mode(nt->fv, FV_MANUAL);
		for (n = 0; n < 1000 && !netif_tx_queue_stopped(txq); n++)
			KUNIT_ASSERT_EQ(test, nt_send(nt, 0, 100 + n, n), 0);
		KUNIT_EXPECT_LT(test, n, 200);
		KUNIT_EXPECT_GT(test, n, 16);
		KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "stop"), round + 1);
		KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "wake"), round);

		fv_set_mode(nt->fv, FV_RUN);
		KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, before + n, NT_MS));
		nt_expect_numbered(nt, n);
		KUNIT_ASSERT_TRUE(test, nt_wait_awake(nt));
		KUNIT_EXPECT_EQ(test, nt_ethtool_stat(nt, "tx0", "wake"), round + 1);
	}
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* One notification for a burst. */
static void nt_burst(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	struct fv_queue *q = fv_queue(nt->fv, 1);
	struct sk_buff *skb;
	unsigned int i;
	u64 before;

	nt_expect_traffic(nt);
	fv_set_mode(nt->fv, FV_MANUAL);
	before = q->counts.kicks;
	for (i = 0; i < 10; i++) {
		skb = alloc_skb(300, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_reserve(skb, 64);
		nt_make_frame(nt, skb_put(skb, 100), 100, i);
		skb->dev = nt->dev;
		skb_reset_mac_header(skb);
		__netif_tx_lock_bh(txq);
		netdev_start_xmit(skb, nt->dev, txq, i < 9);
		__netif_tx_unlock_bh(txq);
		if (i == 8)
			KUNIT_EXPECT_EQ(test, q->counts.kicks, before);
	}
	/* With event index the device may not have wanted to know. */
	KUNIT_EXPECT_LE(test, q->counts.kicks, before + 1);
	if (!nm_has(nt->nm, NM_F_EVENT_IDX))
		KUNIT_EXPECT_EQ(test, q->counts.kicks, before + 1);
	before = nt->nm->nr_sent;
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_EXPECT_TRUE(test, nm_wait_sent(nt->nm, before + 10, NT_MS));
	nt_expect_clean(nt);
}

/* What was sent is completed, byte for byte: the limit of the queue can breathe. */
static void nt_byte_limits(struct kunit *test)
{
#ifdef CONFIG_BQL
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct dql *dql = &netdev_get_tx_queue(nt->dev, 0)->dql;
	unsigned int i, queued = READ_ONCE(dql->num_queued), bytes = 0;

	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_EQ(test, nt_send_wait(nt, 0, 60 + i, i), 0);
		bytes += 60 + i;
		if (i % 32 == 31)
			KUNIT_ASSERT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));
	}
	KUNIT_EXPECT_GE(test, READ_ONCE(dql->num_queued) - queued, bytes);
	for (i = 0; i < NT_MS && READ_ONCE(dql->num_queued) != READ_ONCE(dql->num_completed); i++)
		nt_nap();
	KUNIT_EXPECT_EQ(test, READ_ONCE(dql->num_queued), READ_ONCE(dql->num_completed));
	nt_expect_clean(nt);
#else
	kunit_skip(test, "kernel without byte queue limits");
#endif
}

/* Devices may complete in any order. */
static void nt_any_order(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	static const enum fv_order orders[] = { FV_LIFO, FV_RANDOM, FV_FIFO };
	unsigned int i, j;
	u64 before;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		nt->fv->order = orders[i];
		before = nt->nm->nr_sent;
		for (j = 1; j <= 200; j++) {
			KUNIT_ASSERT_EQ(test, nt_send_wait(nt, 0, 60 + j, j), 0);
			if (j % 25 == 0)
				KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, before + j, NT_MS));
		}
		nm_drop_sent(nt->nm);
		nt_expect_traffic(nt);
	}
	nt_expect_clean(nt);
}

/* Memory that the device has to receive with. What is in front of a buffer and behind it makes
 * a power of two of it.
 */
static unsigned int nt_held(struct nm_rxq *rxq, unsigned int size)
{
	unsigned int i, sum = 0;

	for (i = 0; i < rxq->count; i++)
		sum += roundup_pow_of_two(rxq->bufs[(rxq->head + i) % size]->in_len);

	return sum;
}

/* Buffers of a device with mergeable buffers follow what comes. All of them take as much memory
 * as if there were one for a frame, or of a page, for each descriptor.
 */
static void nt_buffer_sizes(struct kunit *test)
{
	const struct nm_params params = {
		.features = NT_MODERN | NM_F_MRG_RXBUF, .mode = FV_RUN, .queue_num = 256,
	};
	struct nt *nt = nt_start(test, &params);
	struct nm_rxq *rxq = &nt->nm->rxq[0];
	unsigned int i, small, large;

	small = rxq->bufs[rxq->head]->in_len;
	KUNIT_EXPECT_TRUE(test, nm_wait_buffers(nt->nm, 0, 256 * 1664 / 2048, NT_MS));
	KUNIT_EXPECT_LE(test, nt_held(rxq, 256), 256 * 1664);
	for (i = 0; i < 1000; i++)
		nt_expect_received(nt, 8000, i);
	large = rxq->bufs[rxq->head]->in_len;
	KUNIT_EXPECT_GT(test, large, small);
	KUNIT_EXPECT_LE(test, nt_held(rxq, 256), 256 * 4096);
	for (i = 0; i < 1000; i++)
		nt_expect_received(nt, 300, i);
	KUNIT_EXPECT_LT(test, rxq->bufs[rxq->head]->in_len, large);
	nt_expect_clean(nt);
}

/* A device that has no interrupts for what was sent, and does not look at it either. */
static struct nt *nt_start_lazy(struct kunit *test)
{
	const struct nm_params params = { .features = NT_MODERN, .mode = FV_RUN };
	struct nt *nt;

	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_net", "napi_tx", "0"), 0);
	nt = nt_create(test, &params);
	KUNIT_ASSERT_EQ(test, fv_param_write("virtio_net", "napi_tx", "1"), 0);
	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	nt_settle(nt);
	fv_set_mode(nt->fv, FV_MANUAL);

	return nt;
}

/* The packet stays in the ring, its route does not. */
static void nt_lazy_route(struct kunit *test)
{
	const struct nt_flow flow = { .payload = 100 };
	struct nt *nt = nt_start_lazy(test);
	struct metadata_dst *md = metadata_dst_alloc(0, METADATA_HW_PORT_MUX, GFP_KERNEL);
	struct sk_buff *skb = nt_packet_skb(nt, &flow);

	KUNIT_ASSERT_NOT_NULL(test, md);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_dst_set(skb, &md->dst);
	skb_get(skb);
	KUNIT_EXPECT_EQ(test, nt_send_skb(nt, 0, skb), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 2);
	KUNIT_EXPECT_NULL(test, skb_dst(skb));
	kfree_skb(skb);
	fv_set_mode(nt->fv, FV_RUN);
	nt_expect_clean(nt);
}

/* Whoever does not copy what he sends is told that his pages are free again. */
static void nt_lazy_pages(struct kunit *test)
{
	const struct nt_flow flow = { .payload = 3000 };
	struct nt *nt = nt_start_lazy(test);
	struct ubuf_info *uarg;
	struct socket *sock;
	struct sk_buff *skb;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock),
			0);
	sock_set_flag(sock->sk, SOCK_ZEROCOPY);
	skb = nt_packet_skb(nt, &flow);
	uarg = msg_zerocopy_realloc(sock->sk, 3000, NULL);
	if (skb && uarg) {
		skb_zcopy_set(skb, uarg, NULL);
		net_zcopy_put(uarg);
		KUNIT_EXPECT_TRUE(test, skb_queue_empty(&sock->sk->sk_error_queue));
		KUNIT_EXPECT_EQ(test, nt_send_skb(nt, 0, skb), 0);
		KUNIT_EXPECT_EQ(test, fv_available(fv_queue(nt->fv, 1)), 1);
		KUNIT_EXPECT_EQ(test, skb_queue_len(&sock->sk->sk_error_queue), 1);
	} else {
		KUNIT_FAIL(test, "no memory for a packet");
	}
	fv_set_mode(nt->fv, FV_RUN);
	sock_release(sock);
	nt_expect_clean(nt);
}

/* What TCP sends only to acknowledge is of a size that says so. */
static int nt_send_ack(struct nt *nt)
{
	const struct nt_flow flow = { .payload = 0 };
	struct sk_buff *skb = nt_packet_skb(nt, &flow);

	if (!skb)
		return -ENOMEM;
	skb_set_tcp_pure_ack(skb);

	return nt_send_skb(nt, 0, skb);
}

static u64 nt_sent_irqs(struct nt *nt)
{
	return READ_ONCE(fv_queue(nt->fv, 1)->counts.interrupts);
}

/* All that was sent has been given back. */
static void nt_expect_freed(struct nt *nt)
{
	unsigned int i;

	for (i = 0; i < NT_MS && nt_live(); i++)
		nt_nap();
	KUNIT_EXPECT_EQ(nt->test, nt_live(), 0);
}

/* With event indices there is no way to want none for the first packet. */
static u64 nt_settled_irqs(struct nt *nt)
{
	nt_settle(nt);
	nt_expect_traffic(nt);
	nt_expect_freed(nt);
	KUNIT_EXPECT_TRUE(nt->test, fv_wait_idle(nt->fv, NT_MS));

	return nt_sent_irqs(nt);
}

/* Nobody waits for an acknowledgment: no interrupt, but no owner has it any more. The next
 * packet brings one, unless that is an acknowledgment too.
 */
static void nt_acks(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	u64 irqs, sent;
	unsigned int i;

	irqs = nt_settled_irqs(nt);
	for (i = 0; i < 8; i++) {
		sent = READ_ONCE(nt->nm->nr_sent);
		KUNIT_ASSERT_EQ(test, nt_send_ack(nt), 0);
		KUNIT_EXPECT_EQ(test, nt_live(), 0);
		KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, sent + 1, NT_MS));
		KUNIT_EXPECT_TRUE(test, fv_wait_idle(nt->fv, NT_MS));
	}
	KUNIT_EXPECT_EQ(test, nt_sent_irqs(nt), irqs);

	KUNIT_ASSERT_EQ(test, nt_send(nt, 0, 100, 1), 0);
	nt_expect_freed(nt);
	nm_drop_sent(nt->nm);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A queue that is full of them is woken all the same. */
static void nt_acks_stop(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	u64 irqs = nt_settled_irqs(nt), sent = READ_ONCE(nt->nm->nr_sent);
	unsigned int n;

	fv_set_mode(nt->fv, FV_MANUAL);
	for (n = 0; n < 1000 && !netif_xmit_stopped(txq); n++)
		KUNIT_ASSERT_EQ(test, nt_send_ack(nt), 0);
	KUNIT_EXPECT_TRUE(test, netif_xmit_stopped(txq));
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_ASSERT_TRUE(test, nm_wait_sent(nt->nm, sent + n, NT_MS));
	/* By byte queue limits, mostly. */
	for (n = 0; n < NT_MS && netif_xmit_stopped(txq); n++)
		nt_nap();
	KUNIT_EXPECT_FALSE(test, netif_xmit_stopped(txq));
	KUNIT_EXPECT_GT(test, nt_sent_irqs(nt), irqs);
	nm_drop_sent(nt->nm);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

static struct kunit_case nt_data_cases[] = {
	KUNIT_CASE_PARAM(nt_send_sizes, matrix_gen_params),
	KUNIT_CASE_PARAM(nt_receive_sizes, matrix_gen_params),
	KUNIT_CASE_PARAM(nt_loop_back, matrix_gen_params),
	KUNIT_CASE_PARAM(nt_all_sizes, few_gen_params),
	KUNIT_CASE_PARAM(nt_send_pieces, few_gen_params),
	KUNIT_CASE_PARAM(nt_send_clones, few_gen_params),
	KUNIT_CASE_PARAM(nt_exact_stats, few_gen_params),
	KUNIT_CASE_PARAM(nt_stop_wake, few_gen_params),
	KUNIT_CASE_PARAM(nt_burst, few_gen_params),
	KUNIT_CASE_PARAM(nt_byte_limits, few_gen_params),
	KUNIT_CASE_PARAM(nt_any_order, few_gen_params),
	KUNIT_CASE_PARAM(nt_acks, few_gen_params),
	KUNIT_CASE_PARAM(nt_acks_stop, few_gen_params),
	KUNIT_CASE(nt_buffer_sizes),
	KUNIT_CASE(nt_lazy_route),
	KUNIT_CASE(nt_lazy_pages),
	{}
};

struct kunit_suite nt_suite_data = {
	.name = "virtio_net_data",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_data_cases,
};
