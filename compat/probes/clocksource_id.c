/* v5.12 b2c67cbe9f44: a clocksource has an id */
#include <linux/clocksource.h>

void probe(struct clocksource *cs);
void probe(struct clocksource *cs)
{
	cs->id = CSID_GENERIC;
}
