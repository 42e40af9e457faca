/* SPDX-License-Identifier: MIT */
/* Policy routing on Linux: choice of a free table and of priorities, and the two rules a family. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/link_linux.h"

#define TABLE_FIRST 51820u /* as wg-quick(8), so that its users recognise it */
#define TABLE_TRIES 1024u

static const unsigned char families[2] = {AF_INET, AF_INET6};

/* The kernel lacks the address family. */
static bool family_missing(int rc)
{
	return rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP || rc == -EPFNOSUPPORT;
}

struct table_use {
	uint32_t table;
	unsigned except; /* interface whose routes do not count, 0: none */
	bool used;
};

static int table_seen(const struct nlmsghdr *nlh, void *data)
{
	struct table_use *use = data;
	const struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_TABLE + 1];
	uint32_t table = msg->rtm_table, oif = 0;

	if (nlh->nlmsg_type != RTM_NEWROUTE || (msg->rtm_flags & RTM_F_CLONED) != 0)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(*msg), attrs, XT_LEN(attrs));
	xt_nl_get_u32(&table, attrs[RTA_TABLE]);
	xt_nl_get_u32(&oif, attrs[RTA_OIF]);
	if (table == use->table && (use->except == 0 || oif != use->except))
		use->used = true;
	return MNL_CB_OK;
}

static int table_used(struct xt_nl *nl, struct table_use *use)
{
	for (size_t i = 0; i < XT_LEN(families); i++) {
		struct nlmsghdr *nlh =
		    xt_nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
		struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);
		int rc;

		msg->rtm_family = families[i];
		mnl_attr_put_u32(nlh, RTA_TABLE, use->table);
		rc = xt_nl_request(nl, table_seen, use);
		if (rc < 0 && rc != -ENOENT && !family_missing(rc))
			return rc;
	}
	return 0;
}

static int table_choose(struct xt_nl *nl, unsigned except, uint32_t *table)
{
	for (uint32_t i = 0; i < TABLE_TRIES; i++) {
		struct table_use use = {.table = TABLE_FIRST + i, .except = except};
		int rc = table_used(nl, &use);

		if (rc < 0)
			return rc;
		if (!use.used) {
			*table = use.table;
			return 0;
		}
	}
	return -ERANGE;
}

static int least_seen(const struct nlmsghdr *nlh, void *data)
{
	uint32_t *least = data, priority = 0;
	const struct nlattr *attrs[FRA_PRIORITY + 1];

	if (nlh->nlmsg_type != RTM_NEWRULE)
		return MNL_CB_OK;
	xt_nl_attrs(nlh, sizeof(struct fib_rule_hdr), attrs, XT_LEN(attrs));
	xt_nl_get_u32(&priority, attrs[FRA_PRIORITY]);
	if (priority != 0 && priority < *least)
		*least = priority;
	return MNL_CB_OK;
}

/* Before every rule but that of local addresses (priority 0): where the kernel puts a rule without
 * a priority. */
static int priority_choose(struct xt_nl *nl, unsigned char family, uint32_t *priority)
{
	uint32_t least = 32766;
	struct nlmsghdr *nlh =
	    xt_nl_begin(nl, RTM_GETRULE, NLM_F_DUMP, sizeof(struct fib_rule_hdr));
	struct fib_rule_hdr *head = mnl_nlmsg_get_payload(nlh);
	int rc;

	head->family = family;
	rc = xt_nl_request(nl, least_seen, &least);
	if (rc < 0)
		return rc;
	if (least < 3)
		return -ERANGE;
	*priority = least - 1;
	return 0;
}

