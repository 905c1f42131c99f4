// SPDX-License-Identifier: GPL-2.0-only
/*
 * The write cache of the device, and what the block layer knows about it
 * (virtio 1.3, 5.2.5 and 5.2.6.1).
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/virtio_config.h>

#include "vblk.h"
#include "cache.h"
#include "config.h"

const char * const vblk_cache_types[VBLK_CACHE_TYPES] = {
	"write through", "write back"
};

/**
 * vblk_cache_read() - whether completed writes can be in a volatile cache
 * @vblk: the disk
 *
 * Without a flush command there is nothing that could be done about one
 * (virtio 1.3, 5.2.5.1), so then the answer is no.
 *
 * Context: process; between vblk_config_begin() and vblk_config_end(), or in
 *	probe.
 * Return: whether flushes are needed.
 */
bool vblk_cache_read(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	u8 wce = 1;

	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_FLUSH))
		return false;
	if (virtio_has_feature(vdev, VIRTIO_BLK_F_CONFIG_WCE))
		virtio_cread(vdev, struct virtio_blk_config, wce, &wce);
	return wce;
}

/* Tell the block layer; also waits for every request that is under way. */
static int vblk_set_cache_feature(struct vblk *vblk, bool writeback)
{
	struct request_queue *q = vblk->disk->queue;
	struct queue_limits lim = queue_limits_start_update(q);

	if (writeback)
		lim.features |= BLK_FEAT_WRITE_CACHE;
	else
		lim.features &= ~BLK_FEAT_WRITE_CACHE;
	return queue_limits_commit_update_frozen(q, &lim);
}

/* Write the field of the device and see what it makes of that. */
static int vblk_write_wce(struct vblk *vblk, bool writeback)
{
	struct virtio_device *vdev = vblk->vdev;
	u8 wce = writeback;
	bool taken;

	if (!vblk_config_begin(vblk))
		return -ENODEV;
	virtio_cwrite(vdev, struct virtio_blk_config, wce, &wce);
	taken = vblk_cache_read(vblk) == writeback;
	vblk_config_end(vblk);

	if (!taken) {
		dev_err_ratelimited(&vdev->dev,
				    "device does not switch its cache to %s\n",
				    vblk_cache_types[writeback]);
		return -EIO;
	}
	return 0;
}

/*
 * A write that was under way when the cache went off can still be in it, and
 * switching it off makes nothing stable (virtio 1.3, 5.2.6.1). So those writes
 * have to end first, then comes a flush, and only then no more flushes.
 *
 * Caller holds vblk->cache_lock.
 */
static int vblk_switch(struct vblk *vblk, bool writeback)
{
	int err;

	err = vblk_write_wce(vblk, writeback);
	if (err)
		return err;

	if (!writeback && vblk->writeback) {
		err = vblk_set_cache_feature(vblk, true);
		if (!err)
			err = disk_issue_flush(vblk->disk);
		if (err)
			return err;
	}

	err = vblk_set_cache_feature(vblk, writeback);
	if (!err)
		WRITE_ONCE(vblk->writeback, writeback);
	return err;
}

/**
 * vblk_cache_set() - switch the write cache
 * @vblk: the disk; the device lets its cache be switched
 * @writeback: whether to have a volatile cache
 *
 * Context: process; waits for requests that are under way.
 * Return: 0 or a negative error number; -EIO if the device does not do it,
 *	-ENODEV if there is none.
 */
int vblk_cache_set(struct vblk *vblk, bool writeback)
{
	int err;

	err = mutex_lock_killable(&vblk->cache_lock);
	if (err)
		return err;
	err = vblk_switch(vblk, writeback);
	mutex_unlock(&vblk->cache_lock);
	return err;
}

/**
 * vblk_cache_restore() - after a reset, give the device the mode it had
 * @vblk: the disk
 *
 * A reset may have changed it (virtio 1.3, 5.2.5). Should the device not take
 * it, vblk_cache_follow() does the rest.
 *
 * Context: process; the queue is quiesced.
 */
void vblk_cache_restore(struct vblk *vblk)
{
	u8 wce = vblk->writeback;

	if (virtio_has_feature(vblk->vdev, VIRTIO_BLK_F_CONFIG_WCE))
		virtio_cwrite(vblk->vdev, struct virtio_blk_config, wce, &wce);
}

/**
 * vblk_cache_follow() - send flushes if the device has a cache after all
 * @vblk: the disk
 *
 * Not the other way round: a flush too many does no harm.
 *
 * Context: process; waits for requests that are under way if there is
 * something to change.
 */
void vblk_cache_follow(struct vblk *vblk)
{
	bool writeback = false;

	mutex_lock(&vblk->cache_lock);
	if (!vblk->writeback && vblk_config_begin(vblk)) {
		writeback = vblk_cache_read(vblk);
		vblk_config_end(vblk);
	}
	if (writeback) {
		dev_warn_ratelimited(&vblk->vdev->dev,
				     "[%s] device has switched its cache to %s\n",
				     vblk->disk->disk_name,
				     vblk_cache_types[true]);
		if (!vblk_set_cache_feature(vblk, true))
			WRITE_ONCE(vblk->writeback, true);
	}
	mutex_unlock(&vblk->cache_lock);
}
