/* SPDX-License-Identifier: MIT */
/* Link plans from text, for the interface of a TUN device of the test kernel. */
#ifndef XT_TESTS_BSD_PLANS_H
#define XT_TESTS_BSD_PLANS_H

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "bsd/kernel.h"
#include "platform/link.h"
#include "platform/tun.h"

#define TUN_NAME (strcmp(XT_TESTS_SYSTEM, "darwin") == 0 ? "utun3" : "tun3")

struct request {
	struct xt_link_plan plan;
	struct xt_link_address addresses[4];
	struct xt_cidr networks[8];
	struct xt_ip endpoints[8];
};

static inline void plan_init(struct request *request)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->plan.name, sizeof(request->plan.name), "%s", TUN_NAME);
	request->plan.addresses = request->addresses;
	request->plan.networks = request->networks;
	request->plan.endpoints = request->endpoints;
	request->plan.routes = true;
}

/* Each list is of words with spaces between: "10.7.0.1/24 fd07::1/64"; an address with a peer is
 * "10.7.0.1/32>10.7.0.2". */
static inline void plan_fill(struct request *request, const char *addresses, const char *networks,
			     const char *endpoints)
{
	char text[512], *word, *rest = NULL;

	plan_init(request);
	snprintf(text, sizeof(text), "%s", addresses);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		struct xt_link_address *a = &request->addresses[request->plan.n_addresses++];
		char *peer = strchr(word, '>');

		if (peer)
			*peer++ = '\0';
		assert_int_equal(xt_cidr_parse(&a->cidr, word), 0);
		if (peer)
			assert_int_equal(xt_ip_parse(&a->peer, peer), 0);
	}
	snprintf(text, sizeof(text), "%s", networks);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		assert_int_equal(
		    xt_cidr_parse(&request->networks[request->plan.n_networks++], word), 0);
	snprintf(text, sizeof(text), "%s", endpoints);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		assert_int_equal(
		    xt_ip_parse(&request->endpoints[request->plan.n_endpoints++], word), 0);
}

static inline struct xt_tun *tun_make(void)
{
	const struct xt_tun_options options = {
	    .name = TUN_NAME, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};
	struct xt_tun *tun = NULL;

	assert_int_equal(xt_tun_open(&tun, &options), 0);
	return tun;
}

#endif
