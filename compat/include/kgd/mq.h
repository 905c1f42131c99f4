/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_MQ_H
#define _KGD_MQ_H

/*
 * What <linux/blk-mq.h>, which includes this, has since v5.11 to v6.1. Operations that had
 * other arguments are named twice by a driver: X(fn); and x_op(fn).
 */
#include <linux/blk-mq.h>
#include <kgd/config.h>

#ifndef KGD_HAVE_MQ_QUEUE_RQS

/* Nothing is ever added to a batch, so each request is ended by itself. */
struct io_comp_batch {
	struct request *req_list;
};

#define DEFINE_IO_COMP_BATCH(name)	struct io_comp_batch name = { }

static inline bool kgd_blk_mq_add_to_batch(struct request *rq, struct io_comp_batch *iob,
					   bool is_error,
					   void (*complete)(struct io_comp_batch *iob))
{
	return false;
}

static inline void kgd_blk_mq_end_request_batch(struct io_comp_batch *iob)
{
}

#define blk_mq_add_to_batch kgd_blk_mq_add_to_batch
#define blk_mq_end_request_batch kgd_blk_mq_end_request_batch

#endif /* !KGD_HAVE_MQ_QUEUE_RQS */

#ifdef KGD_HAVE_MQ_OPS_TIMEOUT
#define BLK_MQ_TIMEOUT(fn)	static_assert(__same_type(fn, fn))
#define BLK_MQ_POLL(fn)		static_assert(__same_type(fn, fn))
#define blk_mq_timeout_op(fn)	fn
#define blk_mq_poll_op(fn)	fn
#else
#define BLK_MQ_TIMEOUT(fn)							\
static enum blk_eh_timer_return kgd_##fn(struct request *rq, bool reserved)	\
{										\
	return fn(rq);								\
}										\
struct request
#define BLK_MQ_POLL(fn)								\
static int kgd_##fn(struct blk_mq_hw_ctx *hctx)					\
{										\
	return fn(hctx, NULL);							\
}										\
struct request
#define blk_mq_timeout_op(fn)	kgd_##fn
#define blk_mq_poll_op(fn)	kgd_##fn
#endif

#ifdef KGD_HAVE_MQ_MAP_QUEUES_VOID
#define BLK_MQ_MAP_QUEUES(fn)		static_assert(__same_type(fn, fn))
#define blk_mq_map_queues_op(fn)	fn
#else
#define BLK_MQ_MAP_QUEUES(fn)							\
static int kgd_##fn(struct blk_mq_tag_set *set)					\
{										\
	fn(set);								\
	return 0;								\
}										\
struct request
#define blk_mq_map_queues_op(fn)	kgd_##fn
#endif

#ifndef KGD_HAVE_MQ_TAG_ITER

struct kgd_tag_iter {
	bool (*fn)(struct request *rq, void *data);
	void *data;
};

static inline bool kgd_tag_iter_fn(struct request *rq, void *data, bool reserved)
{
	struct kgd_tag_iter *iter = data;

	return iter->fn(rq, iter->data);
}

static inline void kgd_blk_mq_tagset_busy_iter(struct blk_mq_tag_set *set,
					       bool (*fn)(struct request *rq, void *data),
					       void *data)
{
	struct kgd_tag_iter iter = { .fn = fn, .data = data };

	blk_mq_tagset_busy_iter(set, kgd_tag_iter_fn, &iter);
}

#define blk_mq_tagset_busy_iter kgd_blk_mq_tagset_busy_iter

#endif /* !KGD_HAVE_MQ_TAG_ITER */

/* What a queue begins with is the block layer's choice then. */
#ifndef KGD_HAVE_MQ_NO_SCHED_BY_DEFAULT
#define BLK_MQ_F_NO_SCHED_BY_DEFAULT	0
#endif

#ifndef KGD_HAVE_MQ_COMPLETE_DIRECT

static inline void kgd_blk_mq_set_request_complete(struct request *rq)
{
	WRITE_ONCE(rq->state, MQ_RQ_COMPLETE);
}

static inline void kgd_blk_mq_complete_request_direct(struct request *rq,
						      void (*complete)(struct request *rq))
{
	WRITE_ONCE(rq->state, MQ_RQ_COMPLETE);
	complete(rq);
}

#define blk_mq_set_request_complete kgd_blk_mq_set_request_complete
#define blk_mq_complete_request_direct kgd_blk_mq_complete_request_direct

#endif /* !KGD_HAVE_MQ_COMPLETE_DIRECT */

#ifndef KGD_HAVE_EXECUTE_RQ_NOWAIT

/* The request is freed when it ends. */
static inline void kgd_blk_execute_rq_nowait(struct request *rq, bool at_head)
{
	blk_execute_rq_nowait(rq->q, NULL, rq, at_head, NULL);
}

/* Who does not want to wait for a frozen queue got another error there. */
static inline struct request *kgd_blk_mq_alloc_request(struct request_queue *q,
						       unsigned int opf,
						       blk_mq_req_flags_t flags)
{
	struct request *rq = blk_mq_alloc_request(q, opf, flags);

	return rq == ERR_PTR(-EBUSY) ? ERR_PTR(-EAGAIN) : rq;
}

#define blk_execute_rq_nowait kgd_blk_execute_rq_nowait
#define blk_mq_alloc_request kgd_blk_mq_alloc_request

#endif /* !KGD_HAVE_EXECUTE_RQ_NOWAIT */
#endif
