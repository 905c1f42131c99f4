/* v5.11 fdcfd854333b: devm_rtc_register_device() was rtc_register_device() */
#include <linux/rtc.h>

int probe(struct rtc_device *rtc);
int probe(struct rtc_device *rtc)
{
	return devm_rtc_register_device(rtc);
}
