/* SPDX-License-Identifier: MIT */
/* The program with a network configuration in memory: wine has no calls that change addresses and
 * routes, and the double of wintun.dll makes no interface of the system. */
#include "net_fake.h"

static void __attribute__((constructor)) net_replace(void)
{
	xt_net_replace(&net_fake_ops);
}
