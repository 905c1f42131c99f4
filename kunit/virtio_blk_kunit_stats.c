// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virtio_blk: what it counts, as an administrator reads it in debugfs.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/umh.h>
#include <linux/virtio_ring.h>

#include "virtio_blk_kunit.h"

static const struct vb_ring vb_few_rings[] = {
	{ "split,indirect,event_idx", BIT_ULL(VIRTIO_F_VERSION_1) |
	  BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
	{ "packed", BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_RING_PACKED) },
};

FV_ARRAY_PARAM(vb_ring, vb_few_rings, vb_ring_desc);

#define VB_SOME		12

/* The columns of the files, summed up over the queues. */
struct vb_counts {
	u64 sent, done, errors, notified, interrupts, empty, runs, full;
	u64 read, write, flush, other;
	u64 from_us;
	unsigned int lines;
};

static void vb_debug_path(struct vb *vb, const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/kernel/debug/virtio_blk/%s/%s", vb->disk->disk_name, name);
}

/* As a person does it. Returns whether it was taken. */
static bool vb_count_write(struct vb *vb, const char *value)
{
	char path[64], line[128], *argv[4], *envp[2];

	vb_debug_path(vb, "count", path, sizeof(path));
	snprintf(line, sizeof(line), "echo '%s' 2>/dev/null >%s", value, path);
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = line;
	argv[3] = NULL;
	envp[0] = "PATH=/bin:/sbin";
	envp[1] = NULL;
	return !call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC);
}

/* The text of a file; what seq_file shows can be had without a user's buffer. */
static char *vb_debug_read(struct vb *vb, const char *name)
{
	struct kunit *test = vb->test;
	struct kiocb kiocb;
	struct iov_iter iter;
	struct file *file;
	struct kvec vec;
	char path[64];
	ssize_t len;

	vec.iov_len = PAGE_SIZE - 1;
	vec.iov_base = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vec.iov_base);
	vb_debug_path(vb, name, path, sizeof(path));
	file = filp_open(path, O_RDONLY, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "%s: %ld", path, PTR_ERR(file));
	init_sync_kiocb(&kiocb, file);
	iov_iter_kvec(&iter, READ, &vec, 1, vec.iov_len);
	len = seq_read_iter(&kiocb, &iter);
	filp_close(file, NULL);
	flush_delayed_fput();
	KUNIT_EXPECT_GT(test, len, 0);
	return vec.iov_base;
}

static struct vb_counts vb_counts(struct vb *vb)
{
	struct vb_counts sum = { }, c;
	char *text, *line;

	text = vb_debug_read(vb, "queues");
	KUNIT_EXPECT_STREQ(vb->test, strsep(&text, "\n"),
			   "queue sent done errors notified interrupts empty runs full");
	while ((line = strsep(&text, "\n")) && *line) {
		KUNIT_EXPECT_EQ_MSG(vb->test,
				    sscanf(line, "req.%*u %llu %llu %llu %llu %llu %llu %llu %llu",
					   &c.sent, &c.done, &c.errors, &c.notified,
					   &c.interrupts, &c.empty, &c.runs, &c.full),
				    8, "%s", line);
		sum.sent += c.sent;
		sum.done += c.done;
		sum.errors += c.errors;
		sum.notified += c.notified;
		sum.interrupts += c.interrupts;
		sum.empty += c.empty;
		sum.runs += c.runs;
		sum.full += c.full;
		sum.lines++;
	}

	text = vb_debug_read(vb, "latency");
	KUNIT_EXPECT_STREQ(vb->test, strsep(&text, "\n"),
			   "queue from_us below_us read write flush other");
	while ((line = strsep(&text, "\n")) && *line) {
		u64 below;

		KUNIT_EXPECT_EQ_MSG(vb->test,
				    sscanf(line, "req.%*u %llu %llu %llu %llu %llu %llu",
					   &c.from_us, &below, &c.read, &c.write, &c.flush,
					   &c.other), 6, "%s", line);
		KUNIT_EXPECT_EQ(vb->test, below, c.from_us ? 2 * c.from_us : 1);
		sum.read += c.read;
		sum.write += c.write;
		sum.flush += c.flush;
		sum.other += c.other;
		sum.from_us = max(sum.from_us, c.from_us);
	}
	return sum;
}

/* The interrupt that found the last request is over when nothing changes any more. */
static struct vb_counts vb_calm_counts(struct vb *vb, u64 done)
{
	struct vb_counts c = vb_counts(vb);
	unsigned int i;

	for (i = 0; i < 1000 && c.done < done; i++) {
		msleep(20);
		c = vb_counts(vb);
	}
	return c;
}

