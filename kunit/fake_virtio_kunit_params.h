/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of the fake device run over. Each file that includes this has its own
 * copy, as FV_ARRAY_PARAM() wants it.
 */
#ifndef KGD_FAKE_VIRTIO_KUNIT_PARAMS_H
#define KGD_FAKE_VIRTIO_KUNIT_PARAMS_H

#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "fake_virtio_kunit.h"

#define FT_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define FT_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define FT_EVENT	BIT_ULL(VIRTIO_RING_F_EVENT_IDX)

/**
 * struct ft_param - one of them
 * @name: of the case
 * @features: beyond FT_MODERN
 */
struct ft_param {
	const char *name;
	u64 features;
};

static const struct ft_param ft_params[] = {
	{ "split", 0 },
	{ "split indirect", FT_INDIRECT },
	{ "split event", FT_EVENT },
	{ "split indirect event", FT_INDIRECT | FT_EVENT },
	{ "packed", FT_PACKED },
	{ "packed indirect", FT_PACKED | FT_INDIRECT },
	{ "packed event", FT_PACKED | FT_EVENT },
	{ "packed indirect event", FT_PACKED | FT_INDIRECT | FT_EVENT },
};

static void ft_describe(const struct ft_param *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

FV_ARRAY_PARAM(ft, ft_params, ft_describe);

static inline u64 ft_param_features(struct kunit *test)
{
	return ((const struct ft_param *)test->param_value)->features;
}

#endif /* KGD_FAKE_VIRTIO_KUNIT_PARAMS_H */
