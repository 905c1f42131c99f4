/* v5.15 4c52729377ea: kstrtox() has a header of its own */
#include <linux/kstrtox.h>

int probe(const char *s, u64 *value);
int probe(const char *s, u64 *value)
{
	return kstrtoull(s, 0, value);
}
