// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: a device that changes while it is in use: its size, and its
 * write cache (virtio 1.3, 5.2.5 and 5.2.6).
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "virtio_blk_kunit.h"

FV_ARRAY_PARAM(vb_ring, vb_rings, vb_ring_desc);

#define VB_UEVENT_LEN	2048

/* Listen to what udev would hear. */
static struct socket *vb_listen(struct kunit *test)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, PF_NETLINK, SOCK_RAW,
					       NETLINK_KOBJECT_UEVENT, &sock), 0);
	KUNIT_ASSERT_EQ(test, kernel_bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

/* Whether one of the strings of a message is this one. */
static bool vb_has_string(const char *buf, int len, const char *string)
{
	int i;

	for (i = 0; i < len; i += strnlen(buf + i, len - i) + 1) {
		if (!strcmp(buf + i, string))
			return true;
	}
	return false;
}

/* How many events there were that a disk has a new size. */
static unsigned int vb_heard(struct kunit *test, struct socket *sock)
{
	char *buf = kzalloc(VB_UEVENT_LEN + 1, GFP_KERNEL);
	unsigned int n = 0;
	int len;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	do {
		struct kvec vec = { buf, VB_UEVENT_LEN };
		struct msghdr msg = { };

		len = kernel_recvmsg(sock, &msg, &vec, 1, VB_UEVENT_LEN, MSG_DONTWAIT);
		if (len > 0) {
			buf[len] = '\0';
			n += vb_has_string(buf, len, "RESIZE=1");
		}
	} while (len > 0);
	kfree(buf);
	return n;
}

/* The same, as soon as there are so many; and a little later, whether there are more. */
static unsigned int vb_hear(struct kunit *test, struct socket *sock, unsigned int wanted)
{
	unsigned long end = jiffies + msecs_to_jiffies(VB_WAIT_MS);
	unsigned int n = vb_heard(test, sock);

	while (n < wanted && time_before(jiffies, end)) {
		usleep_range(500, 1000);
		n += vb_heard(test, sock);
	}
	msleep(VB_CALM_MS);
	return n + vb_heard(test, sock);
}

static bool vb_wait_sectors(struct vb *vb, u64 sectors)
{
	unsigned long end = jiffies + msecs_to_jiffies(VB_WAIT_MS);

	while (bdev_nr_sectors(vb->bdev) != sectors && time_before(jiffies, end))
		usleep_range(500, 1000);
	return bdev_nr_sectors(vb->bdev) == sectors;
}

static void vb_test_resize(struct kunit *test)
{
	static const u64 sizes[] = { 65536, 16384, 8, 1ULL << 40, 0, 32768 };
	struct vb *vb = vb_start_ring(test);
	struct socket *sock = vb_listen(test);
	unsigned int i;
	u64 last;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		last = bdev_nr_sectors(vb->bdev);
		bm_resize(vb->bm, sizes[i]);
		KUNIT_EXPECT_TRUE_MSG(test, vb_wait_sectors(vb, sizes[i]), "%llu sectors",
				      sizes[i]);
		bm_settle(vb->bm);
		/* There is nothing to say of a disk that was, or is, empty. */
		KUNIT_EXPECT_EQ(test, vb_hear(test, sock, last && sizes[i]), last && sizes[i]);
		if (!sizes[i])
			continue;
		vb_write(vb, sizes[i] - 8, 4096, i);
		vb_on_disk(vb, sizes[i] - 8, 4096, i);
		KUNIT_EXPECT_NE(test,
				(__force u8)vb_do(vb_io(vb, REQ_OP_READ, sizes[i], 512, 0)), 0);
	}
	sock_release(sock);
}

/* A size that cannot be changes nothing, and neither does an announcement of nothing. */
static void vb_test_resize_bad(struct kunit *test)
{
	static const u64 sizes[] = { U64_MAX, (LLONG_MAX >> SECTOR_SHIFT) + 1, 32768 };
	struct vb *vb = vb_start_ring(test);
	struct socket *sock = vb_listen(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bm_resize(vb->bm, sizes[i]);
		msleep(VB_CALM_MS);
		KUNIT_EXPECT_EQ(test, (u64)bdev_nr_sectors(vb->bdev), 32768);
		KUNIT_EXPECT_EQ(test, vb_heard(test, sock), 0);
	}
	sock_release(sock);
	vb_write(vb, 8, 4096, 1);
	vb_read(vb, 8, 4096, 1);
}

/* Requests that are under way when the disk shrinks end somehow. */
static void vb_test_resize_busy(struct kunit *test)
{
	struct bm_rule hold = { 8, BM_ANY_TYPE, BM_ANY_SECTOR, BM_HOLD, 0 };
	struct vb *vb = vb_start_ring(test);
	struct vb_io *ios[8];
	unsigned int i;

	bm_add_rule(vb->bm, &hold);
	for (i = 0; i < 8; i++) {
		ios[i] = vb_io(vb, i % 2 ? REQ_OP_WRITE : REQ_OP_READ, i * 4096, 4096, 0);
		vb_submit(ios[i]);
	}
	KUNIT_ASSERT_TRUE(test, bm_wait_held(vb->bm, 8, VB_WAIT_MS));
	bm_resize(vb->bm, 16384);
	KUNIT_EXPECT_TRUE(test, vb_wait_sectors(vb, 16384));
	bm_release(vb->bm, FV_FIFO, UINT_MAX);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_TRUE(test, vb_wait(ios[i], VB_WAIT_MS));
		KUNIT_EXPECT_EQ(test, !ios[i]->status, i * 4096 < 16384);
	}
	vb_ended_once(vb);
}

