/* v6.13: struct rq_list instead of a bare pointer to the first request */
#include <linux/blk-mq.h>

struct request *probe(struct rq_list *rl);
struct request *probe(struct rq_list *rl)
{
	rq_list_init(rl);
	return rl->tail;
}
