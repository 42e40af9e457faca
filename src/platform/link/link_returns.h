/* SPDX-License-Identifier: MIT */
/* How often a link's carrier has come back: it makes the way through that link another one. */
#ifndef XT_PLATFORM_LINK_RETURNS_H
#define XT_PLATFORM_LINK_RETURNS_H

#include <stdint.h>

#define XT_LINK_RETURNS 32

/* Zeroed: none has. next: the entry to be replaced. */
struct xt_link_returns {
	struct {
		uint32_t link, n;
	} v[XT_LINK_RETURNS];
	unsigned next;
};

void xt_link_returned(struct xt_link_returns *returns, uint32_t link);
uint32_t xt_link_returned_n(const struct xt_link_returns *returns, uint32_t link);

#endif
