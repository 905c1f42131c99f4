// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzer of virtio_net: XDP programs that come and go, and frames that others redirect. */

#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/gfp.h>
#include <linux/rtnetlink.h>
#include <net/xdp.h>

#include "virtio_net_fuzz.h"

/* Frames that are redirected at a time, and how long they are at most. */
#define NF_BULK		8
#define NF_BULK_LEN	1500

/* As much headroom as such a frame may have. */
#define NF_ROOM		256

/* The context of a program that has not been through the verifier is the xdp_buff itself. */
#define NF_CTX(field)	offsetof(struct xdp_buff, field)

/*
 * Does what the last byte of the source address says, which the load chooses, and takes
 * two bytes off the front if the one before is odd. What is redirected goes nowhere.
 */
#define NF_AT	(2 * ETH_ALEN - 1)
static const struct bpf_insn nf_insns[] = {
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, NF_CTX(data)),
	BPF_LDX_MEM(BPF_DW, BPF_REG_3, BPF_REG_1, NF_CTX(data_end)),
	BPF_MOV64_REG(BPF_REG_4, BPF_REG_2),
	BPF_ALU64_IMM(BPF_ADD, BPF_REG_4, ETH_HLEN + 2),
	BPF_MOV64_IMM(BPF_REG_0, XDP_PASS),
	BPF_JMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 7),
	BPF_LDX_MEM(BPF_B, BPF_REG_0, BPF_REG_2, NF_AT),
	BPF_LDX_MEM(BPF_B, BPF_REG_5, BPF_REG_2, NF_AT - 1),
	BPF_ALU64_IMM(BPF_AND, BPF_REG_5, 1),
	BPF_JMP_IMM(BPF_JEQ, BPF_REG_5, 0, 3),
	BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, 2),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, NF_CTX(data)),
	BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, NF_CTX(data_meta)),
	BPF_EXIT_INSN(),
};

/* For programs that take frames in pieces, and those that do not. */
static struct bpf_prog *nf_progs[2];

/**
 * nf_xdp_init() - make the programs
 *
 * Context: may sleep.
 * Return: 0 or a negative error number.
 */
int nf_xdp_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(nf_progs); i++) {
		struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(ARRAY_SIZE(nf_insns)), 0);

		if (!prog) {
			nf_xdp_exit();
			return -ENOMEM;
		}
		memcpy(prog->insnsi, nf_insns, sizeof(nf_insns));
		prog->len = ARRAY_SIZE(nf_insns);
		prog->type = BPF_PROG_TYPE_XDP;
		prog->aux->xdp_has_frags = i;
		/* One is ours. */
		atomic64_set(&prog->aux->refcnt, 1);
		nf_progs[i] = bpf_prog_select_runtime(prog, &err);
		if (err) {
			nf_xdp_exit();
			return err;
		}
	}

	return 0;
}

/**
 * nf_xdp_exit() - free the programs
 *
 * Context: may sleep. No interface has one of them.
 * Return: true if the driver has let go of all of them. One that it has not is not freed.
 */
bool nf_xdp_exit(void)
{
	bool gone = true;
	unsigned int i;

	synchronize_net();
	for (i = 0; i < ARRAY_SIZE(nf_progs); i++) {
		if (nf_progs[i] && atomic64_read(&nf_progs[i]->aux->refcnt) != 1)
			gone = false;
		else if (nf_progs[i])
			bpf_prog_free(nf_progs[i]);
		nf_progs[i] = NULL;
	}

	return gone;
}

/* As the core does: the driver owns a reference of what it takes. */
static int nf_xdp_load(struct nf *nf, struct bpf_prog *prog)
{
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG, .prog = prog };
	int err;

	if (prog)
		bpf_prog_inc(prog);
	err = nf->dev->netdev_ops->ndo_bpf(nf->dev, &bpf);
	if (err && prog)
		bpf_prog_put(prog);
	if (!err)
		nf->xdp = prog;

	return err;
}

/**
 * nf_set_xdp() - give the interface a program, another one, or take it away
 * @nf: the thread, with an interface; RTNL is held
 *
 * Context: may sleep.
 */
void nf_set_xdp(struct nf *nf)
{
	if (nf->xdp && kgd_rng_chance(&nf->rng, 700))
		nf_xdp_load(nf, NULL);
	else
		nf_xdp_load(nf, nf_progs[kgd_rng_below(&nf->rng, ARRAY_SIZE(nf_progs))]);
}

/**
 * nf_drop_xdp() - the interface goes: its program is taken away, as the core would
 * @nf: the thread, with an interface
 *
 * Context: may sleep.
 */
void nf_drop_xdp(struct nf *nf)
{
	rtnl_lock();
	if (nf->xdp && nf_xdp_load(nf, NULL)) {
		pr_err("virtio_net_fuzz: seed %llu: a program cannot be taken away\n",
		       nf->run->seed);
		nf->err = -EIO;
	}
	nf->xdp = NULL;
	rtnl_unlock();
}

static struct xdp_frame *nf_xdp_frame(struct nf *nf)
{
	struct page *page = alloc_page(GFP_ATOMIC);
	unsigned int room = kgd_rng_below(&nf->rng, NF_ROOM);
	unsigned int len = ETH_HLEN + kgd_rng_below(&nf->rng, NF_BULK_LEN - ETH_HLEN);
	struct xdp_frame *frame;

	if (!page)
		return NULL;
	frame = page_address(page);
	memset(frame, 0, sizeof(*frame));
	frame->data = (void *)(frame + 1) + room;
	frame->headroom = room;
	frame->len = len;
	frame->frame_sz = PAGE_SIZE;
	frame->mem.type = MEM_TYPE_PAGE_ORDER0;
	memset(frame->data, 0, len);

	return frame;
}

/**
 * nf_redirect() - frames that a program of another interface has sent here
 * @nf: the thread, with an interface
 *
 * Context: softirqs are off, as in a poll.
 */
void nf_redirect(struct nf *nf)
{
	struct xdp_frame *frames[NF_BULK];
	unsigned int i, n = 1 + kgd_rng_below(&nf->rng, NF_BULK);
	int sent;

	for (i = 0; i < n; i++) {
		frames[i] = nf_xdp_frame(nf);
		if (!frames[i])
			break;
	}
	sent = nf->dev->netdev_ops->ndo_xdp_xmit(nf->dev, i, frames, XDP_XMIT_FLUSH);
	/* Those that were not taken are still ours. */
	for (n = max(sent, 0); n < i; n++)
		__free_page(virt_to_page(frames[n]));
}
