/* v7.0: struct syscore, whose operations take data */
#include <linux/syscore_ops.h>

void probe(struct syscore *syscore, const struct syscore_ops *ops);
void probe(struct syscore *syscore, const struct syscore_ops *ops)
{
	syscore->ops = ops;
	syscore->data = NULL;
	register_syscore(syscore);
}
