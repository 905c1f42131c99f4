// SPDX-License-Identifier: GPL-2.0-only
/*
 * More than the guest has, and more than one balloon: suite virtio_balloon_memory.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/vmstat.h>

#include "virtio_balloon_kunit.h"

/*
 * The least that the guest keeps for itself, and what may be used up meanwhile, or wait
 * in the lists of the CPUs, where nobody counts it.
 */
#define VBT_RESERVE		(SZ_8M >> PAGE_SHIFT)
#define VBT_SLACK		(SZ_4M >> PAGE_SHIFT)

/* A guest frees a few pages at any time, and counts them late: the balloon gets those. */
#define VBT_TRICKLE		(SZ_1M >> PAGE_SHIFT)

/* Of the contiguous area that the guest is booted with a driver needs so much. */
#define VBT_CMA			SZ_16M

static unsigned long vbt_oom_kills(void)
{
	unsigned long events[NR_VM_EVENT_ITEMS];

	all_vm_events(events);
	return events[OOM_KILL];
}

/* Waits until a balloon hardly grows any more. */
static void vbt_settle(struct vbt *t)
{
	unsigned long before, now = READ_ONCE(t->mb->held);
	unsigned int i = 0;

	do {
		before = now;
		msleep(1000);
		now = READ_ONCE(t->mb->held);
	} while (now > before + VBT_TRICKLE && ++i < 60);
	KUNIT_EXPECT_LE(t->test, now, before + VBT_TRICKLE);
}

/* Lets a balloon have all that the guest gives. */
static void vbt_take_everything(struct vbt *t)
{
	mb_set_target(t->mb, U32_MAX);
	KUNIT_EXPECT_TRUE(t->test, mb_wait_held(t->mb, 1, VBT_MS));
	vbt_settle(t);
}

/*
 * The host wants all that there can be. It gets what there is, the guest keeps a
 * reserve, nobody is killed for it, and the driver asks again only now and then.
 */
static void balloon_wants_everything(struct kunit *test)
{
	struct mb_params params = {
		.features = VBT_F_MODERN | VBT_F_EVENT | VBT_F_TELL, .mode = FV_RUN, .sparse = true,
	};
	struct vbt *t = vbt_new(test, &params);
	unsigned long kills = vbt_oom_kills();
	struct fv_queue *inflate = mb_queue(t->mb, MB_INFLATE);

	vbt_plug(t);
	vbt_take_everything(t);
	kunit_info(test, "%lu of %lu pages, %ld are available\n", t->mb->held, t->ram,
		   si_mem_available());
	KUNIT_EXPECT_GE(test, t->mb->held, t->ram / 8);
	KUNIT_EXPECT_GE(test, si_mem_available(), (long)(VBT_RESERVE - VBT_SLACK));
	mb_audit(t->mb);

	fv_counts_clear(t->fv);
	msleep(3000);
	KUNIT_EXPECT_LE(test, inflate->counts.kicks, 20ULL);
	KUNIT_EXPECT_GE(test, si_mem_available(), (long)(VBT_RESERVE - VBT_SLACK));
	KUNIT_EXPECT_EQ(test, vbt_oom_kills(), kills);

	vbt_reach(t, 0);
	vbt_unplug(t);
}

static void vbt_free_pages(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

/* Takes single pages until so many are left, every other one for each list. */
static void vbt_take_pages(long left, struct list_head *even, struct list_head *odd)
{
	unsigned long i;
	struct page *page;

	for (i = 0; i % 64 || si_mem_available() > left; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!page)
			break;
		list_add(&page->lru, i % 2 ? even : odd);
	}
}

/* A device that needs memory in one piece; memory above 4 GiB will do. */
static struct device *vbt_dma_device(struct kunit *test)
{
	struct device *dev = root_device_register("vbt-dma");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	dev->dma_mask = &dev->coherent_dma_mask;
	KUNIT_EXPECT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	return dev;
}

/*
 * The contiguous area (CMA) of the guest is in the balloon when a driver needs it. No
 * stock kernel of Debian has one.
 */
static void balloon_leaves_contiguous_area(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = { .features = ring->features, .mode = FV_RUN, .sparse = true };
	unsigned long area = global_zone_page_state(NR_FREE_CMA_PAGES), held, left;
	struct device *dev;
	LIST_HEAD(pages);
	struct vbt *t;
	dma_addr_t dma;
	u64 deflated;
	void *mem;

	if (area < VBT_CMA >> PAGE_SHIFT)
		kunit_skip(test, "%lu pages of a contiguous area are free: is cma= missing?", area);
	t = vbt_new(test, &params);
	vbt_plug(t);
	/* What is moved needs a place, which is not to be in the area. */
	vbt_take_pages(si_mem_available() - (2 * VBT_CMA >> PAGE_SHIFT), &pages, &pages);
	vbt_take_everything(t);
	held = t->mb->held;
	vbt_reach(t, held);
	vbt_free_pages(&pages);
	left = global_zone_page_state(NR_FREE_CMA_PAGES);
	deflated = t->mb->deflated;
	dev = vbt_dma_device(test);
	mem = dma_alloc_attrs(dev, VBT_CMA, &dma, GFP_KERNEL, DMA_ATTR_NO_WARN);
	KUNIT_EXPECT_NOT_NULL(test, mem);
	/* Only then has the device been told of all. */
	vbt_expect(t, held);
	deflated = t->mb->deflated - deflated;
	kunit_info(test, "of %lu pages %lu were free, %llu moved\n", area, left, deflated);
	KUNIT_EXPECT_GE(test, deflated, 256ULL);
	if (mem)
		dma_free_attrs(dev, VBT_CMA, mem, dma, DMA_ATTR_NO_WARN);
	root_device_unregister(dev);
	vbt_reach(t, 0);
	vbt_unplug(t);
}

