/* v5.18: packets of several buffers with XDP */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/skbuff.h>
#include <net/xdp.h>

unsigned int probe(struct xdp_buff *xdp, struct xdp_frame *frame, struct bpf_prog *prog);
unsigned int probe(struct xdp_buff *xdp, struct xdp_frame *frame, struct bpf_prog *prog)
{
	xdp_buff_set_frags_flag(xdp);
	xdp_get_shared_info_from_buff(xdp)->xdp_frags_size = xdp_get_buff_len(xdp);
	return prog->aux->xdp_has_frags + xdp_buff_has_frags(xdp) +
	       xdp_frame_has_frags(frame) + xdp_get_frame_len(frame);
}
