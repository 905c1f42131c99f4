// SPDX-License-Identifier: GPL-2.0-only
/* Queues that have stopped: what is tried, one step after the other. */

#include <linux/rtnetlink.h>

#include "coal.h"
#include "rx.h"
#include "tx.h"

/* Receive queues on which nothing has come are looked at this often, twice as
 * rarely each time.
 */
#define VNET_WATCH_MIN		(2 * HZ)
#define VNET_WATCH_MAX		(16 * HZ)
/* How long to leave whoever binds or unbinds the device alone. */
#define VNET_RECOVERY_PAUSE	(HZ / 10)

static void vnet_recovery_count(struct vnet *vn, enum vnet_recovery what)
{
	atomic_long_inc(&vn->recovery.count[what]);
}

static void vnet_recovery_say(struct vnet *vn, enum vnet_recovery what, u16 queue,
			      const char *text)
{
	vnet_recovery_count(vn, what);
	if (!test_and_set_bit(what, &vn->recovery.said))
		netdev_warn(vn->dev, "tx%u: no progress: %s; said once, see ethtool -S\n",
			    queue, text);
}

/* What the device has sent since, without an interrupt. A ring that is being reset is
 * not looked at: whoever has taken the pair down has had the lock since.
 */
static void vnet_recovery_drain(struct vnet_sq *sq)
{
	struct netdev_queue *txq = netdev_get_tx_queue(sq->vn->dev, sq->index);

	__netif_tx_lock_bh(txq);
	if (READ_ONCE(sq->vn->rq[sq->index].active))
		vnet_tx_reclaim_all(sq);
	__netif_tx_unlock_bh(txq);
}

/**
 * vnet_tx_timeout() - a queue was stopped for too long
 * @dev: the net device
 * @txqueue: number of the queue
 *
 * Each call for the same stall goes a step further: the notification may have
 * been lost, or the interrupt, or the queue is stuck in the device, or the device
 * is. The last two steps sleep.
 *
 * Context: softirq.
 */
void vnet_tx_timeout(struct net_device *dev, unsigned int txqueue)
{
	struct vnet *vn = netdev_priv(dev);
	struct vnet_sq *sq = &vn->sq[txqueue];
	u64 packets = u64_stats_read(&sq->stats.packets);

	__netif_tx_lock_bh(netdev_get_tx_queue(dev, txqueue));
	u64_stats_update_begin(&sq->stats.syncp);
	u64_stats_inc(&sq->stats.tx_timeouts);
	u64_stats_update_end(&sq->stats.syncp);
	__netif_tx_unlock_bh(netdev_get_tx_queue(dev, txqueue));

	if (!sq->stall_step || packets != sq->stall_packets)
		sq->stall_step = VNET_TX_RENOTIFIED;
	else if (sq->stall_step < VNET_DEVICE_RESET)
		sq->stall_step++;
	sq->stall_packets = packets;

	switch (sq->stall_step) {
	case VNET_TX_RENOTIFIED:
		vnet_recovery_say(vn, VNET_TX_RENOTIFIED, txqueue, "notifying again");
		virtqueue_notify(sq->vq);
		vnet_tx_schedule(sq);
		break;
	case VNET_TX_DRAINED:
		vnet_recovery_say(vn, VNET_TX_DRAINED, txqueue,
				  "taking back what was sent");
		vnet_recovery_drain(sq);
		vnet_tx_schedule(sq);
		break;
	default:
		queue_delayed_work(system_freezable_wq, &vn->recovery.work, 0);
		break;
	}
}

/* Return: 0, or why the queue alone cannot be reset. */
static int vnet_recovery_reset_queue(struct vnet *vn, u16 pair)
{
	struct netdev_queue *txq = netdev_get_tx_queue(vn->dev, pair);
	struct vnet_sq *sq = &vn->sq[pair];
	int err;

	vnet_pair_down(vn, pair);
	__netif_tx_lock_bh(txq);
	netif_tx_stop_queue(txq);
	__netif_tx_unlock_bh(txq);
	/* A poll looks at its ring once more after it has completed. */
	synchronize_net();

	err = virtqueue_reset(sq->vq, vnet_tx_recycle, vnet_tx_recycled);
	if (!err || !virtqueue_is_broken(sq->vq)) {
		netif_tx_wake_queue(txq);
		vnet_pair_up(vn, pair);
	}
	if (!err)
		vnet_coal_restore_tx(vn, pair);

	return err;
}

static void vnet_recovery_reset_device(struct vnet *vn)
{
	int err = -EOPNOTSUPP;

#ifdef CONFIG_PM_SLEEP
	/* As a suspend and a resume would: all configuration is restored. */
	err = virtio_device_freeze(vn->vdev);
	if (!err)
		err = virtio_device_restore(vn->vdev);
#endif
	if (!err)
		return;

	vnet_recovery_count(vn, VNET_DEVICE_RESET_FAILED);
	netdev_err(vn->dev, "device not in use any more: reset failed, error %d\n", err);
}

