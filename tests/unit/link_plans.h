/* SPDX-License-Identifier: MIT */
/* Link plans from text, and what ip(8) says of the host, for tests in a namespace of theirs. */
#ifndef XT_TESTS_LINK_PLANS_H
#define XT_TESTS_LINK_PLANS_H

#include <string.h>

#include "base/addr.h"
#include "unit/link_host.h"

/* A plan from text, with storage for its arrays. */
struct request {
	struct xt_link_plan plan;
	struct xt_link_address addresses[4];
	struct xt_cidr networks[8];
	struct xt_ip endpoints[4];
};

static inline void plan_init(struct request *request)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->plan.name, sizeof(request->plan.name), "%s", NAME);
	request->plan.addresses = request->addresses;
	request->plan.networks = request->networks;
	request->plan.endpoints = request->endpoints;
	request->plan.routes = true;
}

static inline void plan_address(struct request *request, const char *cidr, const char *peer)
{
	struct xt_link_address *address = &request->addresses[request->plan.n_addresses++];

	assert_int_equal(xt_cidr_parse(&address->cidr, cidr), 0);
	if (peer)
		assert_int_equal(xt_ip_parse(&address->peer, peer), 0);
}

static inline void plan_network(struct request *request, const char *cidr)
{
	assert_int_equal(xt_cidr_parse(&request->networks[request->plan.n_networks++], cidr), 0);
}

static inline void plan_endpoint(struct request *request, const char *ip)
{
	assert_int_equal(xt_ip_parse(&request->endpoints[request->plan.n_endpoints++], ip), 0);
}

static inline void link_refused(const struct request *request, int expected, const char *word)
{
	struct xt_link *link = NULL;
	char error[200] = "";

	assert_int_equal(xt_link_set(&link, &request->plan, error, sizeof(error)), expected);
	assert_null(link);
	if (!strstr(error, word))
		fail_msg("\"%s\" does not say \"%s\"", error, word);
}

static inline bool ip_says(const char *arguments, const char *word)
{
	char text[NET_TEXT];

	net_run(text, "ip %s 2>&1", arguments);
	return strstr(text, word) != NULL;
}

#endif