int xt_link_policy_choose(struct xt_link_policy *policy, const char *name, uint32_t mark, bool v4,
			  bool v6)
{
	const bool requested[2] = {v4, v6};
	struct xt_link_policy choice = {.table = mark};
	struct xt_nl nl;
	int rc;

	memset(policy, 0, sizeof(*policy));
	if (!v4 && !v6)
		return 0;
	if (mark == RT_TABLE_MAIN || mark == RT_TABLE_LOCAL || mark == RT_TABLE_DEFAULT)
		return -EINVAL;
	rc = xt_nl_open(&nl);
	if (rc == 0 && mark == 0)
		rc = table_choose(&nl, if_nametoindex(name), &choice.table);
	for (size_t i = 0; rc == 0 && i < XT_LEN(families); i++)
		if (requested[i])
			rc = priority_choose(&nl, families[i], &choice.priority[i]);
	xt_nl_close(&nl);
	if (rc == 0)
		*policy = choice;
	return rc;
}

int xt_link_rule_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		    bool suppress, enum xt_link_do what)
{
	const struct xt_link_message as = xt_link_message(RTM_NEWRULE, what);
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, as.type, as.flags, sizeof(struct fib_rule_hdr));
	struct fib_rule_hdr *head = mnl_nlmsg_get_payload(nlh);
	uint32_t table = suppress ? RT_TABLE_MAIN : policy->table;

	head->family = families[i];
	head->action = FR_ACT_TO_TBL;
	head->table = table < 256 ? (unsigned char)table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(nlh, FRA_TABLE, table);
	mnl_attr_put_u32(nlh, FRA_PRIORITY, policy->priority[i] - suppress);
	if (suppress) {
		mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, 0);
	} else {
		head->flags = FIB_RULE_INVERT;
		mnl_attr_put_u32(nlh, FRA_FWMARK, policy->table);
		mnl_attr_put_u32(nlh, FRA_FWMASK, UINT32_MAX);
	}
	return xt_nl_do(nl);
}

int xt_link_block_do(struct xt_link_kernel *kernel, const struct xt_link_policy *policy, unsigned i,
		     enum xt_link_do what)
{
	const struct xt_link_message as = xt_link_message(RTM_NEWROUTE, what);
	struct xt_nl *nl = &kernel->nl;
	struct nlmsghdr *nlh = xt_nl_begin(nl, as.type, as.flags, sizeof(struct rtmsg));
	struct rtmsg *msg = mnl_nlmsg_get_payload(nlh);

	msg->rtm_family = families[i];
	msg->rtm_table = policy->table < 256 ? (unsigned char)policy->table : RT_TABLE_UNSPEC;
	msg->rtm_protocol = RTPROT_BOOT;
	msg->rtm_scope = RT_SCOPE_UNIVERSE;
	msg->rtm_type = RTN_UNREACHABLE;
	mnl_attr_put_u32(nlh, RTA_TABLE, policy->table);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, UINT32_MAX); /* every other route comes first */
	return xt_nl_do(nl);
}

void xt_link_policy_remove(const struct xt_link_policy *policy)
{
	struct xt_link_kernel *kernel;

	if (policy->table == 0 || xt_link_kernel_open(&kernel) < 0)
		return;
	for (unsigned i = 0; i < XT_LEN(families); i++) {
		if (policy->priority[i] < 2)
			continue;
		/* first the rule that catches all traffic */
		(void)xt_link_rule_do(kernel, policy, i, false, XT_LINK_REMOVE);
		(void)xt_link_rule_do(kernel, policy, i, true, XT_LINK_REMOVE);
		(void)xt_link_block_do(kernel, policy, i, XT_LINK_REMOVE);
	}
	xt_link_kernel_close(kernel);
}

bool xt_link_ipv6_off(const char *name)
{
	char path[80], value = '0';
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) /* without /proc: a kernel without IPv6 makes no such socket */
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	else if (read(fd, &value, 1) != 1)
		value = '0';
	if (fd < 0)
		return true;
	close(fd);
	return value != '0';
}

int xt_link_valid_mark(void)
{
	static const char path[] = "/proc/sys/net/ipv4/conf/all/src_valid_mark";
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	char now = '0';

	if (fd >= 0) {
		if (read(fd, &now, 1) != 1)
			now = '0';
		close(fd);
	}
	if (now != '0')
		return 1;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		rc = -errno;
	close(fd);
	return rc;
}
