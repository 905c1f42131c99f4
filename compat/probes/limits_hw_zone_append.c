/* v6.13: queue_limits.max_hw_zone_append_sectors, what the device can do */
#include <linux/blkdev.h>

unsigned int probe(const struct queue_limits *lim);
unsigned int probe(const struct queue_limits *lim)
{
	return lim->max_hw_zone_append_sectors;
}
