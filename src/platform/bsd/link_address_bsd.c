/* SPDX-License-Identifier: MIT */
/* The addresses of links, on macOS, FreeBSD and OpenBSD. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "platform/bsd/kernel_bsd.h"

/* An entry as an address; false: it is another entry. */
static bool address_get(const struct xt_bsd_message *entry, struct xt_link_address *out)
{
	if (entry->type != xt_abi.rtm_newaddr || entry->local.family == 0)
		return false;
	*out = (struct xt_link_address){.cidr = {entry->local, (uint8_t)xt_ip_bits(&entry->local)}};
	if (entry->mask >= 0)
		out->cidr.bits = (uint8_t)entry->mask;
	/* without a peer the address is its own */
	if (entry->peer.family == entry->local.family && !xt_ip_equal(&entry->peer, &entry->local))
		out->peer = entry->peer;
	return true;
}

struct address_search {
	const struct xt_link_address *address;
	unsigned ifindex;
	bool found;
};

static int address_seen(const struct xt_bsd_message *entry, void *ctx)
{
	struct address_search *search = ctx;
	const struct xt_link_address *wanted = search->address;
	struct xt_link_address address;

	if (entry->index != search->ifindex || !address_get(entry, &address))
		return 0;
	search->found |= xt_ip_equal(&address.cidr.ip, &wanted->cidr.ip) &&
			 xt_ip_equal(&address.peer, &wanted->peer) &&
			 (address.cidr.bits == wanted->cidr.bits || wanted->peer.family == 6);
	return 0;
}

int xt_link_address_exists(struct xt_link_kernel *kernel, unsigned ifindex,
			   const struct xt_link_address *address, bool *exists)
{
	struct address_search search = {.address = address, .ifindex = ifindex};
	int rc = xt_bsd_links(ifindex, address_seen, &search);

	(void)kernel;
	*exists = search.found;
	return rc;
}

/* --- lists --- */

struct address_list {
	unsigned ifindex;
	struct xt_link_address *v;
	size_t n;
};

static int address_listed(const struct xt_bsd_message *entry, void *ctx)
{
	struct address_list *list = ctx;
	struct xt_link_address address, *v;

	if (entry->index != list->ifindex || !address_get(entry, &address) ||
	    (address.cidr.ip.family == 6 && xt_ip_is_link_local(&address.cidr.ip)))
		return 0;
	v = realloc(list->v, (list->n + 1) * sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	list->v = v;
	list->v[list->n++] = address;
	return 0;
}

int xt_link_addresses(const char *name, struct xt_link_address **out, size_t *n)
{
	struct address_list list = {.ifindex = if_nametoindex(name)};
	int rc = list.ifindex == 0 ? -ENODEV : xt_bsd_links(list.ifindex, address_listed, &list);

	if (rc < 0) {
		free(list.v);
		list = (struct address_list){0};
	}
	*out = list.v;
	*n = list.n;
	return rc;
}

struct connected_list {
	unsigned except;
	struct xt_link_connected *v;
	size_t n;
};

static int connected_listed(const struct xt_bsd_message *entry, void *ctx)
{
	struct connected_list *list = ctx;
	struct xt_link_connected *v;
	struct xt_link_address address;

	if (entry->index == list->except || !address_get(entry, &address))
		return 0;
	v = realloc(list->v, (list->n + 1) * sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	list->v = v;
	/* On a broadcast link the system puts the broadcast address where a peer's would be. */
	v[list->n] = (struct xt_link_connected){.network = address.cidr, .ifindex = entry->index};
	xt_cidr_mask(&v[list->n++].network);
	return 0;
}

int xt_link_connected(const char *name, struct xt_link_connected **out, size_t *n)
{
	struct connected_list list = {.except = if_nametoindex(name)};
	int rc = xt_bsd_links(0, connected_listed, &list);

	if (rc < 0) {
		free(list.v);
		list = (struct connected_list){0};
	}
	*out = list.v;
	*n = list.n;
	return rc;
}
