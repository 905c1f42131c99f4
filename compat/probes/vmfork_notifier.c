/* v5.18 f3c2682bad7b: who wants to know that the guest was forked */
#include <linux/notifier.h>
#include <linux/random.h>

int probe(struct notifier_block *nb);
int probe(struct notifier_block *nb)
{
	return register_random_vmfork_notifier(nb) ? : unregister_random_vmfork_notifier(nb);
}
