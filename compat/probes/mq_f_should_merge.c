/* v6.14: BLK_MQ_F_SHOULD_MERGE is gone, before that merging has to be asked for */
#include <linux/blk-mq.h>

void probe(struct blk_mq_tag_set *set);
void probe(struct blk_mq_tag_set *set)
{
	set->flags = BLK_MQ_F_SHOULD_MERGE;
}
