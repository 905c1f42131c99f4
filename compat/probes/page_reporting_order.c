/* v5.14: a device says which order it wants to be told of */
#include <linux/page_reporting.h>

void probe(struct page_reporting_dev_info *info);
void probe(struct page_reporting_dev_info *info)
{
	info->order = 0;
}
