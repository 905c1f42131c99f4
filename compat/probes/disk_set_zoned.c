/* v6.8: disk_set_zoned() takes the disk alone; gone again in v6.11 */
#include <linux/blkdev.h>

void probe(struct gendisk *disk);
void probe(struct gendisk *disk)
{
	disk_set_zoned(disk);
}
