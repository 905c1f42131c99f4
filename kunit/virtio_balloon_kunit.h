/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of virtio_balloon share.
 */
#ifndef KGD_VIRTIO_BALLOON_KUNIT_H
#define KGD_VIRTIO_BALLOON_KUNIT_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sizes.h>
#include <linux/virtio_ring.h>

#include "model_balloon.h"

/*
 * A debug kernel on an emulated processor has all this time. It is less than what the
 * driver waits for before it looks for itself, so that a lost wake-up is noticed.
 */
#define VBT_MS			8000
/* So often, as long as there is progress in each: a large step takes such a kernel longer. */
#define VBT_ROUNDS		8

/* The driver gives up on a device after 10 s, plus a pass of its timer. */
#define VBT_STALL_MS		12000

#define VBT_F_MODERN		BIT_ULL(VIRTIO_F_VERSION_1)
#define VBT_F_PACKED		(VBT_F_MODERN | BIT_ULL(VIRTIO_F_RING_PACKED))
#define VBT_F_INDIRECT		BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define VBT_F_EVENT		BIT_ULL(VIRTIO_RING_F_EVENT_IDX)
#define VBT_F_TELL		MB_BIT(MUST_TELL_HOST)

/* Pages of the guest that so many pages of the balloon are. */
#define vbt_guest_pages(pages)	((pages) >> (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT))

/* Looks at a condition until it is true or the time is up. */
#define vbt_wait(cond, ms) ({						\
	unsigned long __end = jiffies + msecs_to_jiffies(ms);		\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && time_before(jiffies, __end))		\
		usleep_range(200, 1000);				\
	__ok;								\
})

/**
 * struct vbt_ring - a kind of ring to run a case with
 * @name: of it
 * @features: for the device
 */
struct vbt_ring {
	const char *name;
	u64 features;
};

/**
 * struct vbt - a balloon under test
 * @test: the test
 * @mb: the device
 * @fv: its fake device
 * @ram: pages of the guest before
 * @err: of what was done last
 */
struct vbt {
	struct kunit *test;
	struct mb_device *mb;
	struct fv_device *fv;
	unsigned long ram;
	int err;
};

extern struct kunit_suite vbt_model_suite;
extern struct kunit_suite vbt_target_suite;
extern struct kunit_suite vbt_ring_suite;
extern struct kunit_suite vbt_life_suite;
extern struct kunit_suite vbt_probe_suite;
extern struct kunit_suite vbt_hostile_suite;
extern struct kunit_suite vbt_memory_suite;
extern struct kunit_suite vbt_free_suite;
extern struct kunit_suite vbt_move_suite;
extern struct kunit_suite vbt_stats_suite;

int vbt_suite_init(struct kunit_suite *suite);
void vbt_suite_exit(struct kunit_suite *suite);
const void *vbt_ring_params(const void *prev, char *desc);
const void *vbt_few_params(const void *prev, char *desc);
struct vbt *vbt_new(struct kunit *test, const struct mb_params *params);
struct vbt *vbt_new_ring(struct kunit *test, enum fv_mode mode);
void vbt_plug(struct vbt *t);
void vbt_expect(struct vbt *t, u32 pages);
void vbt_reach(struct vbt *t, u32 pages);
void vbt_expect_gone(struct vbt *t);
void vbt_unplug(struct vbt *t);
unsigned int vbt_step(struct vbt *t, enum mb_role role, unsigned int nr);

#endif /* KGD_VIRTIO_BALLOON_KUNIT_H */
