/* v5.13: __netif_set_xps_queue() is told which map it is by an enumeration */
#include <linux/netdevice.h>

enum xps_map_type probe(void);
enum xps_map_type probe(void)
{
	return XPS_CPUS;
}
