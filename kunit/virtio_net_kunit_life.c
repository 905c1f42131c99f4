// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of virtio_net: suspend, removal, traffic meanwhile. */

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/kthread.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/types.h>

#include "../drivers/virtio_net/net.h"
#include "virtio_net_kunit.h"

/* The kernel looks once a second at a pool that was not empty when it was destroyed. */
#define NT_POOL_SECONDS		20

FV_ARRAY_PARAM(few, nt_few, nt_setup_desc);

static const struct nt_setup nt_mq_setups[] = {
	{ "split", { .features = NT_FULL | NM_F_MQ, .max_pairs = 2, .mode = FV_RUN } },
	{ "packed", { .features = NT_FULL | NM_F_MQ | NM_F_RING_PACKED, .max_pairs = 2,
		      .mode = FV_RUN } },
	{ "legacy", { .features = NT_BASE | NM_F_MQ, .max_pairs = 2, .mode = FV_RUN } },
};

FV_ARRAY_PARAM(mq, nt_mq_setups, nt_setup_desc);

static void nt_freeze_restore(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i, resets;

	for (i = 0; i < 3; i++) {
		resets = nt->fv->resets;
		KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
		KUNIT_EXPECT_GT(test, nt->fv->resets, resets);
		KUNIT_EXPECT_FALSE(test, netif_device_present(nt->dev));
		KUNIT_ASSERT_EQ(test, fv_restore(nt->fv), 0);
		KUNIT_EXPECT_TRUE(test, netif_device_present(nt->dev));
		KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
		nt_expect_traffic(nt);
	}

	nt_settle(nt);
	nt_close(nt);
	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	KUNIT_ASSERT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* What the driver had told the device is told again. */
static void nt_restore_state(struct kunit *test)
{
	static const u8 wanted[] = { 2, 9, 8, 7, 6, 5 }, other[] = { 2, 1, 1, 1, 1, 1 };
	const struct nm_params params = {
		.features = NT_FULL | NM_F_MQ, .max_pairs = 4, .mode = FV_RUN,
	};
	struct nt *nt = nt_start(test, &params);
	const struct net_device_ops *ops = nt->dev->netdev_ops;
	struct nm_ctrl *ctrl = &nt->nm->ctrl;
	struct sockaddr_storage sa = { .ss_family = nt->dev->type };

	KUNIT_ASSERT_TRUE(test, nm_wait(nt->nm, READ_ONCE(ctrl->tables) > 0, NT_MS));
	memcpy(((struct sockaddr *)&sa)->sa_data, wanted, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 3), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ops->ndo_vlan_rx_add_vid(nt->dev, htons(ETH_P_8021Q), 123), 0);
	KUNIT_EXPECT_EQ(test, ops->ndo_set_mac_address(nt->dev, &sa), 0);
	nt->dev->wanted_features &= ~NETIF_F_GRO_HW;
	netdev_update_features(nt->dev);
	dev_set_promiscuity(nt->dev, 1);
	dev_uc_add(nt->dev, other);
	rtnl_unlock();

	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	/* Another host: the address in the configuration is the old one. */
	fv_config_set(nt->fv, 0, other, ETH_ALEN);
	KUNIT_ASSERT_EQ(test, fv_restore(nt->fv), 0);

	KUNIT_EXPECT_TRUE(test, nm_wait(nt->nm, READ_ONCE(ctrl->unicast) == 1, NT_MS));
	KUNIT_EXPECT_EQ(test, ctrl->pairs, 3);
	KUNIT_EXPECT_TRUE(test, test_bit(123, ctrl->vlans));
	NT_EXPECT_SAME(test, ctrl->mac, wanted, ETH_ALEN);
	KUNIT_EXPECT_EQ(test, ctrl->offloads, NM_F_GUEST_CSUM);
	KUNIT_EXPECT_EQ(test, ctrl->mode[NM_RX_PROMISC], 1);
	nt_expect_clean(nt);
	rtnl_lock();
	dev_set_promiscuity(nt->dev, -1);
	rtnl_unlock();
}

