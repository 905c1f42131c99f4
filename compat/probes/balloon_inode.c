/* v6.0 68f2736a8583: until then a balloon has an inode, whose mapping migrates its pages */
#include <linux/balloon_compaction.h>

struct inode *probe(struct balloon_dev_info *info);
struct inode *probe(struct balloon_dev_info *info)
{
	return info->inode;
}
