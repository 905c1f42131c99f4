/* v5.11: ALIGN() and the like have a header of their own */
#include <linux/align.h>

unsigned long probe(unsigned long n);
unsigned long probe(unsigned long n)
{
	return ALIGN(n, 8);
}
