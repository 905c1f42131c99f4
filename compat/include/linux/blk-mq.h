/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_BLK_MQ_H
#define _KGD_LINUX_BLK_MQ_H

#include <linux/blkdev.h>
#include_next <linux/blk-mq.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_MQ_ALLOC_DISK

/* The number of minors is the driver's to set. Partitions beyond it get other numbers. */
static inline struct gendisk *kgd_alloc_queue_and_disk(struct blk_mq_tag_set *set,
						       void *queuedata)
{
	struct request_queue *q = blk_mq_init_queue_data(set, queuedata);
	struct gendisk *disk;

	if (IS_ERR(q))
		return ERR_CAST(q);
	disk = alloc_disk_node(1, set->numa_node);
	if (!disk) {
		blk_cleanup_queue(q);
		return ERR_PTR(-ENOMEM);
	}
	disk->queue = q;
	disk->flags |= GENHD_FL_EXT_DEVT;
	return disk;
}

#endif

#ifndef KGD_HAVE_QUEUE_LIMITS_FEATURES

static inline struct gendisk *
kgd_blk_mq_alloc_disk(struct blk_mq_tag_set *set,
		      const struct kgd_queue_limits *lim, void *queuedata,
		      struct lock_class_key *lkclass)
{
	struct gendisk *disk;

#ifdef KGD_HAVE_MQ_ALLOC_DISK_LIMITS
	disk = __blk_mq_alloc_disk(set, NULL, queuedata, lkclass);
#elif defined(KGD_HAVE_MQ_ALLOC_DISK)
	disk = __blk_mq_alloc_disk(set, queuedata, lkclass);
#else
	disk = kgd_alloc_queue_and_disk(set, queuedata);
#endif
	if (!IS_ERR(disk)) {
		kgd_apply_limits(disk->queue, lim);
		kgd_apply_zoned(disk, lim);
	}
	return disk;
}

#undef blk_mq_alloc_disk
#define blk_mq_alloc_disk(set, lim, queuedata)				\
({									\
	static struct lock_class_key __key;				\
									\
	kgd_blk_mq_alloc_disk(set, lim, queuedata, &__key);		\
})

#endif /* !KGD_HAVE_QUEUE_LIMITS_FEATURES */

#ifdef KGD_HAVE_MQ_F_SHOULD_MERGE

/* Merging has to be asked for. */
static inline int kgd_blk_mq_alloc_tag_set(struct blk_mq_tag_set *set)
{
	set->flags |= BLK_MQ_F_SHOULD_MERGE;
	return blk_mq_alloc_tag_set(set);
}

#define blk_mq_alloc_tag_set kgd_blk_mq_alloc_tag_set

#endif

#ifndef KGD_HAVE_RQ_MAP_SG_NOQUEUE

static inline int kgd_blk_rq_map_sg(struct request *rq, struct scatterlist *sgl)
{
	return blk_rq_map_sg(rq->q, rq, sgl);
}

#define blk_rq_map_sg kgd_blk_rq_map_sg

#endif

#ifndef KGD_HAVE_RQ_MAP_KERN_NOQUEUE

static inline int kgd_blk_rq_map_kern(struct request *rq, void *buf, unsigned int len,
				      gfp_t gfp)
{
	return blk_rq_map_kern(rq->q, rq, buf, len, gfp);
}

#define blk_rq_map_kern kgd_blk_rq_map_kern

#endif

#ifdef KGD_HAVE_MQ_VIRTIO_MAP

#include <linux/blk-mq-virtio.h>
#include <linux/virtio.h>

/*
 * The new function may be there already, backported without the operation of
 * the virtio bus that it asks. The devices here are all virtio.
 */
static inline void kgd_blk_mq_map_hw_queues(struct blk_mq_queue_map *qmap,
					    struct device *dev,
					    unsigned int offset)
{
	blk_mq_virtio_map_queues(qmap, dev_to_virtio(dev), offset);
}

#define blk_mq_map_hw_queues kgd_blk_mq_map_hw_queues

#endif

/*
 * The operation took a bare pointer to the first request before. A driver
 * writes the new form and names it twice: BLK_MQ_QUEUE_RQS(fn); and
 * BLK_MQ_QUEUE_RQS_OP(fn) for .queue_rqs = fn. Before v5.16 there is none.
 */
#ifdef KGD_HAVE_RQ_LIST
#define BLK_MQ_QUEUE_RQS(fn)	static_assert(__same_type(fn, fn))
#define BLK_MQ_QUEUE_RQS_OP(fn)	.queue_rqs = (fn),
#else

#ifdef KGD_HAVE_MQ_QUEUE_RQS
#define kgd_rq_next(rq)		((rq)->rq_next)
#else
/* Nobody makes lists there. What would be in one is in no other list. */
#define kgd_rq_next(rq)		(*(struct request **)&(rq)->queuelist.next)
#endif

/* The tail is known only of a list that was built with rq_list_add_tail(). */
struct rq_list {
	struct request *head;
	struct request *tail;
};

#define BLK_MQ_QUEUE_RQS(fn)						\
static void __maybe_unused kgd_##fn(struct request **first)		\
{									\
	struct rq_list rl = { .head = *first };				\
									\
	fn(&rl);							\
	*first = rl.head;						\
}									\
struct rq_list
#ifdef KGD_HAVE_MQ_QUEUE_RQS
#define BLK_MQ_QUEUE_RQS_OP(fn)	.queue_rqs = kgd_##fn,
#else
#define BLK_MQ_QUEUE_RQS_OP(fn)
#endif

static inline void kgd_rq_list_init(struct rq_list *rl)
{
	rl->head = NULL;
	rl->tail = NULL;
}

static inline void kgd_rq_list_add_tail(struct rq_list *rl, struct request *rq)
{
	kgd_rq_next(rq) = NULL;
	if (rl->tail)
		kgd_rq_next(rl->tail) = rq;
	else
		rl->head = rq;
	rl->tail = rq;
}

static inline struct request *kgd_rq_list_pop(struct rq_list *rl)
{
	struct request *rq = rl->head;

	if (rq) {
		rl->head = kgd_rq_next(rq);
		if (!rl->head)
			rl->tail = NULL;
		kgd_rq_next(rq) = NULL;
	}
	return rq;
}

#define rq_list_init kgd_rq_list_init
#undef rq_list_add_tail
#define rq_list_add_tail kgd_rq_list_add_tail
#undef rq_list_pop
#define rq_list_pop kgd_rq_list_pop

/* Also of the list in struct io_comp_batch, which is the bare pointer. */
#undef rq_list_empty
#define rq_list_empty(rl) (!*(struct request **)(rl))

#endif /* KGD_HAVE_RQ_LIST */

#include <kgd/mq.h>

#endif
