/* SPDX-License-Identifier: MIT */
/* The MTU of an interface, set and read. */
#include "platform/link/link_steps.h"

int xt_link_mtu_set(unsigned ifindex, uint32_t mtu)
{
	struct xt_link_kernel *kernel;
	int rc = xt_link_kernel_open(&kernel);

	if (rc < 0)
		return rc;
	rc = xt_link_mtu_do(kernel, ifindex, mtu);
	xt_link_kernel_close(kernel);
	return rc;
}

int xt_link_mtu_get(unsigned ifindex, uint32_t *mtu)
{
	struct xt_link_kernel *kernel;
	struct xt_link_facts facts;
	int rc = xt_link_kernel_open(&kernel);

	if (rc < 0)
		return rc;
	rc = xt_link_facts_get(kernel, ifindex, &facts);
	xt_link_kernel_close(kernel);
	if (rc == 0)
		*mtu = facts.mtu;
	return rc;
}
