// SPDX-License-Identifier: GPL-2.0-only
/*
 * icounts: a QEMU TCG plugin that counts how often the blocks of kernel code
 * of a guest are executed between two marks that the guest sets.
 *
 *	-plugin libicounts.so,out=FILE
 *
 * A mark is an instruction that does nothing on any x86 CPU, a long NOP with a
 * displacement that no compiler emits (see marks[] below). It needs no device,
 * no address known beforehand and no help of the guest's kernel, and it takes
 * effect at the very instruction at which it is executed.
 *
 * The begin mark takes a copy of all counters, the end mark writes what was
 * counted since then:
 *
 *	window <number> <vCPUs> <instructions outside the kernel>
 *	<first address> <instructions> <executions>
 *	...
 *	end
 *
 * Blocks are told apart by their address and length. Instructions times
 * executions is what was executed, but for a block that a fault or an access
 * to a device leaves half-way, which QEMU then continues in a block of its own.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

EXPORT int qemu_plugin_version = 1;

/* The kernel and its modules; below are user space and the early boot. */
#define KERNEL_START	0xffffffff80000000ULL

#define HASH_BITS	16
#define MAX_VCPUS	64

/* nopl 0x4b474400(%rax) begins a window, nopl 0x4b474401(%rax) ends it. */
#define MARK_SIZE	7
static const unsigned char marks[][MARK_SIZE] = {
	{ 0x0f, 0x1f, 0x80, 0x00, 0x44, 0x47, 0x4b },
	{ 0x0f, 0x1f, 0x80, 0x01, 0x44, 0x47, 0x4b },
};

/*
 * What is known of one block. A counter for each vCPU: with several, each is a
 * thread of its own, and neither QEMU's inline addition nor ours is atomic.
 */
struct block {
	struct block *next;	/* in the hash chain, never removed */
	u64 vaddr;
	u64 insns;
	u64 before;		/* sum of the counters at the begin mark */
	u64 counts[];
};

static struct block *chains[1 << HASH_BITS];	/* protected by lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int vcpus;
static FILE *out;				/* protected by lock */
static unsigned int windows;			/* protected by lock */
static bool open_window;			/* protected by lock */

/* Instructions outside the kernel, one cache line for each vCPU. */
static struct {
	u64 count;
	u64 pad[7];
} others[MAX_VCPUS];
static u64 others_before;			/* protected by lock */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "icounts: %s: %s\n", what, why);
	exit(1);
}

static u64 sum_block(const struct block *block)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < vcpus; i++)
		sum += block->counts[i];
	return sum;
}

static u64 sum_others(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < vcpus; i++)
		sum += others[i].count;
	return sum;
}

/* Find or add the block of this address and length; the caller holds lock. */
static struct block *get_block(u64 vaddr, u64 insns)
{
	struct block **slot;
	struct block *block;

	slot = &chains[((vaddr * 0x9e3779b97f4a7c15ULL) + insns) >> (64 - HASH_BITS)];
	for (block = *slot; block; block = block->next)
		if (block->vaddr == vaddr && block->insns == insns)
			return block;

	block = calloc(1, sizeof(*block) + vcpus * sizeof(block->counts[0]));
	if (!block)
		die("cannot add a block", strerror(ENOMEM));
	block->vaddr = vaddr;
	block->insns = insns;
	block->next = *slot;
	*slot = block;
	return block;
}

static void begin_window(void)
{
	struct block *block;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chains); i++)
		for (block = chains[i]; block; block = block->next)
			block->before = sum_block(block);
	others_before = sum_others();
	open_window = true;
}

static void end_window(void)
{
	struct block *block;
	u64 count;
	size_t i;

	fprintf(out, "window %u %u %llu\n", windows++, vcpus, sum_others() - others_before);
	for (i = 0; i < ARRAY_SIZE(chains); i++) {
		for (block = chains[i]; block; block = block->next) {
			count = sum_block(block) - block->before;
			if (count)
				fprintf(out, "%llx %llu %llu\n", block->vaddr, block->insns, count);
		}
	}
	fprintf(out, "end\n");
	if (fflush(out))
		die("cannot write the counts", strerror(errno));
	open_window = false;
}

/* A vCPU executed a mark; data is the mark. */
static void mark_executed(unsigned int vcpu, void *data)
{
	(void)vcpu;
	pthread_mutex_lock(&lock);
	if (data == (void *)marks[0])
		begin_window();
	else if (open_window)
		end_window();
	pthread_mutex_unlock(&lock);
}

/* A vCPU starts a kernel block. Only this vCPU's thread writes its counter. */
static void block_executed(unsigned int vcpu, void *data)
{
	struct block *block = data;

	if (vcpu < vcpus)
		block->counts[vcpu]++;
}

/* A vCPU starts a block outside the kernel; data is its number of instructions. */
static void other_executed(unsigned int vcpu, void *data)
{
	if (vcpu < vcpus)
		others[vcpu].count += (size_t)data;
}

static void watch_marks(struct qemu_plugin_tb *tb, size_t insns)
{
	struct qemu_plugin_insn *insn;
	const void *mark;
	size_t i, j;

	for (i = 0; i < insns; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (qemu_plugin_insn_size(insn) != MARK_SIZE)
			continue;
		for (j = 0; j < ARRAY_SIZE(marks); j++) {
			mark = marks[j];
			if (!memcmp(qemu_plugin_insn_data(insn), mark, MARK_SIZE))
				qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_executed,
								       QEMU_PLUGIN_CB_NO_REGS,
								       (void *)mark);
		}
	}
}

/* QEMU translates a block: arrange for it to be counted. */
static void block_translated(u64 id, struct qemu_plugin_tb *tb)
{
	size_t insns = qemu_plugin_tb_n_insns(tb);
	u64 vaddr = qemu_plugin_tb_vaddr(tb);
	struct block *block;

	(void)id;
	if (vaddr < KERNEL_START) {
		watch_marks(tb, insns);
		if (vcpus == 1)
			qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
								 &others[0].count, insns);
		else
			qemu_plugin_register_vcpu_tb_exec_cb(tb, other_executed,
							     QEMU_PLUGIN_CB_NO_REGS,
							     (void *)insns);
		return;
	}

	pthread_mutex_lock(&lock);
	block = get_block(vaddr, insns);
	pthread_mutex_unlock(&lock);
	if (vcpus == 1)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							 &block->counts[0], 1);
	else
		qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, QEMU_PLUGIN_CB_NO_REGS,
						     block);
}

EXPORT int qemu_plugin_install(u64 id, const struct qemu_info *info, int argc, char **argv)
{
	if (!info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "icounts: counts only in qemu-system-x86_64\n");
		return -1;
	}
	if (argc != 1 || strncmp(argv[0], "out=", 4) || !argv[0][4]) {
		fprintf(stderr, "icounts: exactly one argument is allowed, out=FILE\n");
		return -1;
	}
	if (info->system.max_vcpus < 1 || info->system.max_vcpus > MAX_VCPUS) {
		fprintf(stderr, "icounts: %d vCPUs, allowed are 1 to %d\n",
			info->system.max_vcpus, MAX_VCPUS);
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		fprintf(stderr, "icounts: cannot write %s: %s\n", argv[0] + 4, strerror(errno));
		return -1;
	}
	vcpus = (unsigned int)info->system.max_vcpus;
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	return 0;
}
