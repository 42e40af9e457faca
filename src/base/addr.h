/* SPDX-License-Identifier: MIT */
/* Addresses, networks and endpoints: parse, print, compare. Names are never resolved. */
#ifndef XT_BASE_ADDR_H
#define XT_BASE_ADDR_H

#include <xtunnel/types.h>

#define XT_IP_TEXT	 46 /* with the final NUL */
#define XT_CIDR_TEXT	 50
#define XT_ENDPOINT_TEXT 80 /* [v6%scope]:port */

/* Parse functions read the whole string: 0 or XT_E_SYNTAX / XT_E_INVALID, out unchanged on error.
 * Octets with leading zeros ("010") are refused: some parsers read them as octal. */
int xt_ip_parse(struct xt_ip *out, const char *text);
/* "address" (/32 or /128) or "address/bits". Host bits are kept. */
int xt_cidr_parse(struct xt_cidr *out, const char *text);
/* "1.2.3.4:5", "[v6]:5", "[fe80::1%3]:5" (numeric scope). Port 1..65535. */
int xt_endpoint_parse(struct xt_endpoint *out, const char *text);

/* Canonical text (RFC 5952 for v6) with NUL; buf holds at least the size named above. Return
 * buf. */
char *xt_ip_print(const struct xt_ip *ip, char *buf);
char *xt_cidr_print(const struct xt_cidr *cidr, char *buf);
char *xt_endpoint_print(const struct xt_endpoint *ep, char *buf);

bool xt_ip_equal(const struct xt_ip *a, const struct xt_ip *b);
bool xt_endpoint_equal(const struct xt_endpoint *a, const struct xt_endpoint *b);
unsigned xt_ip_bits(const struct xt_ip *ip); /* 32 or 128 */
bool xt_cidr_contains(const struct xt_cidr *net, const struct xt_ip *ip);
bool xt_cidr_overlaps(const struct xt_cidr *a, const struct xt_cidr *b); /* share an address */
void xt_cidr_mask(struct xt_cidr *cidr);				 /* host bits := 0 */

bool xt_ip_is_loopback(const struct xt_ip *ip);
bool xt_ip_is_multicast(const struct xt_ip *ip);
bool xt_ip_is_unspecified(const struct xt_ip *ip);
bool xt_ip_is_limited_broadcast(const struct xt_ip *ip); /* 255.255.255.255 */
bool xt_ip_is_link_local(const struct xt_ip *ip);

#endif
