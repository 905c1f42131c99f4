/* v5.18 76792055c4c8: block_device_operations.free_disk */
#include <linux/blkdev.h>

void probe(const struct block_device_operations *ops, struct gendisk *disk);
void probe(const struct block_device_operations *ops, struct gendisk *disk)
{
	ops->free_disk(disk);
}