static void vb_test_counts(struct kunit *test)
{
	struct bm_rule bad = { 1, BM_T_IN, BM_ANY_SECTOR, BM_FAIL, BM_S_IOERR };
	struct vb *vb = vb_start_ring(test);
	struct vb_counts c;
	unsigned int i;

	vb_write(vb, 0, 4096, 1);
	KUNIT_EXPECT_EQ(test, vb_counts(vb).lines, 0);
	KUNIT_EXPECT_FALSE(test, vb_count_write(vb, "maybe"));
	KUNIT_EXPECT_EQ(test, vb_counts(vb).lines, 0);

	KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "1"));
	for (i = 0; i < VB_SOME; i++) {
		vb_write(vb, i * 64, 4096, i);
		vb_read(vb, i * 64, 4096, i);
	}
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_WRITE | REQ_PREFLUSH,
						      0, 0, 0)), 0);
	KUNIT_EXPECT_EQ(test, (__force u8)vb_do(vb_io(vb, REQ_OP_DISCARD, 0, 4096, 0)), 0);
	bm_add_rule(vb->bm, &bad);
	KUNIT_EXPECT_NE(test, (__force u8)vb_do(vb_io(vb, REQ_OP_READ, 0, 4096, 0)), 0);

	c = vb_calm_counts(vb, 2 * VB_SOME + 3);
	KUNIT_EXPECT_GT(test, c.lines, 0);
	KUNIT_EXPECT_EQ(test, c.sent, 2 * VB_SOME + 3);
	KUNIT_EXPECT_EQ(test, c.done, 2 * VB_SOME + 3);
	KUNIT_EXPECT_EQ(test, c.errors, 1);
	KUNIT_EXPECT_EQ(test, c.write, VB_SOME);
	KUNIT_EXPECT_EQ(test, c.read, VB_SOME + 1);
	KUNIT_EXPECT_EQ(test, c.flush, 1);
	KUNIT_EXPECT_EQ(test, c.other, 1);
	KUNIT_EXPECT_EQ(test, c.full, 0);
	/* The device may still be looking at its ring when the next one comes. */
	KUNIT_EXPECT_GE(test, c.notified, 1);
	KUNIT_EXPECT_LE(test, c.notified, c.sent);
	/* But each was alone, so each was looked for. */
	KUNIT_EXPECT_EQ(test, c.runs, 2 * VB_SOME + 3);
	KUNIT_EXPECT_GE(test, c.interrupts, 2 * VB_SOME + 3);
	KUNIT_EXPECT_GE(test, c.empty + c.runs, c.interrupts);

	/* Stopped, the numbers stay; started again, they begin at zero. */
	KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "0"));
	vb_write(vb, 0, 4096, 1);
	c = vb_counts(vb);
	KUNIT_EXPECT_EQ(test, c.sent, 2 * VB_SOME + 3);
	KUNIT_EXPECT_EQ(test, c.done, 2 * VB_SOME + 3);
	KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "1"));
	c = vb_counts(vb);
	KUNIT_EXPECT_EQ(test, c.sent + c.done + c.read + c.write + c.runs, 0);
	KUNIT_EXPECT_GT(test, c.lines, 0);
}

/* The time is that of the device, in microseconds. */
static void vb_test_latency(struct kunit *test)
{
	struct bm_rule hold = { 1, BM_T_IN, BM_ANY_SECTOR, BM_HOLD, 0 };
	struct vb *vb = vb_start_ring(test);
	struct vb_counts c;
	struct vb_io *io;
	unsigned int on;
	u64 before;

	/* The second time it is sent before somebody counts, and has no time. */
	for (on = 1; on < 3; on++) {
		vb_count_write(vb, "0");
		bm_add_rule(vb->bm, &hold);
		io = vb_io(vb, REQ_OP_READ, 0, 4096, 0);
		if (on == 1)
			KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "1"));
		before = ktime_get_ns();
		vb_submit(io);
		KUNIT_ASSERT_TRUE(test, bm_wait_held(vb->bm, 1, VB_WAIT_MS));
		if (on == 2)
			KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "1"));
		msleep(VB_CALM_MS);
		bm_release(vb->bm, FV_FIFO, UINT_MAX);
		KUNIT_ASSERT_TRUE(test, vb_wait(io, VB_WAIT_MS));
		c = vb_calm_counts(vb, 1);
		KUNIT_EXPECT_EQ(test, c.done, 1);
		KUNIT_EXPECT_EQ(test, c.sent, on == 1);
		KUNIT_EXPECT_EQ(test, c.read, on == 1);
		if (on == 2)
			continue;
		/* A power of two is up to half of what it stands for. */
		KUNIT_EXPECT_GE(test, c.from_us * 2, VB_CALM_MS * USEC_PER_MSEC);
		KUNIT_EXPECT_LE(test, c.from_us, div_u64(ktime_get_ns() - before, NSEC_PER_USEC));
	}
	/* It counts while it is unplugged. */
	KUNIT_ASSERT_TRUE(test, vb_count_write(vb, "1"));
}

static struct kunit_case vb_cases[] = {
	KUNIT_CASE_PARAM(vb_test_counts, vb_ring_gen_params),
	KUNIT_CASE_PARAM(vb_test_latency, vb_ring_gen_params),
	{ }
};

static struct kunit_suite vb_stats_suite = {
	.name = "virtio_blk_stats",
	.exit = vb_exit,
	.test_cases = vb_cases,
};

kunit_test_suite(vb_stats_suite);
