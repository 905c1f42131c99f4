/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_ETHTOOL_H
#define _KGD_LINUX_ETHTOOL_H

#include_next <linux/ethtool.h>
#include <kgd/config.h>

/*
 * A driver has these two functions, with the newest arguments, and names kgd_get_rxfh_op
 * and kgd_set_rxfh_op in its struct ethtool_ops.
 */
struct ethtool_rxfh_param;
int kgd_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh);
int kgd_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		 struct netlink_ext_ack *extack);

#ifdef KGD_HAVE_ETHTOOL_RXFH_PARAM

#define kgd_get_rxfh_op kgd_get_rxfh
#define kgd_set_rxfh_op kgd_set_rxfh

#else /* !KGD_HAVE_ETHTOOL_RXFH_PARAM */

struct ethtool_rxfh_param {
	u8 hfunc;
	u32 indir_size;
	u32 *indir;
	u32 key_size;
	u8 *key;
	u32 rss_context;
	u8 rss_delete;
	u8 input_xfrm;
};

static inline int kgd_get_rxfh_op(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)
{
	struct ethtool_rxfh_param rxfh = { .indir = indir, .key = key };
	int err = kgd_get_rxfh(dev, &rxfh);

	if (hfunc)
		*hfunc = rxfh.hfunc;
	return err;
}

static inline int kgd_set_rxfh_op(struct net_device *dev, const u32 *indir, const u8 *key,
				  const u8 hfunc)
{
	struct ethtool_rxfh_param rxfh = {
		.hfunc = hfunc, .indir = (u32 *)indir, .key = (u8 *)key,
	};

	return kgd_set_rxfh(dev, &rxfh, NULL);
}

#endif /* KGD_HAVE_ETHTOOL_RXFH_PARAM */

/*
 * These operations had only their first two arguments. A driver writes the new forms and
 * names them twice: ETHTOOL_COALESCE(fn); and ethtool_coalesce_op(fn), and so on.
 */
#ifdef KGD_HAVE_ETHTOOL_COALESCE_KERNEL
#define ETHTOOL_COALESCE(fn)		static_assert(__same_type(fn, fn))
#define ethtool_coalesce_op(fn)		fn
#else
struct kernel_ethtool_coalesce;
#define ETHTOOL_COALESCE(fn)							\
static int kgd_##fn(struct net_device *dev, struct ethtool_coalesce *ec)	\
{										\
	return fn(dev, ec, NULL, NULL);						\
}										\
struct ethtool_coalesce
#define ethtool_coalesce_op(fn)		kgd_##fn
#endif

#ifdef KGD_HAVE_ETHTOOL_RINGPARAM_KERNEL
#define ETHTOOL_GET_RINGPARAM(fn)	static_assert(__same_type(fn, fn))
#define ETHTOOL_SET_RINGPARAM(fn)	static_assert(__same_type(fn, fn))
#define ethtool_ringparam_op(fn)	fn
#else
struct kernel_ethtool_ringparam;
#define ETHTOOL_GET_RINGPARAM(fn)						\
static void kgd_##fn(struct net_device *dev, struct ethtool_ringparam *ring)	\
{										\
	fn(dev, ring, NULL, NULL);						\
}										\
struct ethtool_ringparam
#define ETHTOOL_SET_RINGPARAM(fn)						\
static int kgd_##fn(struct net_device *dev, struct ethtool_ringparam *ring)	\
{										\
	return fn(dev, ring, NULL, NULL);					\
}										\
struct ethtool_ringparam
#define ethtool_ringparam_op(fn)	kgd_##fn
#endif

#ifndef KGD_HAVE_ETHTOOL_SPRINTF

static inline __printf(2, 3) void kgd_ethtool_sprintf(u8 **data, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf((char *)*data, ETH_GSTRING_LEN, fmt, args);
	va_end(args);
	*data += ETH_GSTRING_LEN;
}

#define ethtool_sprintf kgd_ethtool_sprintf

#endif

/* Without it get_rxnfc() and set_rxnfc() do the same. */
#ifdef KGD_HAVE_ETHTOOL_RXFH_FIELDS

#define KGD_ETHTOOL_FIELDS_OPS(get, set) .get_rxfh_fields = (get), .set_rxfh_fields = (set),

#else /* !KGD_HAVE_ETHTOOL_RXFH_FIELDS */

struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
	u32 rss_context;
};

#define KGD_ETHTOOL_FIELDS_OPS(get, set)

#endif /* KGD_HAVE_ETHTOOL_RXFH_FIELDS */
#endif
