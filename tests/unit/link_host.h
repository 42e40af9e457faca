/* SPDX-License-Identifier: MIT */
/* A TUN interface in the namespace of a test, and links set up on it. */
#ifndef XT_TESTS_LINK_HOST_H
#define XT_TESTS_LINK_HOST_H

#include <string.h>

#include "platform/link.h"
#include "platform/tun.h"

#include "net_namespace.h"

#define NAME "platform0"

static struct xt_tun *tun;

static inline int tun_setup(void **state)
{
	const struct xt_tun_options options = {
	    .name = NAME, .owner_uid = UINT32_MAX, .owner_gid = UINT32_MAX};

	(void)state;
	return xt_tun_open(&tun, &options);
}

static inline int tun_teardown(void **state)
{
	(void)state;
	if (tun)
		tun->ops->close(tun);
	tun = NULL;
	return 0;
}

/* ip(8) with these arguments succeeds. */
static inline void ip(const char *arguments)
{
	char text[NET_TEXT];

	if (net_run(text, "ip %s 2>&1", arguments) != 0)
		fail_msg("ip %s: %s", arguments, text);
}

static inline struct xt_link *link_set_plan(const struct xt_link_plan *plan)
{
	struct xt_link *link = NULL;
	char error[200] = "";

	if (xt_link_set(&link, plan, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	return link;
}

/* All that set may have changed, but for the queue discipline that up installs. */
static inline void host_now(char text[NET_TEXT])
{
	net_run(text, "ip -o addr | grep -v 'inet6 fe80' | sed 's/valid_lft.*//';"
		      "ip -4 route show table all;"
		      "ip -6 route show table all | grep -v 'fe80\\|ff00' | sed 's/expires.*//';"
		      "ip -o link | sed 's/qdisc [a-z_]*//';"
		      "ip -4 rule; ip -6 rule");
}

static inline void host_unchanged(const char *before)
{
	char after[NET_TEXT];

	host_now(after);
	assert_string_equal(before, after);
}

#endif
