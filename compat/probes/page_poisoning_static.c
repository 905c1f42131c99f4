/* v5.11 8f424750baaf: page_poisoning_enabled_static(), before without the suffix */
#include <linux/mm.h>

bool probe(void);
bool probe(void)
{
	return page_poisoning_enabled_static();
}
