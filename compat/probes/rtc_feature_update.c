/* v5.16: that a clock has no update interrupts is a feature it lacks */
#include <linux/rtc.h>

void probe(struct rtc_device *rtc);
void probe(struct rtc_device *rtc)
{
	clear_bit(RTC_FEATURE_UPDATE_INTERRUPT, rtc->features);
}
