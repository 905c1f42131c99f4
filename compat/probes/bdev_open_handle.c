/* v6.7 e719b4d15674: a block device is opened as a handle; until v6.9 */
#include <linux/blkdev.h>

struct bdev_handle *probe(dev_t dev);
struct bdev_handle *probe(dev_t dev)
{
	struct bdev_handle *handle = bdev_open_by_dev(dev, BLK_OPEN_READ, NULL, NULL);

	bdev_release(handle);
	return handle;
}
