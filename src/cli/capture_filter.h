/* SPDX-License-Identifier: MIT */
/* Filters of packets in the language of pcap-filter(7), by libpcap, which is loaded when one is
 * asked for. */
#ifndef XT_CLI_CAPTURE_FILTER_H
#define XT_CLI_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xt_capture_filter;

/* The words, joined by spaces. 0; XT_E_UNSUPPORTED: there is no libpcap; XT_E_SYNTAX: libpcap's
 * sentence is in message; XT_E_NOMEM. */
int xt_capture_filter_new(struct xt_capture_filter **out, const char *const *words, int n,
			  char message[256]);
void xt_capture_filter_free(struct xt_capture_filter *filter); /* NULL is fine */
/* NULL matches every packet. */
bool xt_capture_filter_matches(const struct xt_capture_filter *filter, const uint8_t *packet,
			       uint32_t len);

#endif
