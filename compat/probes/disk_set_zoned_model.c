/* v6.0: disk_set_zoned() of a disk, with a model */
#include <linux/blkdev.h>

void probe(struct gendisk *disk);
void probe(struct gendisk *disk)
{
	disk_set_zoned(disk, BLK_ZONED_HM);
}
