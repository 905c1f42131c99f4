/* v7.0: linux/balloon_compaction.h became linux/balloon.h, with what each driver did in it. */
#include <linux/balloon.h>

void probe(struct balloon_dev_info *info);
void probe(struct balloon_dev_info *info)
{
	info->adjust_managed_page_count = true;
}
