/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A seeded generator (splitmix64): the same seed gives the same numbers on every
 * kernel, so that what was found can be found again.
 */
#ifndef KGD_FUZZ_RNG_H
#define KGD_FUZZ_RNG_H

#include <linux/types.h>

/**
 * struct kgd_rng - a generator; not locked, so one for each thread
 * @state: where it is; any value is a seed
 */
struct kgd_rng {
	u64 state;
};

static inline void kgd_rng_seed(struct kgd_rng *rng, u64 seed)
{
	rng->state = seed;
}

static inline u64 kgd_rng_u64(struct kgd_rng *rng)
{
	u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline u32 kgd_rng_u32(struct kgd_rng *rng)
{
	return kgd_rng_u64(rng) >> 32;
}

/* 0 to @n - 1. @n is not 0. */
static inline u32 kgd_rng_below(struct kgd_rng *rng, u32 n)
{
	return ((u64)kgd_rng_u32(rng) * n) >> 32;
}

/* True @permille times in a thousand. */
static inline bool kgd_rng_chance(struct kgd_rng *rng, u32 permille)
{
	return kgd_rng_below(rng, 1000) < permille;
}

#endif /* KGD_FUZZ_RNG_H */
