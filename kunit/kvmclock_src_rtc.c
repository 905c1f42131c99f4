// SPDX-License-Identifier: GPL-2.0-only
#include "kvmclock_src.h"
#include "kvmclock_src_views.h"
#include "../drivers/kvmclock/rtc.c"

/**
 * src_rtc_ops() - what the class calls
 *
 * Context: any.
 * Return: the operations.
 */
const struct rtc_class_ops *src_rtc_ops(void)
{
	return &rtc_ops;
}

/**
 * src_rtc_registered() - is there a real-time clock?
 *
 * Context: process.
 * Return: whether there is, with a driver that has accepted it.
 */
bool src_rtc_registered(void)
{
	return rtc_device && rtc_device->dev.driver == &rtc_driver.driver;
}
