/* v6.2 9b13df3fb64e: timer_delete_sync() was del_timer_sync() */
#include <linux/timer.h>

int probe(struct timer_list *timer);
int probe(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}
