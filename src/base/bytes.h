/* SPDX-License-Identifier: MIT */
/* Endian loads and stores, array lengths, container_of. */
#ifndef XT_BASE_BYTES_H
#define XT_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define XT_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define XT_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define XT_ALIGN_UP(n, to) (((n) + (to)-1) / (to) * (to))
#define XT_MIN(a, b) ((a) < (b) ? (a) : (b))
#define XT_MAX(a, b) ((a) > (b) ? (a) : (b))

/* A rare case of a function on the data path: inlined, it would cost its caller registers in every
 * case. */
#define XT_COLD __attribute__((cold, noinline))

#define XT_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* Wire integers are structs, so that a missing conversion does not compile. */
typedef struct { uint8_t b[4]; } xt_le32;
typedef struct { uint8_t b[8]; } xt_le64;

static inline uint16_t xt_be16_get(const void *p)
{
	const uint8_t *b = p;
	return (uint16_t)((uint16_t)b[0] << 8 | b[1]);
}
static inline void xt_be16_put(void *p, uint16_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}
static inline uint32_t xt_be32_get(const void *p)
{
	const uint8_t *b = p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline void xt_be32_put(void *p, uint32_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)(v >> 24);
	b[1] = (uint8_t)(v >> 16);
	b[2] = (uint8_t)(v >> 8);
	b[3] = (uint8_t)v;
}
static inline void xt_be64_put(void *p, uint64_t v)
{
	xt_be32_put(p, (uint32_t)(v >> 32));
	xt_be32_put((uint8_t *)p + 4, (uint32_t)v);
}
static inline uint64_t xt_be64_get(const void *p)
{
	return (uint64_t)xt_be32_get(p) << 32 | xt_be32_get((const uint8_t *)p + 4);
}
static inline uint32_t xt_le32_load(xt_le32 w)
{
	return (uint32_t)w.b[3] << 24 | (uint32_t)w.b[2] << 16 | (uint32_t)w.b[1] << 8 | w.b[0];
}
/* Copied as a whole: compilers do not always see that stores of single bytes are one. */
static inline xt_le32 xt_le32_of(uint32_t v)
{
	xt_le32 w;

	v = XT_LITTLE_ENDIAN ? v : __builtin_bswap32(v);
	memcpy(&w, &v, sizeof(w));
	return w;
}
static inline uint64_t xt_le64_load(xt_le64 w)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | w.b[i];
	return v;
}
static inline xt_le64 xt_le64_of(uint64_t v)
{
	xt_le64 w;

	v = XT_LITTLE_ENDIAN ? v : __builtin_bswap64(v);
	memcpy(&w, &v, sizeof(w));
	return w;
}

#endif
