/* v6.1 a4e1d0b76e7b: blk_mq_ops.map_queues returns nothing */
#include <linux/blk-mq.h>

void probe(struct blk_mq_ops *ops, void (*fn)(struct blk_mq_tag_set *set));
void probe(struct blk_mq_ops *ops, void (*fn)(struct blk_mq_tag_set *set))
{
	ops->map_queues = fn;
}
