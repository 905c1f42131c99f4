/* v6.0: who looks at the busy requests is not told whether they are reserved ones */
#include <linux/blk-mq.h>

void probe(struct blk_mq_tag_set *set, bool (*fn)(struct request *rq, void *data));
void probe(struct blk_mq_tag_set *set, bool (*fn)(struct request *rq, void *data))
{
	blk_mq_tagset_busy_iter(set, fn, NULL);
}
