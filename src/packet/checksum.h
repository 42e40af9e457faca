/* SPDX-License-Identifier: MIT */
/* The internet checksum: whole, in parts, behind a pseudo-header, incremental (RFC 1071, 1624).
 *
 * A sum is an unfolded one's complement sum of 16-bit words in memory order; start with 0, add
 * parts (all but the last of even length), finish once. Checksums are in host order: store them
 * with xt_be16_put. */
#ifndef XT_PACKET_CHECKSUM_H
#define XT_PACKET_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any alignment. At most 2^33 bytes may go into one sum. */
uint64_t xt_checksum_add(uint64_t sum, const void *data, size_t len);
/* Likewise, and copies the bytes to a buffer that does not overlap, in one pass. */
uint64_t xt_checksum_copy(uint64_t sum, void *to, const void *data, size_t len);
/* The pseudo-header of TCP, UDP and ICMPv6 (RFC 793, RFC 8200 8.1): version 4 or 6, addresses of 4
 * or 16 bytes. len: of the upper-layer packet. */
uint64_t xt_checksum_pseudo(unsigned version, const uint8_t *src, const uint8_t *dst,
			    uint8_t protocol, uint32_t len);
/* The checksum to store when its field was zero; 0 when the sum covers a correct checksum. */
uint16_t xt_checksum_finish(uint64_t sum);

static inline uint16_t xt_checksum(const void *data, size_t len)
{
	return xt_checksum_finish(xt_checksum_add(0, data, len));
}

/* The checksum after one covered word changed from was to is (RFC 1624, equation 3). Correct
 * when the old one was, unless every covered word is now zero: 0xffff is correct then, and this
 * returns 0. An IPv4 header, and anything behind a pseudo-header, is never all zero. */
uint16_t xt_checksum_update(uint16_t checksum, uint16_t was, uint16_t is);

/* Finish a checksum that a kernel left partial: the field at packet + start + offset holds the sum
 * of the pseudo-header and is to cover packet[start .. len). At UDP's offset 0 becomes 0xffff, as
 * RFC 768 requires; elsewhere it stays 0, since readers that compute the checksum of TCP and
 * compare take 0xffff for wrong. false: the field lies outside, nothing was written. */
bool xt_checksum_complete(uint8_t *packet, size_t len, size_t start, size_t offset);

#endif
