/* v5.17 5337824f4dc4: txq_trans_cond_update() */
#include <linux/netdevice.h>

void probe(struct netdev_queue *txq);
void probe(struct netdev_queue *txq)
{
	txq_trans_cond_update(txq);
}
