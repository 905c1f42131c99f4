/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_RTC_H
#define _KGD_LINUX_RTC_H

#include_next <linux/rtc.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_RTC_FEATURE_UPDATE

/* A field of its own says so, which is 0 for a clock that has them: there none has. */
#define RTC_FEATURE_UPDATE_INTERRUPT	4

static inline int kgd_devm_rtc_register_device(struct rtc_device *rtc)
{
	rtc->uie_unsupported = 1;
#ifdef KGD_HAVE_DEVM_RTC_REGISTER
	return devm_rtc_register_device(rtc);
#else
	return rtc_register_device(rtc);
#endif
}

#define devm_rtc_register_device kgd_devm_rtc_register_device

#endif
#endif
