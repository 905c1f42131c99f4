/* v6.16: rdmsrq_safe() and wrmsrq_safe(), before with an l for the q */
#include <asm/msr.h>

int probe(u32 msr, u64 *value);
int probe(u32 msr, u64 *value)
{
	return rdmsrq_safe(msr, value) ? : wrmsrq_safe(msr, *value);
}
