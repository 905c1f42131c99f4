// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host writes into memory that it was given.
 *
 * Reported pages are free, hence out of bounds for KASAN; nothing here is checked by it.
 */
#include <linux/compiler.h>
#include <linux/mm.h>

#include "model_balloon.h"

#define MB_WORDS	((1U << VIRTIO_BALLOON_PFN_SHIFT) / sizeof(u64))
#define MB_SPARSE_STEP	73	/* words; meets each cache line offset, and both ends */

static u64 *mb_words(u64 pfn)
{
	return phys_to_virt((phys_addr_t)pfn << VIRTIO_BALLOON_PFN_SHIFT);
}

/* Differs from page to page, and is no pointer. */
static u64 mb_pattern(u64 pfn)
{
	return 0xb5a110011ab00500ULL ^ (pfn * 0x9e3779b97f4a7c15ULL);
}

/**
 * mb_fill() - write over a page
 * @pfn: in units of 4 KiB, in RAM, mapped
 * @sparse: a few words only
 *
 * Context: any.
 */
void __no_sanitize_address mb_fill(u64 pfn, bool sparse)
{
	unsigned int i, step = sparse ? MB_SPARSE_STEP : 1;
	u64 *words = mb_words(pfn), pattern = mb_pattern(pfn);

	for (i = 0; i < MB_WORDS; i += step)
		WRITE_ONCE(words[i], pattern + i);
}

/**
 * mb_filled() - is a page still as the host has left it?
 * @pfn: that was given to mb_fill()
 * @sparse: as then
 *
 * Context: any.
 * Return: false if somebody else has written there
 */
bool __no_sanitize_address mb_filled(u64 pfn, bool sparse)
{
	unsigned int i, step = sparse ? MB_SPARSE_STEP : 1;
	u64 *words = mb_words(pfn), pattern = mb_pattern(pfn);

	for (i = 0; i < MB_WORDS; i += step)
		if (READ_ONCE(words[i]) != pattern + i)
			return false;
	return true;
}

/**
 * mb_poisoned() - does a page hold nothing but the poison value of the driver?
 * @pfn: in units of 4 KiB, in RAM, mapped
 * @poison: the value
 *
 * Context: any.
 * Return: true if so
 */
bool __no_sanitize_address mb_poisoned(u64 pfn, u32 poison)
{
	u64 *words = mb_words(pfn), want = (u64)poison << 32 | poison;
	unsigned int i;

	for (i = 0; i < MB_WORDS; i++)
		if (READ_ONCE(words[i]) != want)
			return false;
	return true;
}
