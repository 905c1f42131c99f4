// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c as functions that a test calls: its driver and device have the name of the
 * module that it is compiled into.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "kvmclock_src.h"
#include "kvmclock_src_views.h"

/* Both may be called any number of times, long after this module was loaded. */
#undef __init
#undef __exit
#undef module_init
#undef module_exit
#undef MODULE_DESCRIPTION
#undef MODULE_AUTHOR
#undef MODULE_VERSION
#undef MODULE_LICENSE
#define __init
#define __exit
#define module_init(function)	static_assert(__builtin_constant_p(function) || 1)
#define module_exit(function)	static_assert(__builtin_constant_p(function) || 1)
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text) > 0)
#define MODULE_AUTHOR(text)	static_assert(sizeof(text) > 0)
#define MODULE_VERSION(text)	static_assert(sizeof(text) > 0)
#define MODULE_LICENSE(text)	static_assert(sizeof(text) > 0)

#include "../drivers/kvmclock/main.c"

/**
 * src_kvmclock_init() - load the driver
 *
 * Context: process.
 * Return: what modprobe would get.
 */
int src_kvmclock_init(void)
{
	clock_left_running = false;
	kvmclock_device = NULL;
	return kvmclock_init();
}

/**
 * src_kvmclock_exit() - unload the driver
 *
 * Context: process.
 */
void src_kvmclock_exit(void)
{
	kvmclock_exit();
}

/**
 * src_kvmclock_device() - the driver's device
 *
 * Context: process, the driver is loaded.
 * Return: the device.
 */
struct device *src_kvmclock_device(void)
{
	return kvmclock_device ? &kvmclock_device->dev : NULL;
}

/**
 * src_kvmclock_bind() - write the device's name to the driver's file bind
 *
 * Context: process.
 * Return: 0 if it is bound afterwards.
 */
int src_kvmclock_bind(void)
{
	int err = device_attach(&kvmclock_device->dev);

	return err == 1 ? 0 : err ? err : probe_error ? probe_error : -ENODEV;
}

/**
 * src_kvmclock_unbind() - write the device's name to the driver's file unbind
 *
 * Context: process.
 */
void src_kvmclock_unbind(void)
{
	device_release_driver(&kvmclock_device->dev);
}

/**
 * src_kvmclock_left_running() - was the clock left running by an unbind?
 *
 * Context: process.
 * Return: whether it was.
 */
bool src_kvmclock_left_running(void)
{
	return clock_left_running;
}