/* Freeze while the device owes completions: nothing is lost but the frames. */
static void nt_freeze_owing(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct netdev_queue *txq = netdev_get_tx_queue(nt->dev, 0);
	unsigned int i;

	fv_set_mode(nt->fv, FV_MANUAL);
	for (i = 0; i < 1000 && !netif_tx_queue_stopped(txq); i++)
		KUNIT_ASSERT_EQ(test, nt_send(nt, 0, 200, i), 0);
	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	fv_set_mode(nt->fv, FV_RUN);
	KUNIT_ASSERT_EQ(test, fv_restore(nt->fv), 0);
	KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	KUNIT_EXPECT_FALSE(test, netif_tx_queue_stopped(txq));
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* A resume that fails leaves a device that can be removed, and is not used. */
static void nt_restore_fails(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);

	KUNIT_ASSERT_EQ(test, fv_freeze(nt->fv), 0);
	fv_fail(nt->fv, FV_FAIL_FIND_VQS, 1);
	KUNIT_EXPECT_LT(test, fv_restore(nt->fv), 0);
	KUNIT_EXPECT_FALSE(test, netif_device_present(nt->dev));
	KUNIT_EXPECT_NE(test, nt_send(nt, 0, 100, 1), 0);
	nt_detach(nt);
	fv_unplug(nt->fv);
	KUNIT_EXPECT_EQ(test, fv_queue(nt->fv, 0)->nr_inflight, 0);
	nt_expect_clean(nt);
}

static void nt_close_owing(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		fv_misbehave(nt->fv, FV_EVIL_SILENT, 1, 2);
		KUNIT_EXPECT_EQ(test, nt_send(nt, 0, 200, i), 0);
		KUNIT_EXPECT_EQ(test, nt_send(nt, 0, 1200, i), 0);
		nt_close(nt);
		KUNIT_ASSERT_EQ(test, nt_open(nt), 0);
		KUNIT_ASSERT_TRUE(test, nt_wait_ready(nt));
	}
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/**
 * struct nt_load - traffic by a thread
 * @nt: the test
 * @ifindex: of the interface, which may go away
 * @task: the thread
 * @sent: frames that the driver took
 */
struct nt_load {
	struct nt *nt;
	int ifindex;
	struct task_struct *task;
	unsigned int sent;
};

static void nt_load_frame(struct nt_load *load, struct net_device *dev, unsigned int n)
{
	unsigned int len = ETH_HLEN + n * 31 % 1500;
	struct sk_buff *skb = alloc_skb(len + 64, GFP_KERNEL);

	if (!skb)
		return;
	skb_reserve(skb, 64);
	skb_put(skb, len);
	memset(skb->data, 0, len);
	ether_addr_copy(skb->data, dev->dev_addr);
	skb->data[12] = NT_ETHERTYPE >> 8;
	skb->data[13] = NT_ETHERTYPE & 0xff;
	skb->dev = dev;
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = htons(NT_ETHERTYPE);
	if (!dev_queue_xmit(skb))
		load->sent++;
}

static int nt_load_thread(void *data)
{
	struct nt_load *load = data;
	struct net_device *dev;
	unsigned int n = 0;

	while (!kthread_should_stop()) {
		dev = dev_get_by_index(&init_net, load->ifindex);
		if (dev) {
			nt_load_frame(load, dev, n++);
			dev_put(dev);
		}
		if (!dev || n % 16 == 0)
			nt_nap();
	}

	return 0;
}

static struct nt_load *nt_load_start(struct nt *nt)
{
	struct nt_load *load = kunit_kzalloc(nt->test, sizeof(*load), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(nt->test, load);
	load->nt = nt;
	load->ifindex = nt->dev->ifindex;
	nt->nm->tx = NM_TX_LOOP;
	nt->keep = false;
	load->task = kthread_run(nt_load_thread, load, "nt_load");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(nt->test, load->task);

	return load;
}

static void nt_unplug_loaded(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_load *load = nt_load_start(nt);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, nt_wait(nt, atomic_read(&nt->nr_rx) > 100, NT_MS));
	nt_detach(nt);
	fv_unplug(nt->fv);
	kthread_stop(load->task);
	for (i = 0; i < nt->fv->nr_queues; i++)
		KUNIT_EXPECT_EQ(test, fv_queue(nt->fv, i)->nr_inflight, 0);
	nt_expect_clean(nt);
}

/* The device is gone before the driver hears of it. */
static void nt_surprise_unplug(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_load *load = nt_load_start(nt);

	KUNIT_EXPECT_TRUE(test, nt_wait(nt, atomic_read(&nt->nr_rx) > 100, NT_MS));
	nt_detach(nt);
	fv_surprise_unplug(nt->fv);
	kthread_stop(load->task);
	nt_expect_clean(nt);
}

/* Again and again: what probe takes, remove gives back. */
static void nt_replug(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct nt *nt = nt_start(test, &setup->dev);

		nt_expect_traffic(nt);
		nt_expect_clean(nt);
		nt_exit(test);
		KUNIT_ASSERT_EQ(test, nt_init(test), 0);
	}
}

