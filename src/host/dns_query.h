/* SPDX-License-Identifier: MIT */
/* Names, asked beside the tunnel: by datagrams with the mark of the tunnel's own, which leave by
 * the host's routes. When the default route leads into the tunnel, or the host's name servers are
 * behind it, the system's resolver would need the tunnel that its answer is needed for. Blocking:
 * for a thread of its own. */
#ifndef XT_HOST_DNS_QUERY_H
#define XT_HOST_DNS_QUERY_H

#include <xtunnel/types.h>

#define XT_DNS_SERVERS 3

/* Those of the host before the tunnel changes them. */
struct xt_dns_servers {
	struct xt_endpoint v[XT_DNS_SERVERS];
	size_t n;
};

/* The lines "nameserver ADDRESS" of text in the form of resolv.conf(5). */
void xt_dns_servers_parse(struct xt_dns_servers *out, const char *text);
/* Of /etc/resolv.conf; of systemd-resolved, which asks by the host's routes, its own servers. */
void xt_dns_servers_read(struct xt_dns_servers *out);

/* Addresses of host in text in the form of hosts(5). families: bit 0 IPv4, bit 1 IPv6. How many. */
size_t xt_dns_hosts_find(const char *text, const char *host, unsigned families,
			 struct xt_endpoint *v, size_t max);

#define XT_DNS_MESSAGE 512
/* A question: type 1 (A) or 28 (AAAA). Its length; 0: host is no name. */
size_t xt_dns_question(uint8_t out[XT_DNS_MESSAGE], uint16_t id, const char *host, uint16_t type);
/* The addresses in an answer to it. How many; -1: it is not that answer, or is malformed. */
int xt_dns_answer(const uint8_t *answer, size_t len, const uint8_t *question, size_t question_len,
		  struct xt_endpoint *v, size_t max);

/* A datagram socket that is connected to the server, with that mark where that is allowed; 0: none.
 * -1: there is no way to it. */
int xt_dns_server_open(const struct xt_endpoint *server, uint32_t mark);
/* Look host up in /etc/hosts, then at the servers of these sockets. Takes up to 4 s a server.
 * Returns how many addresses were found. */
size_t xt_dns_query_sockets(const int *fds, size_t n_fds, const char *host, unsigned families,
			    struct xt_endpoint *v, size_t max);
/* Look host up in /etc/hosts, then at each server. mark: of the datagrams, 0: none. Returns how
 * many addresses were found. Takes up to 4 s a server. */
size_t xt_dns_query(const struct xt_dns_servers *servers, uint32_t mark, const char *host,
		    unsigned families, struct xt_endpoint *v, size_t max);

#endif
