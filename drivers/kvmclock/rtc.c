// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's wall clock as a real-time clock, rtc-kvm-clock, that can be read only.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/rtc.h>
#include <linux/time64.h>

#include "kvmclock.h"

#define RTC_NAME	"rtc-kvm-clock"

static int rtc_read(struct device *dev, struct rtc_time *tm)
{
	struct timespec64 ts;
	int err = kvmclock_wall_time(&ts);

	if (!err)
		rtc_time64_to_tm(ts.tv_sec, tm);
	return err;
}

static int rtc_set(struct device *dev, struct rtc_time *tm)
{
	return -EOPNOTSUPP;
}

static const struct rtc_class_ops rtc_ops = {
	.read_time = rtc_read,
	.set_time = rtc_set,
};

static int rtc_probe(struct platform_device *pdev)
{
	struct rtc_device *rtc = devm_rtc_allocate_device(&pdev->dev);

	if (IS_ERR(rtc))
		return PTR_ERR(rtc);
	rtc->ops = &rtc_ops;
	rtc->range_max = U32_MAX;
	clear_bit(RTC_FEATURE_ALARM, rtc->features);
	clear_bit(RTC_FEATURE_UPDATE_INTERRUPT, rtc->features);
	return devm_rtc_register_device(rtc);
}

/* A driver of its own, since that is where the class takes the name from. */
static struct platform_driver rtc_driver = {
	.probe = rtc_probe,
	.driver = {
		.name = RTC_NAME,
		.suppress_bind_attrs = true,
	},
};

static struct platform_device *rtc_device;

/**
 * kvmclock_rtc_start() - register the real-time clock
 * @dev: its parent
 *
 * Context: process, may sleep. The host's wall clock can be read.
 * Return: 0 or a negative errno.
 */
int kvmclock_rtc_start(struct device *dev)
{
	struct platform_device_info info = {
		.parent = dev,
		.name = RTC_NAME,
		.id = PLATFORM_DEVID_NONE,
	};
	int err = platform_driver_register(&rtc_driver);

	if (err)
		return err;
	rtc_device = platform_device_register_full(&info);
	err = PTR_ERR_OR_ZERO(rtc_device);
	if (err)
		platform_driver_unregister(&rtc_driver);
	return err;
}

/**
 * kvmclock_rtc_stop() - undo kvmclock_rtc_start()
 *
 * Context: process, may sleep. Who has it open gets errors from now on.
 */
void kvmclock_rtc_stop(void)
{
	platform_device_unregister(rtc_device);
	rtc_device = NULL;
	platform_driver_unregister(&rtc_driver);
}
