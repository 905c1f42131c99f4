/* v5.17 c8064e5b4ada: bpf_warn_invalid_xdp_action() names the device and the program */
#include <linux/filter.h>

void probe(struct net_device *dev, struct bpf_prog *prog);
void probe(struct net_device *dev, struct bpf_prog *prog)
{
	bpf_warn_invalid_xdp_action(dev, prog, 100);
}
