/* v5.19: blk_execute_rq_nowait() takes the request and whether it goes first */
#include <linux/blk-mq.h>

void probe(struct request *rq);
void probe(struct request *rq)
{
	blk_execute_rq_nowait(rq, false);
}
