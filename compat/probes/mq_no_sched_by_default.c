/* v5.15: a queue can ask for no I/O scheduler in the beginning */
#include <linux/blk-mq.h>

void probe(struct blk_mq_tag_set *set);
void probe(struct blk_mq_tag_set *set)
{
	set->flags = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
}
