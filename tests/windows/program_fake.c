/* SPDX-License-Identifier: MIT */
/* The program with a network configuration in memory: wine has no calls that change addresses and
 * routes, and the double of wintun.dll makes no interface of the system. */
#include "net_fake.h"

/* Every adapter of the double is an interface that is up. */
static int any_get(unsigned index, uint8_t family, struct xt_net_interface *out)
{
	(void)index;
	(void)family;
	*out = (struct xt_net_interface){.mtu = 1420, .metric = 5, .up = true};
	return 0;
}

static int any_set(unsigned index, uint8_t family, const struct xt_net_interface *in)
{
	(void)index;
	(void)family;
	(void)in;
	return 0;
}

static void __attribute__((constructor)) net_replace(void)
{
	static struct xt_net_ops ops;

	ops = net_fake_ops;
	ops.interface_get = any_get;
	ops.interface_set = any_set;
	xt_net_replace(&ops);
}