/* At least so many frames more come back to the test. */
static void nt_expect_frames(struct kunit *test, struct nt *nt, int frames)
{
	int before = atomic_read(&nt->nr_rx);

	KUNIT_EXPECT_TRUE(test, nt_wait(nt, atomic_read(&nt->nr_rx) > before + frames, NT_MS));
}

static void nt_freeze_loaded(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_load *load = nt_load_start(nt);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		nt_expect_frames(test, nt, 20);
		KUNIT_EXPECT_EQ(test, fv_freeze(nt->fv), 0);
		KUNIT_EXPECT_EQ(test, fv_restore(nt->fv), 0);
		KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	}
	nt_expect_frames(test, nt, 20);
	kthread_stop(load->task);
	nt_expect_clean(nt);
}

static void nt_channels_loaded(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_load *load = nt_load_start(nt);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		nt_expect_frames(test, nt, 10);
		KUNIT_EXPECT_EQ(test, nt_set_channels(nt, 1 + (i & 1)), 0);
	}
	kthread_stop(load->task);
	nt_expect_clean(nt);
}

static int nt_one_pair_thread(void *data)
{
	int err = nt_set_channels(data, 1);

	while (!kthread_should_stop())
		nt_nap();
	return err;
}

/* What is in the ring of a pair when the device is told not to use it any more. */
static void nt_fewer_owing(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct fv_queue *ctrl = fv_queue(nt->fv, 2 * setup->dev.max_pairs);
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, nt_set_channels(nt, 2), 0);
	fv_set_mode(nt->fv, FV_MANUAL);
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, nt_send(nt, 1, 100 + i, i), 0);
	task = kthread_run(nt_one_pair_thread, nt, "nt_one_pair");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	for (i = 0; i < NT_MS && !fv_available(ctrl); i++)
		nt_nap();
	KUNIT_EXPECT_EQ(test, fv_step(ctrl, 1), 1);
	KUNIT_EXPECT_EQ(test, kthread_stop(task), 0);
	KUNIT_EXPECT_EQ(test, nt->nm->ctrl.pairs, 1);
	KUNIT_EXPECT_EQ(test, fv_step(fv_queue(nt->fv, 3), 8), 5);
	fv_set_mode(nt->fv, FV_RUN);
	nt_expect_traffic(nt);
	nt_expect_clean(nt);
}

/* Down and up, with another MTU, while somebody sends. */
static void nt_open_close_loaded(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct nt_load *load = nt_load_start(nt);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		nt_expect_frames(test, nt, 10);
		nt_close(nt);
		KUNIT_EXPECT_EQ(test, nt_change_mtu(nt, 1500 - i), 0);
		KUNIT_EXPECT_EQ(test, nt_open(nt), 0);
		KUNIT_EXPECT_TRUE(test, nt_wait_ready(nt));
	}
	kthread_stop(load->task);
	nt_expect_clean(nt);
}

/* Pages that the stack still has when the device goes come back later. */
static void nt_pages_outlive(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct sk_buff_head held;
	struct sk_buff *skb;
	unsigned int i;

	skb_queue_head_init(&held);
	for (i = 0; i < 40; i++) {
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, 60 + i * 35, i, NULL), 0);
		skb = nt_next_rx(nt);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		skb_queue_tail(&held, skb);
	}
	nt_detach(nt);
	fv_unplug(nt->fv);

	for (i = 0; i < 40; i++) {
		u8 data[64];

		skb = skb_dequeue(&held);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, skb->len, 60 + i * 35);
		KUNIT_EXPECT_EQ(test, skb_copy_bits(skb, ETH_HLEN, data, 46), 0);
		KUNIT_EXPECT_TRUE(test, nt_filled(data, 46, i));
		kfree_skb(skb);
	}
	nt_expect_clean(nt);
}

/* A page pool of the driver, from just before the device goes until the pool is freed. */
struct nt_pool {
	struct page_pool *pool;
	void (*disconnect)(void *pool);
};

static struct nt_pool nt_pools[8];

/* Called when every page of the pool is back, which may be long after its destruction. */
static void nt_pool_gone(void *pool)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_pools); i++) {
		if (READ_ONCE(nt_pools[i].pool) != pool)
			continue;
		if (nt_pools[i].disconnect)
			nt_pools[i].disconnect(pool);
		/* Pairs with nt_pools_left(): what was done with the pool is done. */
		smp_store_release(&nt_pools[i].pool, NULL);
	}
}

