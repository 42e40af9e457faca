/* SPDX-License-Identifier: MIT */
#include "platform/link/link_returns.h"

void xt_link_returned(struct xt_link_returns *returns, uint32_t link)
{
	unsigned i = 0;

	while (i < XT_LINK_RETURNS && returns->v[i].link != link)
		i++;
	if (i == XT_LINK_RETURNS) {
		i = returns->next++ % XT_LINK_RETURNS;
		returns->v[i].link = link;
		returns->v[i].n = 0;
	}
	returns->v[i].n++;
}

uint32_t xt_link_returned_n(const struct xt_link_returns *returns, uint32_t link)
{
	for (unsigned i = 0; i < XT_LINK_RETURNS; i++)
		if (returns->v[i].link == link)
			return returns->v[i].n;
	return 0;
}
