/* v6.10: blk_revalidate_disk_zones() takes the disk alone */
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
	return blk_revalidate_disk_zones(disk);
}
