/* SPDX-License-Identifier: MIT */
/* Values as bytes, for messages between the processes of an instance. One description of a message
 * serves both directions: the functions of struct xt_wire write what a pointer points to, or read
 * it from there. So what is written can always be read. What is written is not changed, and may be
 * constant.
 *
 * Integers are big-endian. The reader is strict, since the other process may be hostile: a value
 * out of range, a count that the bytes left cannot hold, a byte too many, all are one error that
 * stays. After an error each function reads zeros, "" and NULL, and allocates nothing. */
#ifndef XT_HOST_WIRE_H
#define XT_HOST_WIRE_H

#include <xtunnel/error.h>
#include <xtunnel/types.h>

#include "base/secbuf.h"

/* The bytes that are left.
 * error  0; XT_E_INVALID; XT_E_NOMEM */
struct xt_wire_in {
	const uint8_t *p;
	size_t len;
	int error;
};
#define XT_WIRE_IN(data, length) ((struct xt_wire_in){.p = (data), .len = (length)})

/* Descriptors of one message: at most this many. */
#define XT_WIRE_FDS 4

/* out    written to; its error counts too. NULL: in is read
 * fds    those of the message; written: borrowed of the values, read: the values' from then on
 * used   how many were read */
struct xt_wire {
	struct xt_secbuf *out;
	struct xt_wire_in *in;
	int fds[XT_WIRE_FDS];
	size_t n_fds, used;
};

static inline bool xt_wire_reads(const struct xt_wire *w)
{
	return !w->out;
}
/* The value that was read is not one that the message may have. */
void xt_wire_refuse(struct xt_wire *w);
void xt_wire_expect(struct xt_wire *w, bool valid); /* else refuse; nothing when it writes */
/* 0 or the error. Reading: a byte or a descriptor that is left over is an error. */
int xt_wire_finish(struct xt_wire *w);

void xt_wire_u8(struct xt_wire *w, uint8_t *v);
void xt_wire_u16(struct xt_wire *w, uint16_t *v);
void xt_wire_u32(struct xt_wire *w, uint32_t *v);
void xt_wire_u64(struct xt_wire *w, uint64_t *v);
void xt_wire_unsigned(struct xt_wire *w, unsigned *v);
void xt_wire_int(struct xt_wire *w, int *v);
void xt_wire_size(struct xt_wire *w, size_t *v);
void xt_wire_bool(struct xt_wire *w, bool *v); /* 0 or 1 */
void xt_wire_bytes(struct xt_wire *w, void *v, size_t len);
/* An enum, or another small number, below limit. */
#define XT_WIRE_BELOW(w, v, limit)                                                                 \
	do {                                                                                       \
		uint32_t below_ = (uint32_t)(v);                                                   \
		xt_wire_below(w, &below_, limit);                                                  \
		(v) = below_;                                                                      \
	} while (0)
void xt_wire_below(struct xt_wire *w, uint32_t *v, uint32_t limit);

/* A string or NULL, malloc'ed; longer than max, or with a NUL within, it is refused. line: nor has
 * it a line end: it can be written into a file of lines. */
void xt_wire_string(struct xt_wire *w, char **v, size_t max);
void xt_wire_line(struct xt_wire *w, char **v, size_t max);
/* The same in the caller's buffer of cap bytes; what is too long is cut when it is written. */
void xt_wire_text(struct xt_wire *w, char *v, size_t cap);

/* An array of *n elements of size bytes, each of which takes least bytes of the message or more.
 * Writing: *n, and v back. Reading: a zeroed array to be freed; NULL: *n is 0. The elements
 * follow, one by one. */
void *xt_wire_array(struct xt_wire *w, void *v, size_t *n, size_t size, size_t least);

void xt_wire_ip(struct xt_wire *w, struct xt_ip *v);
void xt_wire_cidr(struct xt_wire *w, struct xt_cidr *v); /* host bits are kept */
void xt_wire_endpoint(struct xt_wire *w, struct xt_endpoint *v);
#define XT_WIRE_CIDR_LEAST 2

/* A descriptor that may be absent: -1. Reading: from the message, the receiver's from then on. */
void xt_wire_fd(struct xt_wire *w, int *v);

#endif
