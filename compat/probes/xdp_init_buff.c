/* v5.12 43b5169d8355, be9df4aff65f: xdp_init_buff() and xdp_prepare_buff() */
#include <net/xdp.h>

void probe(struct xdp_buff *xdp, struct xdp_rxq_info *rxq, unsigned char *start);
void probe(struct xdp_buff *xdp, struct xdp_rxq_info *rxq, unsigned char *start)
{
	xdp_init_buff(xdp, 4096, rxq);
	xdp_prepare_buff(xdp, start, 256, 60, true);
}
