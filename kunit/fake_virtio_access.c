// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bytes of a request. Those of a queue that is dead are the driver's again, and are
 * neither read nor written.
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "fake_virtio_core.h"

/* What is done to a piece of the chain. */
enum fv_access {
	FV_READ,
	FV_WRITE,
	FV_FILL,
};

static void fv_access_piece(enum fv_access how, u8 *at, void *buf, u8 byte, size_t len)
{
	switch (how) {
	case FV_READ:
		memcpy(buf, at, len);
		break;
	case FV_WRITE:
		memcpy(at, buf, len);
		break;
	case FV_FILL:
		memset(at, byte, len);
		break;
	}
}

static size_t fv_access(const struct fv_chain *chain, enum fv_access how, size_t offset,
			u8 *buf, u8 byte, size_t len)
{
	unsigned int i = how == FV_READ ? 0 : chain->nr_out;
	unsigned int end = how == FV_READ ? chain->nr_out : chain->nr_out + chain->nr_in;
	size_t done = 0;
	size_t n;

	if (READ_ONCE(fv_qp(chain->q)->dead))
		return 0;
	for (; i < end && done < len; i++) {
		const struct fv_seg *seg = &chain->seg[i];

		if (offset >= seg->len) {
			offset -= seg->len;
			continue;
		}
		n = min_t(size_t, len - done, seg->len - offset);
		fv_access_piece(how, (u8 *)seg->addr + offset, buf ? buf + done : NULL, byte,
				n);
		done += n;
		offset = 0;
	}
	return done;
}

/**
 * fv_read() - read from the device-readable part of a request
 * @chain: the request
 * @offset: first byte, from the start of that part
 * @buf: where to
 * @len: bytes
 *
 * Context: any.
 *
 * Return: bytes read; fewer than @len at the end.
 */
size_t fv_read(const struct fv_chain *chain, size_t offset, void *buf, size_t len)
{
	return fv_access(chain, FV_READ, offset, buf, 0, len);
}
EXPORT_SYMBOL_GPL(fv_read);

/* Bytes that may be written from there: FV_EVIL_HALF ends earlier than the chain. */
static size_t fv_writable(const struct fv_chain *chain, size_t offset, size_t len)
{
	return offset < chain->limit ? min(len, chain->limit - offset) : 0;
}

/**
 * fv_write() - write to the device-writable part of a request
 * @chain: the request
 * @offset: first byte, from the start of that part
 * @buf: what to write
 * @len: bytes
 *
 * Context: any.
 *
 * Return: bytes written; fewer than @len at the end.
 */
size_t fv_write(const struct fv_chain *chain, size_t offset, const void *buf, size_t len)
{
	len = fv_writable(chain, offset, len);
	return fv_access(chain, FV_WRITE, offset, (u8 *)buf, 0, len);
}
EXPORT_SYMBOL_GPL(fv_write);

/**
 * fv_fill() - fill bytes of the device-writable part of a request
 * @chain: the request
 * @offset: first byte, from the start of that part
 * @byte: what to write
 * @len: bytes
 *
 * Context: any.
 *
 * Return: bytes written; fewer than @len at the end.
 */
size_t fv_fill(const struct fv_chain *chain, size_t offset, u8 byte, size_t len)
{
	len = fv_writable(chain, offset, len);
	return fv_access(chain, FV_FILL, offset, NULL, byte, len);
}
EXPORT_SYMBOL_GPL(fv_fill);
