/* v5.16: requests are given to a driver in batches, and come back in batches */
#include <linux/blk-mq.h>

bool probe(const struct blk_mq_ops *ops, struct request *rq, struct io_comp_batch *iob);
bool probe(const struct blk_mq_ops *ops, struct request *rq, struct io_comp_batch *iob)
{
	return ops->queue_rqs && blk_mq_add_to_batch(rq, iob, 0, blk_mq_end_request_batch);
}
