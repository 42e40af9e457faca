/* SPDX-License-Identifier: MIT */
/* One capture as a stream of pcapng: which packets belong to it, and what of them fits. */
#ifndef XT_DAEMON_CAPTURE_STREAM_H
#define XT_DAEMON_CAPTURE_STREAM_H

#include "tunnel/capture.h"

#define XT_CAPTURE_UNREAD_MAX ((size_t)4 << 20) /* beyond it packets are dropped and counted */

struct xt_capture_stream;

/* outer     datagrams too
 * secrets   and the keys of their sessions; sessions and their packets from before the capture are
 *           left out, because nothing opens them
 * segments  inner packets as they are in datagrams
 * peer      NULL: every packet; else that peer's
 * name      of the interface
 * write     bytes for the reader, copied
 * unread    bytes that were written and not read */
struct xt_capture_options {
	bool outer, secrets, segments;
	const struct xt_public *peer;
	const char *name;
	void *ctx;
	void (*write)(void *ctx, const void *bytes, size_t len);
	size_t (*unread)(void *ctx);
};

/* Options are copied. XT_E_NOMEM. */
int xt_capture_stream_new(struct xt_capture_stream **out, const struct xt_capture_options *options);
void xt_capture_stream_free(struct xt_capture_stream *stream); /* NULL is fine */
unsigned xt_capture_stream_forms(const struct xt_capture_stream *stream);

/* begin   before all else. key: the device's, used with secrets alone; NULL: it has none
 * flush   write what is kept back
 * end     the numbers of dropped packets, and flush */
void xt_capture_stream_begin(struct xt_capture_stream *stream, uint64_t wall_ns,
			     const struct xt_private *key);
void xt_capture_stream_record(struct xt_capture_stream *stream, uint64_t wall_ns,
			      const struct xt_capture_record *record);
void xt_capture_stream_lost(struct xt_capture_stream *stream, unsigned forms, uint64_t n);
void xt_capture_stream_keys(struct xt_capture_stream *stream, const struct xt_keylog *keys);
bool xt_capture_stream_pending(const struct xt_capture_stream *stream);
void xt_capture_stream_flush(struct xt_capture_stream *stream);
void xt_capture_stream_end(struct xt_capture_stream *stream, uint64_t wall_ns);

#endif
