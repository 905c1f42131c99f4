/* v6.9 f3a608827d1f: a block device is opened as a file; bdev_fput() is of v6.9, too */
#include <linux/blkdev.h>

struct block_device *probe(dev_t dev);
struct block_device *probe(dev_t dev)
{
	struct file *file = bdev_file_open_by_dev(dev, BLK_OPEN_READ, NULL, NULL);

	bdev_fput(file);
	return file_bdev(file);
}
