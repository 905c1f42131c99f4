/* v6.0: blk_mq_ops.timeout has no second argument, and v5.16: .poll has one */
#include <linux/blk-mq.h>

int probe(const struct blk_mq_ops *ops, struct request *rq, struct io_comp_batch *iob);
int probe(const struct blk_mq_ops *ops, struct request *rq, struct io_comp_batch *iob)
{
	return ops->timeout(rq) + ops->poll(rq->mq_hctx, iob);
}
