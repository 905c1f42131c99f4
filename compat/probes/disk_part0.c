/* v5.11 0d02129e76ed: a disk has a block device, open or not; v5.12 c6bf3f0e25f4: no gfp */
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
	return blkdev_issue_flush(disk->part0);
}
