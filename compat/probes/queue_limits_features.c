/* v6.11: struct queue_limits has features; blk_mq_alloc_disk() takes it since v6.9 */
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim);
struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim)
{
	lim->features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_ROTATIONAL;
	return blk_mq_alloc_disk(set, lim, NULL);
}
