/* SPDX-License-Identifier: MIT */
/* Systems whose resolver asks by interface: the tunnel does not change the way to the others'
 * servers, and names are looked up by the system alone. */
#include "host/dns_query.h"

void xt_dns_servers_read(struct xt_dns_servers *out)
{
	out->n = 0;
}

size_t xt_dns_query_sockets(const int *fds, size_t n_fds, const char *host, unsigned families,
			    struct xt_endpoint *v, size_t max)
{
	(void)fds;
	(void)n_fds;
	(void)host;
	(void)families;
	(void)v;
	(void)max;
	return 0;
}

size_t xt_dns_query(const struct xt_dns_servers *servers, uint32_t mark, const char *host,
		    unsigned families, struct xt_endpoint *v, size_t max)
{
	(void)servers;
	(void)mark;
	(void)host;
	(void)families;
	(void)v;
	(void)max;
	return 0;
}
