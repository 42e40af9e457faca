/* SPDX-License-Identifier: MIT */
/* Bytes of a snapshot, both ways: each function writes a value or reads it, so that one list of
 * fields serves encoding and decoding. Numbers take as many bytes as they need, seven bits each.
 *
 * The first error is kept and ends everything: later reads give zeros, later writes nothing. What
 * is read is hostile; a value out of its range is XT_E_INVALID. */
#ifndef XT_CORE_SNAPSHOT_CODER_H
#define XT_CORE_SNAPSHOT_CODER_H

#include <xtunnel/types.h>

#include "base/secbuf.h"

/* How far ahead a timer may be set. The longest is the persistent keepalive, 65,535 s. */
#define XT_CODER_AHEAD (24 * 3600 * UINT64_C(1000000000))

/* out      NULL: it decodes
 * at, end  decoding: the bytes that are left
 * now      decoding: monotonic time, by which times are judged
 * scratch  encoding: bytes that out does not have yet */
struct xt_coder {
	struct xt_secbuf *out;
	const uint8_t *at, *end;
	uint64_t now;
	int error;
	size_t n;
	uint8_t scratch[512];
};

void xt_coder_encode(struct xt_coder *c, struct xt_secbuf *out);
void xt_coder_decode(struct xt_coder *c, const void *bytes, size_t len, uint64_t now);
/* Flush and wipe. Decoding: bytes that are left are an error. Returns the error. */
int xt_coder_end(struct xt_coder *c);

/* May as well be called while it encodes; the first error stays. */
void xt_coder_fail(struct xt_coder *c, int error);
void xt_coder_check(struct xt_coder *c, bool valid); /* else XT_E_INVALID */

void xt_coder_u64(struct xt_coder *c, uint64_t *v);
void xt_coder_i64(struct xt_coder *c, int64_t *v);
void xt_coder_u32(struct xt_coder *c, uint32_t *v);
void xt_coder_u16(struct xt_coder *c, uint16_t *v);
void xt_coder_u8(struct xt_coder *c, uint8_t *v);
void xt_coder_flag(struct xt_coder *c, bool *v);
/* A number up to most. */
void xt_coder_up_to(struct xt_coder *c, uint32_t *v, uint32_t most);
void xt_coder_u8_up_to(struct xt_coder *c, uint8_t *v, uint8_t most);
/* How many items follow, each of at least that many bytes: more than can be there is an error. */
size_t xt_coder_count(struct xt_coder *c, size_t n, size_t least);
/* Encoding only. */
void xt_coder_put(struct xt_coder *c, const void *bytes, size_t len);
void xt_coder_bytes(struct xt_coder *c, void *bytes, size_t len);
/* The same; all zero takes one byte. */
void xt_coder_sparse(struct xt_coder *c, void *bytes, size_t len);
/* Decoding: the next len bytes, where they are; NULL: they are not there. */
const uint8_t *xt_coder_view(struct xt_coder *c, size_t len);

/* Monotonic times, or XT_NEVER: of something that has happened; of something to come. */
void xt_coder_past(struct xt_coder *c, uint64_t *v);
void xt_coder_due(struct xt_coder *c, uint64_t *v);

void xt_coder_ip(struct xt_coder *c, struct xt_ip *ip);
void xt_coder_cidr(struct xt_coder *c, struct xt_cidr *cidr); /* host bits are kept */
void xt_coder_endpoint(struct xt_coder *c, struct xt_endpoint *endpoint);
void xt_coder_path(struct xt_coder *c, struct xt_path *path);

#endif
