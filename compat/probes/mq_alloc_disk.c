/* v5.14 b461dfc49eb6: a disk and its queue are allocated, and go away, together */
#include <linux/blk-mq.h>

bool probe(void);
bool probe(void)
{
	typeof(__blk_mq_alloc_disk) *alloc = __blk_mq_alloc_disk;

	return alloc;
}
