/* SPDX-License-Identifier: MIT */
/* The internet checksum over 64 bits at a time: one's complement addition does not depend on the
 * word size nor, except for one swap at the end, on the byte order. */
#include "packet/checksum.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/transport.h"

/* Variants for the widest vectors of the processor, chosen by the dynamic loader: only with glibc,
 * and not under a sanitizer, whose code would run before its initialisation. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDEST
#endif

#define LANES 8
#define BLOCK (LANES * sizeof(uint64_t))

/* Two 32-bit halves per load: 2^31 additions lose no carry. LANES independent sums fill vectors of
 * any width, so that compilers vectorise. to: NULL, or where the bytes are copied to */
static inline __attribute__((always_inline)) uint64_t
blocks_add(uint8_t *restrict to, const uint8_t *restrict p, size_t blocks)
{
	uint64_t lanes[LANES] = {0}, sum = 0;

	for (; blocks > 0; blocks--, p += BLOCK) {
		for (size_t i = 0; i < LANES; i++) {
			uint64_t word;

			memcpy(&word, p + i * sizeof(word), sizeof(word));
			lanes[i] += (word & UINT32_MAX) + (word >> 32);
		}
		if (to) {
			memcpy(to, p, BLOCK);
			to += BLOCK;
		}
	}
	for (size_t i = 0; i < LANES; i++)
		sum += (lanes[i] & UINT32_MAX) + (lanes[i] >> 32);
	return sum;
}

/* len < 64 */
static uint64_t tail_add(const uint8_t *p, size_t len)
{
	uint64_t low = 0, high = 0, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, sizeof(word));
		low += word & UINT32_MAX;
		high += word >> 32;
	}
	if (len) {
		word = 0;
		memcpy(&word, p, len);
		low += word & UINT32_MAX;
		high += word >> 32;
	}
	return low + high;
}

static uint64_t sum_add(uint64_t sum, uint64_t part)
{
	part = (part & UINT32_MAX) + (part >> 32);
	sum += part;
	return sum < part ? sum + 1 : sum;
}

WIDEST uint64_t xt_checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t whole = len / BLOCK * BLOCK;
	uint64_t part = tail_add(p + whole, len - whole);

	if (whole)
		part += blocks_add(NULL, p, whole / BLOCK);
	return sum_add(sum, part);
}

WIDEST uint64_t xt_checksum_copy(uint64_t sum, void *to, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t whole = len / BLOCK * BLOCK;
	uint64_t part = 0;

	if (whole)
		part = blocks_add(to, p, whole / BLOCK);
	memcpy((uint8_t *)to + whole, p + whole, len - whole);
	part += tail_add(p + whole, len - whole);
	return sum_add(sum, part);
}

uint64_t xt_checksum_pseudo(unsigned version, const uint8_t *src, const uint8_t *dst,
			    uint8_t protocol, uint32_t len)
{
	size_t address = version == 4 ? 4 : 16;
	uint8_t rest[8] = {[7] = protocol};

	xt_be32_put(rest, len);
	return tail_add(src, address) + tail_add(dst, address) + tail_add(rest, sizeof(rest));
}

uint16_t xt_checksum_finish(uint64_t sum)
{
	uint8_t bytes[2];
	uint16_t folded;

	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	folded = (uint16_t)~sum;
	memcpy(bytes, &folded, sizeof(bytes));
	return xt_be16_get(bytes);
}

uint16_t xt_checksum_update(uint16_t checksum, uint16_t was, uint16_t is)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~was + is;

	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

bool xt_checksum_complete(uint8_t *packet, size_t len, size_t start, size_t offset)
{
	uint16_t checksum;

	if (start > len || len - start < 2 || offset > len - start - 2)
		return false;
	checksum = xt_checksum(packet + start, len - start);
	if (checksum == 0 && offset == XT_UDP_CHECKSUM)
		checksum = UINT16_MAX; /* 0 means no checksum */
	xt_be16_put(packet + start + offset, checksum);
	return true;
}
