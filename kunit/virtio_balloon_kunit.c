// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suites for virtio_balloon: what they share, and their list.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "virtio_balloon_kunit.h"

/* Both ways of MUST_TELL_HOST come with each format. */
static const struct vbt_ring vbt_rings[] = {
	{ "legacy", 0 },
	{ "legacy indirect tell", VBT_F_INDIRECT | VBT_F_TELL },
	{ "legacy event tell", VBT_F_EVENT | VBT_F_TELL },
	{ "legacy indirect event", VBT_F_INDIRECT | VBT_F_EVENT },
	{ "split tell", VBT_F_MODERN | VBT_F_TELL },
	{ "split indirect", VBT_F_MODERN | VBT_F_INDIRECT },
	{ "split event", VBT_F_MODERN | VBT_F_EVENT },
	{ "split indirect event tell", VBT_F_MODERN | VBT_F_INDIRECT | VBT_F_EVENT | VBT_F_TELL },
	{ "packed tell", VBT_F_PACKED | VBT_F_TELL },
	{ "packed indirect", VBT_F_PACKED | VBT_F_INDIRECT },
	{ "packed event", VBT_F_PACKED | VBT_F_EVENT },
	{ "packed indirect event tell", VBT_F_PACKED | VBT_F_INDIRECT | VBT_F_EVENT | VBT_F_TELL },
};

