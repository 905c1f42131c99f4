// SPDX-License-Identifier: GPL-2.0-only
/* Which CPU serves which queue. */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/rtnetlink.h>

#include "net.h"

static int vnet_next_cpu(int cpu)
{
	cpu = cpumask_next(cpu, cpu_online_mask);

	return cpu < nr_cpu_ids ? cpu : cpumask_first(cpu_online_mask);
}

/**
 * vnet_affinity_update() - spread the queue pairs in use over the online CPUs
 * @vn: the device
 *
 * Each pair gets a share of the CPUs: both of its interrupts, and the packets
 * these CPUs send, so that a flow stays on one CPU in both directions.
 *
 * Context: CPU hotplug locked.
 */
void vnet_affinity_update(struct vnet *vn)
{
	unsigned int cpus = num_online_cpus();
	unsigned int share = max(cpus / vn->pairs, 1U);
	unsigned int extra = cpus > vn->pairs ? cpus % vn->pairs : 0;
	int cpu = cpumask_first(cpu_online_mask);
	cpumask_var_t mask;
	unsigned int i, n;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;

	for (i = 0; i < vn->pairs; i++) {
		cpumask_clear(mask);
		for (n = share + (i < extra); n; n--) {
			cpumask_set_cpu(cpu, mask);
			cpu = vnet_next_cpu(cpu);
		}
		virtqueue_set_affinity(vn->rq[i].vq, mask);
		virtqueue_set_affinity(vn->sq[i].vq, mask);
		__netif_set_xps_queue(vn->dev, cpumask_bits(mask), i, XPS_CPUS);
	}

	free_cpumask_var(mask);
}

static int vnet_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	vnet_affinity_update(hlist_entry(node, struct vnet, cpuhp_online));

	return 0;
}

static int vnet_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	vnet_affinity_update(hlist_entry(node, struct vnet, cpuhp_dead));

	return 0;
}

static enum cpuhp_state vnet_online_state;

/**
 * vnet_affinity_init() - learn of CPUs that come and go
 *
 * Return: 0 or a negative errno.
 */
int vnet_affinity_init(void)
{
	int err;

	err = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "virtio/net:online",
				      vnet_cpu_online, NULL);
	if (err < 0)
		return err;
	vnet_online_state = err;

	err = cpuhp_setup_state_multi(CPUHP_VIRT_NET_DEAD, "virtio/net:dead",
				      NULL, vnet_cpu_dead);
	if (err)
		cpuhp_remove_multi_state(vnet_online_state);

	return err;
}

/**
 * vnet_affinity_exit() - undo vnet_affinity_init()
 */
void vnet_affinity_exit(void)
{
	cpuhp_remove_multi_state(CPUHP_VIRT_NET_DEAD);
	cpuhp_remove_multi_state(vnet_online_state);
}

/**
 * vnet_affinity_add() - bind the queues of a device to CPUs from now on
 * @vn: the device
 *
 * Context: takes RTNL, may sleep.
 * Return: 0 or a negative errno: the queues do not follow CPUs then.
 */
int vnet_affinity_add(struct vnet *vn)
{
	int err;

	rtnl_lock();
	cpus_read_lock();
	vn->affinity_set = true;
	vnet_affinity_update(vn);
	cpus_read_unlock();
	rtnl_unlock();

	err = cpuhp_state_add_instance_nocalls(vnet_online_state,
					       &vn->cpuhp_online);
	if (err)
		return err;

	err = cpuhp_state_add_instance_nocalls(CPUHP_VIRT_NET_DEAD,
					       &vn->cpuhp_dead);
	if (err)
		cpuhp_state_remove_instance_nocalls(vnet_online_state,
						    &vn->cpuhp_online);
	else
		vn->cpuhp_added = true;

	return err;
}

/**
 * vnet_affinity_remove() - no longer follow CPUs
 * @vn: the device
 *
 * Context: takes RTNL, may sleep.
 */
void vnet_affinity_remove(struct vnet *vn)
{
	rtnl_lock();
	vn->affinity_set = false;
	rtnl_unlock();

	if (!vn->cpuhp_added)
		return;

	vn->cpuhp_added = false;
	cpuhp_state_remove_instance_nocalls(CPUHP_VIRT_NET_DEAD,
					    &vn->cpuhp_dead);
	cpuhp_state_remove_instance_nocalls(vnet_online_state,
					    &vn->cpuhp_online);
}
