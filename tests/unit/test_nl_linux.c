/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* rtnetlink in a process that can open no other socket, as a locked one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/if_addr.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "net_namespace.h"
#include "platform/linux/nl_linux.h"

#define ADDRESSES 600
#define DUMPS	  1500

static int address_count(const struct nlmsghdr *nlh, void *data)
{
	*(unsigned *)data += nlh->nlmsg_type == RTM_NEWADDR;
	return MNL_CB_OK;
}

/* Adds and removes one address for ever: a dump that is under way is interrupted. */
static void addresses_change(const struct ifaddrmsg *msg)
{
	struct xt_ip ip = {.family = 4, .b = {10, 99, 99, 99}};
	struct xt_nl nl;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (xt_nl_open(&nl) < 0)
		_exit(1);
	for (bool add = true;; add = !add) {
		struct nlmsghdr *nlh =
		    xt_nl_begin(&nl, add ? RTM_NEWADDR : RTM_DELADDR,
				add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*msg));

		memcpy(mnl_nlmsg_get_payload(nlh), msg, sizeof(*msg));
		xt_nl_put_ip(nlh, IFA_LOCAL, &ip);
		(void)xt_nl_do(&nl);
	}
}

static void a_dump_that_is_interrupted_is_repeated_on_its_socket(void **test)
{
	const struct ifaddrmsg msg = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 1};
	struct rlimit none, before;
	char text[NET_TEXT];
	struct xt_nl nl;
	unsigned failed = 0, n;
	pid_t pid;

	(void)test;
	assert_int_equal(net_run(text,
				 "i=0; while [ $i -lt %d ]; do "
				 "echo address add 10.0.$((i / 250)).$((i %% 250))/32 dev lo; "
				 "i=$((i + 1)); done | ip -batch - 2>&1",
				 ADDRESSES),
			 0);
	assert_int_equal(xt_nl_open(&nl), 0);
	pid = fork();
	if (pid == 0)
		addresses_change(&msg);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (unsigned i = 0; i < DUMPS; i++) {
		struct nlmsghdr *nlh =
		    xt_nl_begin(&nl, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
		int rc;

		((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_family = AF_INET;
		n = 0;
		rc = xt_nl_request(&nl, address_count, &n);
		/* Interrupted each time that it was tried: that may be. */
		failed += rc != 0 && rc != -EINTR;
		assert_true(rc != 0 || n >= ADDRESSES);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	(void)setrlimit(RLIMIT_NOFILE, &before); /* for what runs at exit */
	assert_int_equal(failed, 0);
	xt_nl_close(&nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_dump_that_is_interrupted_is_repeated_on_its_socket),
	};

	if (net_namespace_skip())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
