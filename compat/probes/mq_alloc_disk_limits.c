/* v6.9 27e32cd23fed: __blk_mq_alloc_disk() takes the limits */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim,
		      struct lock_class_key *key);
struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim,
		      struct lock_class_key *key)
{
	return __blk_mq_alloc_disk(set, lim, NULL, key);
}