/* Which features there are, what the field says, and what the disk has then. */
struct vb_cache {
	const char *name;
	bool flush;
	bool wce;
	u8 writeback;
	bool cache;
};

static void vb_cache_desc(const struct vb_cache *cache, char *desc)
{
	strscpy(desc, cache->name, KUNIT_PARAM_DESC_SIZE);
}

static const struct vb_cache vb_caches[] = {
	{ "neither", false, false, 1, false },
	{ "flush", true, false, 0, true },
	{ "flush,wce,on", true, true, 1, true },
	{ "flush,wce,off", true, true, 0, false },
	{ "wce without flush", false, true, 0, false },
};

FV_ARRAY_PARAM(vb_cache, vb_caches, vb_cache_desc);

static bool vb_shows_cache(struct vb *vb, bool cache)
{
	char *buf = kunit_kzalloc(vb->test, PAGE_SIZE, GFP_KERNEL);
	bool same;

	KUNIT_ASSERT_NOT_NULL(vb->test, buf);
	vb_attr_show(vb, "cache_type", buf);
	same = !strcmp(buf, cache ? "write back\n" : "write through\n");
	kunit_kfree(vb->test, buf);
	return same;
}

static void vb_expect_cache(struct vb *vb, bool cache)
{
	KUNIT_EXPECT_EQ(vb->test, bdev_write_cache(vb->bdev), cache);
	KUNIT_EXPECT_TRUE(vb->test, vb_shows_cache(vb, cache));
}

static void vb_test_cache(struct kunit *test)
{
	const struct vb_cache *cache = test->param_value;
	struct bm_params params;
	struct vb *vb;
	u64 n;

	vb_params(&params, &vb_rings[3]);
	if (!cache->flush)
		params.features &= ~BIT_ULL(BM_F_FLUSH);
	if (!cache->wce)
		params.features &= ~BIT_ULL(BM_F_CONFIG_WCE);
	params.conf.writeback = cache->writeback;
	vb = vb_start(test, &params);
	vb_expect_cache(vb, cache->cache);
	KUNIT_EXPECT_EQ(test, vb_attr_mode(vb, "cache_type"), cache->wce ? 0644 : 0444);

	/* No flush where there is none, or no need for one. */
	n = bm_count(vb->bm, BM_T_FLUSH);
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(vb->bdev), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_FLUSH) - n, cache->cache);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_WRITE | REQ_FUA | REQ_PREFLUSH,
						      0, 512, 0)), 0);
	KUNIT_EXPECT_EQ(test, bm_count(vb->bm, BM_T_FLUSH) - n, cache->cache ? 3 : 0);
}

static void vb_test_cache_switch(struct kunit *test)
{
	static const char * const bad[] = { "", "write", "write around", "write backwards" };
	struct vb *vb = vb_start_ring(test);
	unsigned int i;

	vb_expect_cache(vb, true);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, vb_attr_store(vb, "cache_type", bad[i]), -EINVAL);
		vb_expect_cache(vb, true);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write through"), 0);
		KUNIT_EXPECT_EQ(test, vb->bm->conf.writeback, 0);
		vb_expect_cache(vb, false);
		KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write back"), 0);
		KUNIT_EXPECT_EQ(test, vb->bm->conf.writeback, 1);
		vb_expect_cache(vb, true);
	}

	/* A device that does not do it: an error, and flushes go on. */
	vb->bm->cache_stuck = true;
	KUNIT_EXPECT_EQ(test, vb_attr_store(vb, "cache_type", "write through"), -EIO);
	vb_expect_cache(vb, true);
	vb->bm->cache_stuck = false;

	/* If what is in the cache cannot be saved, the cache is not off. */
	bm_add_rule(vb->bm, &(struct bm_rule){ 1, BM_T_FLUSH, BM_ANY_SECTOR, BM_FAIL, BM_S_IOERR });
	KUNIT_EXPECT_EQ(test, vb_attr_store(vb, "cache_type", "write through"), -EIO);
	vb_expect_cache(vb, true);
	KUNIT_EXPECT_GT(test, vb_attr_store(vb, "cache_type", "write through"), 0);
	vb_expect_cache(vb, false);
}

/* The device has switched its cache on by itself: flushes are needed from now on. */
static void vb_test_cache_follow(struct kunit *test)
{
	struct bm_params params;
	struct bm_conf conf;
	unsigned int i;
	struct vb *vb;

	vb_params(&params, test->param_value);
	params.conf.writeback = 0;
	vb = vb_start(test, &params);
	vb_expect_cache(vb, false);
	conf = vb->bm->conf;
	conf.writeback = 1;
	bm_set_conf(vb->bm, &conf);
	fv_config_changed(vb->fv);
	/* The driver says it when the block layer has been told: that is the last step. */
	for (i = 0; i < VB_WAIT_MS && !vb_shows_cache(vb, true); i++)
		usleep_range(1000, 2000);
	vb_expect_cache(vb, true);

	conf.writeback = 0;
	bm_set_conf(vb->bm, &conf);
	fv_config_changed(vb->fv);
	msleep(VB_CALM_MS);
	vb_expect_cache(vb, true);
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_resize, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_resize_bad, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_resize_busy, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_cache, vb_cache_gen_params),
	KUNIT_CASE_PARAM(vb_test_cache_switch, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_cache_follow, vb_ring_gen_params),
	{ }
};

static struct kunit_suite vb_change_suite = {
	.name = "virtio_blk_change",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_change_suite);