static void nt_pool_watch(struct kunit *test, struct page_pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	for (i = 0; i < ARRAY_SIZE(nt_pools) && nt_pools[i].pool; i++)
		;
	KUNIT_ASSERT_LT(test, i, ARRAY_SIZE(nt_pools));
	nt_pools[i].disconnect = pool->disconnect;
	nt_pools[i].pool = pool;
	pool->disconnect = nt_pool_gone;
}

static unsigned int nt_pools_left(void)
{
	unsigned int i, left = 0;

	for (i = 0; i < ARRAY_SIZE(nt_pools); i++) {
		/* Pairs with the release in nt_pool_gone(). */
		left += !!smp_load_acquire(&nt_pools[i].pool);
	}

	return left;
}

/* Those that are left stay with the kernel, which must not call here any more. */
static void nt_pools_forget(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_pools); i++) {
		if (nt_pools[i].pool)
			nt_pools[i].pool->disconnect = nt_pools[i].disconnect;
		nt_pools[i].pool = NULL;
	}
}

static void nt_expect_dropped(struct nt *nt, u64 frames)
{
	struct rtnl_link_stats64 stats = {};
	unsigned int i;

	for (i = 0; i < NT_MS && stats.rx_dropped < frames; i++) {
		nt_nap();
		nt_stats(nt, &stats);
	}
	KUNIT_EXPECT_EQ(nt->test, stats.rx_dropped, frames);
}

static void nt_receive_all_kinds(struct kunit *test, struct nt *nt, u64 features)
{
	const struct nm_bad wrong = { .used_len = 1, .set_len = true };
	const struct nm_bad missing = { .only = 1 };
	unsigned int i;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, nt_inject_wait(nt, 0, 60 + i * 70, i, NULL), 0);
		kfree_skb(nt_next_rx(nt));
	}

	KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 8, NT_MS));
	KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, 700, 1, NULL, &wrong), 0);
	nt_expect_dropped(nt, 1);
	if (features & NM_F_MRG_RXBUF) {
		/* Dropped before another frame comes, or that one would be its second part. */
		KUNIT_ASSERT_TRUE(test, nm_wait_buffers(nt->nm, 0, 40, NT_MS));
		KUNIT_EXPECT_EQ(test, nt_inject(nt, 0, 9000, 1, NULL, &missing), 0);
		nt_expect_dropped(nt, 2);
	}
	nt_expect_traffic(nt);
}

/* Each page of the receive pools comes back, also of frames that were wrong. */
static void nt_pages_return(struct kunit *test)
{
	const struct nt_setup *setup = test->param_value;
	struct nt *nt = nt_start(test, &setup->dev);
	struct vnet *vn = netdev_priv(nt->dev);
	unsigned int i;

	nt_receive_all_kinds(test, nt, setup->dev.features);
	for (i = 0; i < setup->dev.max_pairs; i++) {
		nt_pool_watch(test, vn->rq[i].pool);
		nt_pool_watch(test, vn->rq[i].pool_small);
	}
	KUNIT_EXPECT_GT(test, nt_pools_left(), 0);
	nt_exit(test);

	for (i = 0; i < NT_POOL_SECONDS * 10 && nt_pools_left(); i++)
		msleep(100);
	KUNIT_EXPECT_EQ(test, nt_pools_left(), 0);
	nt_pools_forget();
	KUNIT_ASSERT_EQ(test, nt_init(test), 0);
}

static struct kunit_case nt_life_cases[] = {
	KUNIT_CASE_PARAM(nt_freeze_restore, few_gen_params),
	KUNIT_CASE(nt_restore_state),
	KUNIT_CASE_PARAM(nt_freeze_owing, few_gen_params),
	KUNIT_CASE_PARAM(nt_restore_fails, few_gen_params),
	KUNIT_CASE_PARAM(nt_close_owing, few_gen_params),
	KUNIT_CASE_PARAM(nt_unplug_loaded, few_gen_params),
	KUNIT_CASE_PARAM(nt_surprise_unplug, few_gen_params),
	KUNIT_CASE_PARAM(nt_replug, few_gen_params),
	KUNIT_CASE_PARAM(nt_freeze_loaded, few_gen_params),
	KUNIT_CASE_PARAM(nt_channels_loaded, mq_gen_params),
	KUNIT_CASE_PARAM(nt_fewer_owing, mq_gen_params),
	KUNIT_CASE_PARAM(nt_open_close_loaded, few_gen_params),
	KUNIT_CASE_PARAM(nt_pages_outlive, few_gen_params),
	KUNIT_CASE_PARAM(nt_pages_return, mq_gen_params),
	{}
};

struct kunit_suite nt_suite_life = {
	.name = "virtio_net_life",
	.init = nt_init,
	.exit = nt_exit,
	.test_cases = nt_life_cases,
};
