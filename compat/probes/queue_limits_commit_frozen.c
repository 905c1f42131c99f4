/* v6.14: queue_limits_commit_update_frozen() */
#include <linux/blkdev.h>

int probe(struct request_queue *q, struct queue_limits *lim);
int probe(struct request_queue *q, struct queue_limits *lim)
{
	return queue_limits_commit_update_frozen(q, lim);
}
