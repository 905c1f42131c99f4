/* v6.18: block_device_operations.getgeo takes the disk */
#include <linux/blkdev.h>

int probe(int (*getgeo)(struct gendisk *disk, struct hd_geometry *geo),
	  struct gendisk *disk);
int probe(int (*getgeo)(struct gendisk *disk, struct hd_geometry *geo),
	  struct gendisk *disk)
{
	const struct block_device_operations ops = { .getgeo = getgeo };

	return ops.getgeo(disk, NULL);
}
