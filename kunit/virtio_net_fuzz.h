/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the fuzzer of virtio_net share. */
#ifndef KGD_VIRTIO_NET_FUZZ_H
#define KGD_VIRTIO_NET_FUZZ_H

#include <linux/netdevice.h>

#include "fuzz_rng.h"
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
	NF_FRAME,
	NF_ACK,
	NF_CONFIG,
	NF_NR,
};

/**
 * struct nf - a fuzzing run
 * @nm: the device of the moment
 * @dev: its interface, held, or NULL
 * @rng: for the load; the thread that calls nf_load() owns it
 * @dev_rng: for the mutations; &nm.lock
 * @features: of the device
 * @data: a frame
 * @count: told of each mutation
 * @count_arg: for it
 */
struct nf {
	struct nm *nm;
	struct net_device *dev;
	struct kgd_rng rng;
	struct kgd_rng dev_rng;
	u64 features;
	u8 *data;
	void (*count)(struct nf *nf, enum nf_kind kind);
	void *count_arg;
};

/* virtio_net_fuzz_mutate.c */
const char *nf_kind_name(enum nf_kind kind);
bool nf_mutate(struct nm *nm, struct nm_hdr *hdr, struct nm_bad *bad, unsigned int bufs);
u8 nf_mutate_ack(struct nm *nm, u8 ack);
void nf_mutate_config(struct nf *nf);

/* virtio_net_fuzz_load.c */
int nf_plug(struct nf *nf);
void nf_unplug(struct nf *nf);
void nf_load(struct nf *nf);
bool nf_worn(struct nf *nf);

#endif /* KGD_VIRTIO_NET_FUZZ_H */
