// SPDX-License-Identifier: GPL-2.0-only
/*
 * What parametrised tests run over, all of it or a share; and parameters of drivers.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "fake_virtio.h"

static unsigned int thin = 1;
module_param(thin, uint, 0444);
MODULE_PARM_DESC(thin, "Run a parametrised test with every so many of its parameters only");

/**
 * fv_next_param() - go through the parameters of a test
 * @prev: the last one, NULL at first
 * @array: all of them
 * @size: of one, in bytes
 * @nr: how many there are, not 0
 *
 * Where the fake device was loaded with thin=N a test gets every Nth only. The tests
 * begin with different ones, so that together they have all.
 *
 * Return: the next one, NULL after the last
 */
const void *fv_next_param(const void *prev, const void *array, size_t size, size_t nr)
{
	static atomic_t tests = ATOMIC_INIT(0);
	size_t step = clamp_t(size_t, thin, 1, nr), next;

	if (prev)
		next = (prev - array) / size + step;
	else
		next = (unsigned int)atomic_fetch_inc(&tests) % step;
	return next < nr ? array + next * size : NULL;
}
EXPORT_SYMBOL_GPL(fv_next_param);

/**
 * fv_thinned() - may a test leave out what takes long?
 *
 * Context: any.
 * Return: whether parametrised tests get some of their parameters only.
 */
bool fv_thinned(void)
{
	return thin > 1;
}
EXPORT_SYMBOL_GPL(fv_thinned);

/**
 * fv_param_write() - set a parameter of a module, as a person does
 * @module: the module, loaded
 * @name: of the parameter
 * @value: to be written
 *
 * Context: process.
 * Return: 0, or the negative error number that the person would get
 */
int fv_param_write(const char *module, const char *name, const char *value)
{
	struct file *file;
	loff_t pos = 0;
	char path[96];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	file = filp_open(path, O_WRONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_write(file, value, strlen(value), &pos);
	filp_close(file, NULL);
	flush_delayed_fput();
	return len < 0 ? len : 0;
}
EXPORT_SYMBOL_GPL(fv_param_write);
