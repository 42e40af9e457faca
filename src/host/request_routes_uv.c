/* SPDX-License-Identifier: MIT */
/* The request for routes that follow the device, carried out on a worker thread: 100,000 networks
 * take the kernel a second. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "base/size.h"
#include "host/link_plan.h"
#include "host/request_impl_uv.h"

/* Networks of a device that are routed: far more than it has in practice. */
#define ROUTES_MAX (1u << 20)

/* file       the networks of the file, sorted: those are routed whatever the host has
 * connected  networks of other links
 * refused    how many routes lie in one of them; the first one's network and link
 * defaults   whole address families that the file does not have: bit 0 IPv4, bit 1 IPv6 */
struct routes {
	uv_work_t work;
	struct xt_requests *requests;
	struct xt_report *report;
	bool without_ipv6;
	struct xt_cidr *file;
	size_t n_file;
	struct xt_link_connected *connected;
	size_t n_connected, refused;
	struct xt_cidr refused_network;
	unsigned refused_link;
	unsigned defaults;
	int error;
	char text[320];
};

static unsigned family_bit(const struct xt_cidr *network)
{
	return network->ip.family == 4 ? 1 : 2;
}

/* The whole families of the file, which stay routed until a reload: traffic that a file sends into
 * the tunnel never leaves beside it because a program has changed a peer. */
static unsigned defaults_keep(struct xt_conf_link *link)
{
	unsigned kept = 0;
	size_t n = 0;

	for (size_t i = 0; i < link->plan.n_networks; i++) {
		const struct xt_cidr network = link->networks[i];

		if (network.bits > 0 || (kept & family_bit(&network)) != 0)
			continue;
		kept |= family_bit(&network);
		link->networks[n++] = network;
	}
	link->plan.n_networks = n;
	return kept;
}

/* Structures of bytes alone. */
static int network_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xt_cidr));
}

static int file_networks_keep(struct routes *routes, const struct xt_conf_link *link)
{
	size_t n = link->plan.n_networks;

	routes->file = calloc(n + 1, sizeof(*routes->file));
	if (!routes->file)
		return XT_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		routes->file[i] = link->networks[i];
		xt_cidr_mask(&routes->file[i]);
	}
	qsort(routes->file, n, sizeof(*routes->file), network_order);
	routes->n_file = n;
	return xt_link_connected(link->plan.name, &routes->connected, &routes->n_connected);
}

/* A route that a program has asked for must not take hosts away that another link reaches. A wider
 * one does not, because the kernel prefers the narrower. */
static bool network_permit(struct routes *routes, const struct xt_cidr *network)
{
	for (size_t i = 0; i < routes->n_connected; i++) {
		const struct xt_link_connected *other = &routes->connected[i];

		if (network->bits < other->network.bits ||
		    !xt_cidr_contains(&other->network, &network->ip))
			continue;
		if (bsearch(network, routes->file, routes->n_file, sizeof(*network), network_order))
			return true;
		if (routes->refused++ == 0) {
			routes->refused_network = *network;
			routes->refused_link = other->ifindex;
		}
		return false;
	}
	return true;
}

static void refused_tell(struct routes *routes)
{
	char network[XT_CIDR_TEXT], link[IF_NAMESIZE] = "another link", more[32] = "";

	if (routes->refused == 0 || *routes->text)
		return;
	(void)if_indextoname(routes->refused_link, link);
	if (routes->refused > 1)
		snprintf(more, sizeof(more), " (and %u more)", (unsigned)(routes->refused - 1));
	snprintf(
	    routes->text, sizeof(routes->text),
	    "%s%s is not routed: %.15s reaches these hosts directly; write it into the file and "
	    "reload",
	    xt_cidr_print(&routes->refused_network, network), more, link);
}

