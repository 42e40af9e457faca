/* SPDX-License-Identifier: MIT */
/* The connection to rtnetlink, and what Linux routes otherwise than other systems. */
#include "platform/linux/link_linux.h"

#include <stdio.h>
#include <stdlib.h>

#include <xtunnel/error.h>

_Static_assert(XT_LINK_TABLE_MAIN == RT_TABLE_MAIN, "the number of the main table");

/* A whole family has a table of its own, and the datagrams of the tunnel a mark. */
const struct xt_link_system xt_link_system = {.halves = false};

int xt_link_kernel_open(struct xt_link_kernel **out)
{
	struct xt_link_kernel *kernel = malloc(sizeof(*kernel));
	int rc = kernel ? xt_nl_open(&kernel->nl) : XT_E_NOMEM;

	if (rc < 0) {
		free(kernel);
		return rc;
	}
	*out = kernel;
	return 0;
}

void xt_link_kernel_close(struct xt_link_kernel *kernel)
{
	if (!kernel)
		return;
	xt_nl_close(&kernel->nl);
	free(kernel);
}

struct xt_link_message xt_link_message(uint16_t new_type, enum xt_link_do what)
{
	switch (what) {
	case XT_LINK_ADD:
		break;
	case XT_LINK_REMOVE: /* each RTM_DEL… follows its RTM_NEW… */
		return (struct xt_link_message){(uint16_t)(new_type + 1), 0};
	case XT_LINK_REPLACE:
		return (struct xt_link_message){new_type, NLM_F_REPLACE};
	}
	return (struct xt_link_message){new_type, NLM_F_CREATE | NLM_F_EXCL};
}

int xt_link_facts_get(struct xt_link_kernel *kernel, unsigned ifindex, struct xt_link_facts *out)
{
	struct xt_nl_link link;
	int rc = xt_nl_link_get(&kernel->nl, ifindex, &link);

	if (rc == 0)
		*out = (struct xt_link_facts){.up = link.up, .mtu = link.mtu};
	return rc;
}

void xt_link_ipv6_hint(const char *name, char *text, size_t len)
{
	snprintf(text, len, "sysctl net.ipv6.conf.%s.disable_ipv6, or ipv6.disable=1 at boot",
		 name);
}

/* Without halves no endpoint has a route of its own. */
int xt_link_hop_find(struct xt_link_kernel *kernel, unsigned except, const struct xt_ip *endpoint,
		     struct xt_link_hop *out)
{
	(void)kernel;
	(void)except;
	(void)endpoint;
	*out = (struct xt_link_hop){0};
	return 0;
}

int xt_link_endpoint_do(struct xt_link_kernel *kernel, const struct xt_ip *endpoint,
			const struct xt_link_hop *hop, enum xt_link_do what)
{
	(void)kernel;
	(void)endpoint;
	(void)hop;
	(void)what;
	return 0;
}
