// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the fake virtio device itself: whoever tests a driver with it has to be able
 * to trust it.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/string.h>

#include "fake_virtio_core.h"
#include "fake_virtio_kunit.h"

/**
 * ft_init() - before each test: the tiny driver is good, and has seen nothing
 * @test: the test
 *
 * Return: 0
 */
int ft_init(struct kunit *test)
{
	unsigned int i;

	ft.nr_vqs = 2;
	ft.bad = FT_GOOD;
	ft.get_in_callback = false;
	ft.completed = 0;
	atomic_set(&ft.hardirq, 0);
	atomic_set(&ft.config_changes, 0);
	for (i = 0; i < FT_QUEUES; i++)
		atomic_set(&ft.callbacks[i], 0);
	return 0;
}

/**
 * ft_create() - a device for the tiny driver, not plugged yet
 * @test: the test
 * @features: beyond FT_MODERN
 * @num: entries of each ring, 0 for the default
 *
 * Return: the device.
 */
struct fv_device *ft_create(struct kunit *test, u64 features, unsigned int num)
{
	struct fv_params params = {
		.features = features | FT_MODERN,
		.queue_num = num,
		.mode = FV_MANUAL,
	};
	struct fv_device *fv = fv_create(test, &ft_model, &params);

	KUNIT_ASSERT_NOT_NULL(test, fv);
	return fv;
}

/**
 * ft_plugged() - a device which the tiny driver has bound
 * @test: the test
 * @features: beyond FT_MODERN
 * @num: entries of each ring, 0 for the default
 *
 * Return: the device.
 */
struct fv_device *ft_plugged(struct kunit *test, u64 features, unsigned int num)
{
	struct fv_device *fv = ft_create(test, features, num);

	KUNIT_ASSERT_EQ(test, fv_plug(fv), 0);
	KUNIT_ASSERT_TRUE(test, fv_bound(fv));
	return fv;
}

/**
 * ft_reqs() - requests, freed with the test
 * @test: the test
 * @n: how many
 *
 * Return: the requests, each with other contents.
 */
struct ft_req *ft_reqs(struct kunit *test, unsigned int n)
{
	struct ft_req *reqs = kunit_kcalloc(test, n, sizeof(*reqs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, reqs);
	for (i = 0; i < n; i++)
		ft_fill(&reqs[i], i + 1);
	return reqs;
}

/**
 * ft_fill() - give a request its contents
 * @req: the request
 * @seed: other contents for another
 */
void ft_fill(struct ft_req *req, u8 seed)
{
	unsigned int i;

	for (i = 0; i < FT_BUF; i++)
		req->out[i] = seed + i;
	memset(req->in, 0xee, FT_BUF);
	req->len = 0;
	req->done = 0;
}

/**
 * ft_echoed() - did the device give back what it got?
 * @req: a request
 *
 * Return: true if it did, and was completed so.
 */
bool ft_echoed(const struct ft_req *req)
{
	return req->done && req->len == FT_BUF && !memcmp(req->out, req->in, FT_BUF);
}

/**
 * ft_wait() - wait for a counter
 * @count: the counter
 * @value: to be reached
 *
 * Return: true if it was in time.
 */
bool ft_wait(atomic_t *count, int value)
{
	unsigned int ms;

	for (ms = 0; ms < FT_MS && atomic_read(count) < value; ms++)
		usleep_range(1000, 1100);
	return atomic_read(count) >= value;
}

/**
 * ft_echo_works() - one request through a queue, step by step
 * @q: the queue of a device in FV_MANUAL
 * @req: the request
 *
 * Return: true if it came back as it should.
 */
bool ft_echo_works(struct fv_queue *q, struct ft_req *req)
{
	ft_fill(req, req->out[0] + 1);
	if (ft_submit(q, req, 1, 1))
		return false;
	ft_kick(q);
	fv_step(q, 1);
	/* What is taken back too early needs no interrupt. */
	fv_wait_idle(q->fv, FT_MS);
	ft_reap(q);
	return ft_echoed(req);
}

/**
 * ft_expect_violation() - the device has noticed what the driver did wrong
 * @test: the test
 * @fv: the device; forgets it
 * @text: part of the message
 */
void ft_expect_violation(struct kunit *test, struct fv_device *fv, const char *text)
{
	struct fv_private *priv = fv->priv;
	bool found = false;
	unsigned int i;

	KUNIT_EXPECT_GT(test, atomic_read(&fv->violations), 0);
	for (i = 0; i < priv->nr_messages; i++)
		found |= !!strstr(priv->message[i], text);
	KUNIT_EXPECT_TRUE_MSG(test, found, "no violation says \"%s\"", text);
	for (i = 0; !found && i < priv->nr_messages; i++)
		kunit_info(test, "%s\n", priv->message[i]);
	atomic_set(&fv->violations, 0);
	priv->nr_messages = 0;
}

/**
 * ft_suite_init() - before each suite: the virtio bus knows the tiny driver
 * @suite: the suite
 *
 * Not in the init function of the module: 6.1 runs suites before that.
 *
 * Return: 0, or a negative error code.
 */
int ft_suite_init(struct kunit_suite *suite)
{
	return ft_driver_register();
}

/**
 * ft_suite_exit() - after each suite: it is taken away
 * @suite: the suite
 */
void ft_suite_exit(struct kunit_suite *suite)
{
	ft_driver_unregister();
}

kunit_test_suites(&ft_ring_suite, &ft_evil_suite, &ft_life_suite, &ft_check_suite,
		  &ft_fuzz_suite);

MODULE_DESCRIPTION("Tests of the fake virtio device");
MODULE_AUTHOR("kvm-guest-drivers-linux authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KGD_VERSION);