static void vbt_ring_desc(const struct vbt_ring *ring, char *desc)
{
	strscpy(desc, ring->name, KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(vbt_ring, vbt_rings, vbt_ring_desc);

/* One of each format is enough for what takes longer. */
static const struct vbt_ring vbt_few[] = {
	{ "legacy", 0 },
	{ "split indirect event tell", VBT_F_MODERN | VBT_F_INDIRECT | VBT_F_EVENT | VBT_F_TELL },
	{ "packed event tell", VBT_F_PACKED | VBT_F_EVENT | VBT_F_TELL },
	{ "packed", VBT_F_PACKED },
};

FV_ARRAY_PARAM(vbt_few, vbt_few, vbt_ring_desc);

/**
 * vbt_few_params() - go through one kind of ring of each format
 * @prev: the last one, NULL at first
 * @desc: is set to the name of the next one
 *
 * Return: the next one, or NULL
 */
const void *vbt_few_params(const void *prev, char *desc)
{
	return vbt_few_gen_params(prev, desc);
}

/**
 * vbt_ring_params() - go through all kinds of rings
 * @prev: the last one, NULL at first
 * @desc: is set to the name of the next one
 *
 * Return: the next one, or NULL
 */
const void *vbt_ring_params(const void *prev, char *desc)
{
	return vbt_ring_gen_params(prev, desc);
}

/**
 * vbt_suite_init() - before the first case of a suite
 * @suite: the suite
 *
 * Return: 0 or a negative error number
 */
int vbt_suite_init(struct kunit_suite *suite)
{
	return mb_map_get();
}

/**
 * vbt_suite_exit() - after the last case of a suite
 * @suite: the suite
 */
void vbt_suite_exit(struct kunit_suite *suite)
{
	mb_map_put();
}

/**
 * vbt_new() - make a balloon
 * @test: the test that it is for
 * @params: what it is like
 *
 * Return: the balloon, not yet plugged in; the test ends if there is none
 */
struct vbt *vbt_new(struct kunit *test, const struct mb_params *params)
{
	struct vbt *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	t->ram = totalram_pages();
	t->mb = mb_create(test, params);
	KUNIT_ASSERT_NOT_NULL(test, t->mb);
	t->fv = t->mb->fv;
	return t;
}

/**
 * vbt_new_ring() - make a balloon with the rings of the parameter, and plug it in
 * @test: a test with vbt_ring_params() or vbt_few_params()
 * @mode: when the device works
 *
 * Return: the balloon
 */
struct vbt *vbt_new_ring(struct kunit *test, enum fv_mode mode)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = { .features = ring->features, .mode = mode };
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	return t;
}

/**
 * vbt_plug() - plug a balloon in
 * @t: the balloon
 */
void vbt_plug(struct vbt *t)
{
	KUNIT_ASSERT_EQ(t->test, fv_plug(t->fv), 0);
	KUNIT_ASSERT_TRUE_MSG(t->test, fv_bound(t->fv), "is virtio_balloon loaded?");
}

/* Driver, device and guest agree. */
static bool vbt_is(struct vbt *t, u32 pages)
{
	return t->ram - totalram_pages() == vbt_guest_pages(pages) && t->mb->held == pages &&
	       mb_actual(t->mb) == pages;
}

/* A large step takes a slow kernel long. What counts is that it moves all the time. */
static bool vbt_gets_there(struct vbt *t, u32 pages)
{
	unsigned int round;
	unsigned long held;

	for (round = 0; round < VBT_ROUNDS; round++) {
		held = READ_ONCE(t->mb->held);
		if (vbt_wait(vbt_is(t, pages), VBT_MS))
			return true;
		if (READ_ONCE(t->mb->held) == held)
			break;
	}
	return false;
}

/**
 * vbt_expect() - the balloon has to get to a size by itself, and to be sound then
 * @t: the balloon, the only one
 * @pages: the size
 */
void vbt_expect(struct vbt *t, u32 pages)
{
	/* Where the device need not be told first, its answer comes after the pages. */
	KUNIT_EXPECT_TRUE_MSG(t->test, vbt_gets_there(t, pages),
			      "wanted %u pages, told %u, has %lu, the guest lacks %lu", pages,
			      mb_actual(t->mb), t->mb->held, t->ram - totalram_pages());
	KUNIT_EXPECT_EQ(t->test, mb_audit(t->mb), (unsigned long)pages);
}

/**
 * vbt_reach() - give a target, which has to be reached to the page
 * @t: the balloon, the only one
 * @pages: the target
 */
void vbt_reach(struct vbt *t, u32 pages)
{
	mb_set_target(t->mb, pages);
	vbt_expect(t, pages);
}

/**
 * vbt_expect_gone() - the driver is gone, and the guest has all of its memory
 * @t: the balloon, the only one
 */
void vbt_expect_gone(struct vbt *t)
{
	KUNIT_EXPECT_EQ(t->test, totalram_pages(), t->ram);
	KUNIT_EXPECT_EQ(t->test, mb_pages_lost(), 0UL);
	KUNIT_EXPECT_EQ(t->test, t->mb->held, 0UL);
}

/**
 * vbt_unplug() - unplug a balloon in good order, which must leave nothing behind
 * @t: the balloon, the only one
 */
void vbt_unplug(struct vbt *t)
{
	fv_set_mode(t->fv, FV_RUN);
	fv_unplug(t->fv);
	vbt_expect_gone(t);
}

/**
 * vbt_step() - have the device answer requests one by one, as they come
 * @t: the balloon, its device in FV_MANUAL
 * @role: of the queue
 * @nr: so many
 *
 * Return: how many there were
 */
unsigned int vbt_step(struct vbt *t, enum mb_role role, unsigned int nr)
{
	struct fv_queue *q = mb_queue(t->mb, role);
	unsigned int done = 0, last;

	do {
		last = done;
		vbt_wait((done += fv_step(q, nr - done)) != last, VBT_MS);
	} while (done < nr && done != last);
	return done;
}

kunit_test_suites(&vbt_model_suite, &vbt_target_suite, &vbt_ring_suite, &vbt_life_suite,
		  &vbt_probe_suite, &vbt_free_suite, &vbt_hostile_suite, &vbt_memory_suite,
		  &vbt_move_suite, &vbt_stats_suite);

MODULE_DESCRIPTION("KUnit suites for virtio_balloon");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_VERSION(KGD_VERSION);
MODULE_LICENSE("GPL");
