// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that the host writes. In an encrypted guest they must be plain text for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <asm/set_memory.h>

#include "kvmclock.h"

/**
 * kvmclock_shared_alloc() - a cleared page that the host can read and write
 *
 * Context: process, may sleep.
 * Return: the page, or NULL.
 */
void *kvmclock_shared_alloc(void)
{
	unsigned long page = get_zeroed_page(GFP_KERNEL);

	if (!page || !cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return (void *)page;
	if (set_memory_decrypted(page, 1)) {
		/* Nobody knows which of the two it is now, so nobody may have it. */
		pr_warn("cannot decrypt a page; it is lost\n");
		return NULL;
	}
	/* What was written through the key reads as something else without. */
	memset((void *)page, 0, PAGE_SIZE);
	return (void *)page;
}

/**
 * kvmclock_shared_free() - give back a page the host was told not to write any more
 * @page: from kvmclock_shared_alloc(), or NULL
 *
 * Context: process, may sleep.
 */
void kvmclock_shared_free(void *page)
{
	if (page && cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) &&
	    set_memory_encrypted((unsigned long)page, 1)) {
		pr_warn("cannot encrypt a page again; it is lost\n");
		return;
	}
	free_page((unsigned long)page);
}
