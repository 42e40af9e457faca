/* SPDX-License-Identifier: MIT */
/* Systems with nft(8), which a host may not have installed all the same. */
#include "host/firewall.h"

bool xt_firewall_exists(void)
{
	return true;
}
