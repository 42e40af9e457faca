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

/* What set may have changed, without what the kernel adds or counts down by itself, and without the
 * queue discipline that up installs. One ip(8) prints almost all, for a test runs this often. */
#define HOST_NOW                                                                                       \
	"{ printf '%%s\\n' addr link 'route show table all' rule | ip -o -batch -; ip -o -6 rule; } |" \
	" sed '/fe80/d; /ff00/d; s/valid_lft.*//; s/expires.*//; s/qdisc [a-z_]*//'"

static inline void host_now(char text[NET_TEXT])
{
	net_run(text, HOST_NOW);
}

/* The kernel finishes an IPv6 address some time after the request. now: host_now, or like it. */
static inline void host_becomes(void (*now)(char text[NET_TEXT]), const char *wanted)
{
	char text[NET_TEXT];

	for (unsigned i = 0; i < 300; i++) {
		now(text);
		if (strcmp(text, wanted) == 0)
			return;
		usleep(10000);
	}
	assert_string_equal(text, wanted);
}

static inline void host_unchanged(const char *before)
{
	host_becomes(host_now, before);
}

/* The same as host_now, once the kernel has finished the addresses that were set last. */
static inline void host_settled(char text[NET_TEXT])
{
	char again[NET_TEXT];

	host_now(again);
	do {
		strcpy(text, again);
		usleep(50000);
		host_now(again);
	} while (strcmp(text, again) != 0);
}

#endif
