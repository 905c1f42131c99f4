/* v6.16: cpuid() and the like have a header of their own */
#include <asm/cpuid/api.h>

unsigned int probe(unsigned int leaf);
unsigned int probe(unsigned int leaf)
{
	unsigned int a, b, c, d;

	cpuid(leaf, &a, &b, &c, &d);
	return a;
}
