/* v5.16: blk_mq_complete_request_direct() and blk_mq_set_request_complete() */
#include <linux/blk-mq.h>

void probe(struct request *rq, void (*fn)(struct request *rq));
void probe(struct request *rq, void (*fn)(struct request *rq))
{
	blk_mq_set_request_complete(rq);
	blk_mq_complete_request_direct(rq, fn);
}
