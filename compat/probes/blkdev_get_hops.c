/* v6.5 0718afd47f70, 2736e8eeb0cc: blkdev_get_by_dev() takes holder operations, and */
/* blkdev_put() the holder; until v6.7 */
#include <linux/blkdev.h>

void probe(dev_t dev);
void probe(dev_t dev)
{
	blkdev_put(blkdev_get_by_dev(dev, BLK_OPEN_READ, NULL, NULL), NULL);
}
