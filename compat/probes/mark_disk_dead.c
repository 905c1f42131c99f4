/* v5.17 7a5428dcb790: blk_mark_disk_dead() */
#include <linux/blkdev.h>

void probe(struct gendisk *disk);
void probe(struct gendisk *disk)
{
	blk_mark_disk_dead(disk);
}
