/* v6.15: blk_rq_map_sg() has no queue argument */
#include <linux/blk-mq.h>

int probe(struct request *rq, struct scatterlist *sgl);
int probe(struct request *rq, struct scatterlist *sgl)
{
	return blk_rq_map_sg(rq, sgl);
}