/* The queues that are to be reset are; true if the device has to be. */
static bool vnet_recovery_queues(struct vnet *vn)
{
	bool device = false;
	int err;
	u16 i;

	for (i = 0; i < vn->ready_pairs; i++) {
		struct vnet_sq *sq = &vn->sq[i];

		if (sq->stall_step < VNET_TX_QUEUE_RESET || !vn->rq[i].active)
			continue;
		/* It has got going again meanwhile, or after its last reset. */
		if (u64_stats_read(&sq->stats.packets) != sq->stall_packets)
			continue;

		if (sq->stall_step == VNET_TX_QUEUE_RESET) {
			err = vnet_recovery_reset_queue(vn, i);
			if (!err) {
				vnet_recovery_say(vn, VNET_TX_QUEUE_RESET, i,
						  "queue reset");
				continue;
			}
			if (net_ratelimit())
				netdev_info(vn->dev,
					    "tx%u: queue cannot be reset alone, error %d\n",
					    i, err);
		}
		vnet_recovery_say(vn, VNET_DEVICE_RESET, i, "device reset");
		sq->stall_step = 0;
		device = true;
	}

	return device;
}

/* All that is read of a device that is gone is ones. It would never confirm a
 * reset, and the transport waits for that, of a queue with RTNL held.
 */
static bool vnet_recovery_gone(struct vnet *vn)
{
	if (vn->vdev->config->get_status(vn->vdev) != 0xff)
		return false;

	virtio_break_device(vn->vdev);
	if (!test_and_set_bit(VNET_DEVICE_RESET_FAILED, &vn->recovery.said)) {
		vnet_recovery_count(vn, VNET_DEVICE_RESET_FAILED);
		netdev_err(vn->dev, "device is gone: not reset, not in use any more\n");
	}

	return true;
}

static void vnet_recovery_work(struct work_struct *work)
{
	struct vnet *vn = container_of(to_delayed_work(work), struct vnet, recovery.work);
	bool device = false;

	/* From before our probe until the core has looked whether that has started the
	 * device it holds this, and starts one that it finds reset. So does who removes
	 * the driver, and waits for the end of this work. Held for longer it would stop a
	 * reboot if the device did not confirm its reset.
	 */
	if (!device_trylock(&vn->vdev->dev)) {
		queue_delayed_work(system_freezable_wq, &vn->recovery.work,
				   VNET_RECOVERY_PAUSE);
		return;
	}
	device_unlock(&vn->vdev->dev);

	if (vnet_recovery_gone(vn))
		return;

	rtnl_lock();
	if (!READ_ONCE(vn->recovery.off) && netif_running(vn->dev) &&
	    netif_device_present(vn->dev))
		device = vnet_recovery_queues(vn);
	rtnl_unlock();

	/* Takes RTNL itself. */
	if (device)
		vnet_recovery_reset_device(vn);
}

/* Nothing has come since the last look. The device may have missed that there
 * are buffers, or we that some are used.
 */
static void vnet_watch(struct timer_list *timer)
{
	struct vnet *vn = container_of(timer, struct vnet, recovery.watch);
	bool idle = true;
	u16 i;

	for (i = 0; i < vn->ready_pairs; i++) {
		struct vnet_rq *rq = &vn->rq[i];
		u64 packets = u64_stats_read(&rq->stats.packets);
		u16 calls;

		if (packets != rq->watch_packets) {
			rq->watch_packets = packets;
			idle = false;
			continue;
		}
		virtqueue_notify(rq->vq);
		/* An interrupt from here on has found the packets itself, and if
		 * one has the queue polled there is nothing to look for.
		 */
		calls = READ_ONCE(rq->calls);
		if (!napi_schedule_prep(&rq->napi))
			continue;
		rq->watch_calls = calls;
		rq->watched = true;
		__napi_schedule(&rq->napi);
	}

	vn->recovery.watch_delay = idle ? min_t(unsigned long,
						2 * vn->recovery.watch_delay,
						VNET_WATCH_MAX) : VNET_WATCH_MIN;
	mod_timer(&vn->recovery.watch, jiffies + vn->recovery.watch_delay);
}

/**
 * vnet_watch_start() - look after the receive queues
 * @vn: the device, its queues running
 */
void vnet_watch_start(struct vnet *vn)
{
	vn->recovery.watch_delay = VNET_WATCH_MIN;
	mod_timer(&vn->recovery.watch, jiffies + VNET_WATCH_MIN);
}

/**
 * vnet_watch_stop() - the receive queues go down
 * @vn: the device
 *
 * Context: may sleep.
 */
void vnet_watch_stop(struct vnet *vn)
{
	timer_delete_sync(&vn->recovery.watch);
}

/**
 * vnet_rx_healed() - a look without an interrupt has found packets
 * @vn: the device
 *
 * Context: any.
 */
void vnet_rx_healed(struct vnet *vn)
{
	vnet_recovery_count(vn, VNET_RX_HEALED);
}

/**
 * vnet_recovery_init() - prepare for queues that stop
 * @vn: the device
 */
void vnet_recovery_init(struct vnet *vn)
{
	INIT_DELAYED_WORK(&vn->recovery.work, vnet_recovery_work);
	timer_setup(&vn->recovery.watch, vnet_watch, 0);
}

/**
 * vnet_recovery_stop() - no step is taken from now on
 * @vn: the device
 *
 * Context: may sleep, RTNL not held.
 */
void vnet_recovery_stop(struct vnet *vn)
{
	WRITE_ONCE(vn->recovery.off, true);
	cancel_delayed_work_sync(&vn->recovery.work);
}