/* What the guest needs later on it still gets, and the balloon grows when it is free. */
static void balloon_goes_on_after_shortage(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN, .mode = FV_RUN, .sparse = true };
	struct vbt *t = vbt_new(test, &params);
	unsigned long want = 4 * VBT_RESERVE, before;
	LIST_HEAD(odd);
	LIST_HEAD(even);

	vbt_plug(t);
	vbt_take_pages(si_mem_available() - (long)want, &even, &odd);
	vbt_take_everything(t);
	before = t->mb->held;
	vbt_free_pages(&even);
	vbt_free_pages(&odd);
	KUNIT_EXPECT_TRUE_MSG(test, mb_wait_held(t->mb, before + want / 2, VBT_MS),
			      "%lu pages, %lu before %lu were freed", t->mb->held, before, want);
	vbt_reach(t, 0);
	vbt_unplug(t);
}

/*
 * Memory in small pieces, each beside a page that stays. The balloon gets more than
 * there is in one piece.
 */
static void balloon_fragmented(struct kunit *test)
{
	struct mb_params params = {
		.features = VBT_F_MODERN | VBT_F_TELL, .mode = FV_RUN, .sparse = true,
	};
	struct vbt *t = vbt_new(test, &params);
	LIST_HEAD(kept);
	LIST_HEAD(gaps);
	long left;

	vbt_plug(t);
	vbt_take_pages((SZ_64M + SZ_8M) >> PAGE_SHIFT, &kept, &gaps);
	left = max(si_mem_available(), 0L);
	vbt_free_pages(&gaps);
	vbt_reach(t, left + 4000);
	vbt_reach(t, 1);
	vbt_free_pages(&kept);
	vbt_unplug(t);
}

/* What comes back is free: nothing is lost, however often it is done. */
static void balloon_gives_all_back(struct kunit *test)
{
	struct mb_params params = { .features = VBT_F_MODERN, .mode = FV_RUN, .sparse = true };
	unsigned long rounds = 8, pages = 8000, before, after;
	struct vbt *t = vbt_new(test, &params);

	vbt_plug(t);
	vbt_reach(t, pages);
	vbt_reach(t, 0);
	before = global_zone_page_state(NR_FREE_PAGES);
	while (rounds--) {
		vbt_reach(t, pages);
		vbt_reach(t, 0);
	}
	after = global_zone_page_state(NR_FREE_PAGES);
	/* Some are in lists of the processors, and some the tests have taken. */
	KUNIT_EXPECT_LE(test, before, after + pages);
	vbt_unplug(t);
}

/* Two balloons share the guest, and no page. */
static void balloon_two_devices(struct kunit *test)
{
	const struct vbt_ring *ring = test->param_value;
	struct mb_params params = { .features = ring->features, .mode = FV_RUN };
	struct vbt *a = vbt_new(test, &params), *b = vbt_new(test, &params);
	unsigned int i;

	vbt_plug(a);
	vbt_plug(b);
	for (i = 0; i < 30; i++) {
		mb_set_target(a->mb, get_random_u32() % 3000);
		mb_set_target(b->mb, get_random_u32() % 3000);
		usleep_range(100, 2000);
	}
	mb_set_target(a->mb, 1500);
	mb_set_target(b->mb, 700);
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(a->mb, 1500, VBT_MS));
	KUNIT_EXPECT_TRUE(test, mb_wait_actual(b->mb, 700, VBT_MS));
	KUNIT_EXPECT_EQ(test, mb_audit(a->mb), 1500UL);
	KUNIT_EXPECT_EQ(test, mb_audit(b->mb), 700UL);
	KUNIT_EXPECT_EQ(test, a->ram - totalram_pages(), (unsigned long)vbt_guest_pages(2200));

	fv_unplug(b->fv);
	vbt_reach(a, 1600);
	vbt_reach(a, 0);
	vbt_unplug(a);
}

static struct kunit_case vbt_memory_cases[] = {
	KUNIT_CASE(balloon_wants_everything),
	KUNIT_CASE_PARAM(balloon_leaves_contiguous_area, vbt_few_params),
	KUNIT_CASE(balloon_goes_on_after_shortage),
	KUNIT_CASE(balloon_fragmented),
	KUNIT_CASE(balloon_gives_all_back),
	KUNIT_CASE_PARAM(balloon_two_devices, vbt_few_params),
	{ }
};

struct kunit_suite vbt_memory_suite = {
	.name = "virtio_balloon_memory",
	.suite_init = vbt_suite_init,
	.suite_exit = vbt_suite_exit,
	.test_cases = vbt_memory_cases,
};