/* The networks of the device in place of the file's. */
static int networks_replace(struct routes *routes, struct xt_conf_link *link)
{
	const struct xt_report *report = routes->report;
	int rc = report->n_allowed > ROUTES_MAX ? -E2BIG : file_networks_keep(routes, link);
	unsigned kept;
	size_t n;
	struct xt_cidr *v;

	if (rc < 0)
		return rc;
	kept = defaults_keep(link);
	n = link->plan.n_networks;
	v = xt_items_resize(link->networks, n + report->n_allowed + 1, sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	for (size_t i = 0; i < report->n_allowed; i++) {
		struct xt_cidr network = report->allowed[i];

		xt_cidr_mask(&network);
		if (network.bits == 0)
			routes->defaults |= family_bit(&network) & ~kept;
		else if (network_permit(routes, &network))
			v[n++] = network;
	}
	link->networks = v;
	link->plan.networks = v;
	link->plan.n_networks = n;
	return 0;
}

/* Where endpoints have routes of their own: those of the device in place of the file's. */
static int endpoints_replace(const struct routes *routes, struct xt_conf_link *link)
{
	const struct xt_report *report = routes->report;
	struct xt_ip *v;

	if (!xt_link_follows())
		return 0;
	v = realloc(link->endpoints, (report->n_peers + 1) * sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	link->endpoints = v;
	link->plan.endpoints = v;
	link->plan.n_endpoints = 0;
	for (size_t i = 0; i < report->n_peers; i++)
		if (report->peers[i].endpoint.ip.family != 0)
			v[link->plan.n_endpoints++] = report->peers[i].endpoint.ip;
	return 0;
}

static int link_follow(struct routes *routes, const struct xt_link_plan *plan)
{
	struct xt_link_edit *edit;
	int rc = xt_link_extend(&edit, routes->requests->link, plan, false, routes->text,
				sizeof(routes->text));

	if (rc < 0)
		return rc;
	rc = xt_link_retire(edit, routes->text, sizeof(routes->text));
	if (rc < 0) {
		xt_link_revert(edit);
		return rc;
	}
	xt_link_commit(edit);
	return xt_link_follow(routes->requests->link);
}

static int routes_set(struct routes *routes)
{
	struct xt_conf_link link;
	int rc = xt_conf_link(&link, routes->requests->conf);

	if (rc < 0)
		return rc;
	rc = networks_replace(routes, &link);
	if (rc == 0)
		rc = endpoints_replace(routes, &link);
	link.plan.policy = routes->requests->policy;
	link.plan.lenient = true;
	if (routes->without_ipv6)
		xt_conf_link_drop_ipv6(&link);
	if (rc == 0)
		rc = link_follow(routes, &link.plan);
	if (rc == 0)
		refused_tell(routes);
	xt_conf_link_clear(&link);
	free(routes->file);
	free(routes->connected);
	return rc;
}

static void routes_work(uv_work_t *work)
{
	struct routes *routes = work->data;

	routes->error = routes_set(routes);
	xt_report_free(routes->report);
	routes->report = NULL;
}

static void on_worked(uv_work_t *work, int status)
{
	struct routes *routes = work->data;
	struct xt_reply reply = {.error = status < 0 ? status : routes->error,
				 .text = *routes->text ? routes->text : NULL,
				 .routes = {routes->defaults}};

	xt_report_free(routes->report);
	routes->requests->routing = false;
	request_answer(routes->requests, XT_REQUEST_ROUTES, &reply);
	free(routes);
}

int xt_request_routes(struct xt_requests *requests, const struct xt_request *request,
		      struct xt_reply *reply)
{
	struct routes *routes = requests->link ? calloc(1, sizeof(*routes)) : NULL;
	int rc = requests->link ? XT_E_NOMEM : 0;

	(void)reply;
	if (routes) {
		routes->work.data = routes;
		routes->requests = requests;
		routes->report = request->report;
		routes->without_ipv6 = xt_host_without_ipv6(requests->host);
		rc = uv_queue_work(requests->loop, &routes->work, routes_work, on_worked);
		requests->routing = rc == 0;
		if (rc == 0)
			return LATER;
		free(routes);
	}
	xt_report_free(request->report);
	return rc;
}
