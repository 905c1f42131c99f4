/* v6.19 fdb9aed869f3: zones are reported to disk_report_zone() */
#include <linux/blkdev.h>

int probe(struct gendisk *disk, struct blk_zone *zone, struct blk_report_zones_args *args);
int probe(struct gendisk *disk, struct blk_zone *zone, struct blk_report_zones_args *args)
{
	return disk_report_zone(disk, zone, 0, args);
}
