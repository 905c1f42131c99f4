/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the fuzzer of virtio_net share. */
#ifndef KGD_VIRTIO_NET_FUZZ_H
#define KGD_VIRTIO_NET_FUZZ_H

#include <linux/netdevice.h>

#include "fuzz.h"
#include "model_net.h"

/**
 * enum nf_kind - mutations by the model, on top of those of the fake device
 * @NF_FLAGS: flags of a received header
 * @NF_GSO_TYPE: its gso_type
 * @NF_GSO_SIZE: its gso_size
 * @NF_HDR_LEN: its hdr_len
 * @NF_CSUM_START: its csum_start
 * @NF_CSUM_OFFSET: its csum_offset
 * @NF_NUM_BUFFERS: its num_buffers
 * @NF_USED_LEN: the used length of one of the buffers
 * @NF_MISSING: not all of the buffers come back
 * @NF_LOST: none of them does
 * @NF_HASH: the hash that is reported, and what it was made of
 * @NF_FRAME: bytes of the frame, whose header is that of a good one
 * @NF_ACK: the answer to a command
 * @NF_CONFIG: a field of the configuration changes
 * @NF_NR: number of kinds
 */
enum nf_kind {
	NF_FLAGS,
	NF_GSO_TYPE,
	NF_GSO_SIZE,
	NF_HDR_LEN,
	NF_CSUM_START,
	NF_CSUM_OFFSET,
	NF_NUM_BUFFERS,
	NF_USED_LEN,
	NF_MISSING,
	NF_LOST,
	NF_HASH,
	NF_FRAME,
	NF_ACK,
	NF_CONFIG,
	NF_NR,
};

/**
 * struct nf - a device of the fuzzer, one after the other, and the thread that loads it
 * @run: of all of them
 * @thread: see there
 * @index: number of the thread
 * @err: what has gone wrong
 * @nm: the device of the moment
 * @dev: its interface, held, or NULL
 * @xdp: program of the interface; RTNL
 * @rng: for the load; of the thread
 * @dev_rng: for the mutations; &nm.lock
 * @pending: mutations of the frame that is being received; &nm.lock
 * @data: a frame
 * @devices: how many there were
 * @sleeps: how often one of them slept
 * @plugs: how often one was plugged
 */
struct nf {
	struct fuzz_run *run;
	struct task_struct *thread;
	unsigned int index;
	int err;
	struct nm *nm;
	struct net_device *dev;
	struct bpf_prog *xdp;
	struct kgd_rng rng;
	struct kgd_rng dev_rng;
	unsigned long pending;
	u8 *data;
	u64 devices;
	u64 sleeps;
	u64 plugs;
};

/* virtio_net_fuzz_mutate.c */
int nf_mutate_init(struct fuzz_run *run);
bool nf_due(struct nf *nf, enum nf_kind kind);
void nf_count(struct nf *nf, enum nf_kind kind);
void nf_mutate_start(struct nf *nf);
void nf_mutate_config(struct nf *nf);

/* virtio_net_fuzz_device.c */
int nf_create(struct nf *nf);
void nf_destroy(struct nf *nf);
bool nf_heal(struct nf *nf);
unsigned int nf_live(struct nf *nf);

/* virtio_net_fuzz_load.c */
unsigned int nf_traffic(struct nf *nf);
void nf_control(struct nf *nf);

/* virtio_net_fuzz_xdp.c */
int nf_xdp_init(void);
bool nf_xdp_exit(void);
void nf_set_xdp(struct nf *nf);
void nf_drop_xdp(struct nf *nf);
void nf_redirect(struct nf *nf);

#endif /* KGD_VIRTIO_NET_FUZZ_H */
