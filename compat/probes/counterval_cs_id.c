/* v6.9 576bd4962f8b: system_counterval_t names its clocksource by an id */
#include <linux/clocksource_ids.h>
#include <linux/timekeeping.h>

void probe(struct system_counterval_t *value);
void probe(struct system_counterval_t *value)
{
	value->cs_id = CSID_X86_KVM_CLK;
}
