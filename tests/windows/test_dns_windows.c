/* SPDX-License-Identifier: MIT */
/* layers: base */
/* Name servers and the NRPT rule of a Windows interface, over settings in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "platform/windows/dns_windows.h"
#include "test_main.h"

/* fail_at  this change is refused, counted from 1 */
static struct {
	struct xt_dns_settings v[2];
	bool has_rule;
	char rule_name[16];
	struct xt_dns_rule rule;
	unsigned changes, fail_at, flushes;
} host;
static char error[256];

static bool host_refuses(void)
{
	return ++host.changes == host.fail_at;
}

static int host_get(unsigned ifindex, uint8_t family, struct xt_dns_settings *out)
{
	assert_int_equal(ifindex, 7);
	if (host_refuses())
		return -EPERM;
	*out = host.v[family == 6];
	return 0;
}

static int host_set(unsigned ifindex, uint8_t family, const struct xt_dns_settings *in)
{
	assert_int_equal(ifindex, 7);
	if (host_refuses())
		return -EPERM;
	host.v[family == 6] = *in;
	return 0;
}

static int host_rule_set(const char *name, const struct xt_dns_rule *rule)
{
	if (host_refuses())
		return -EPERM;
	snprintf(host.rule_name, sizeof(host.rule_name), "%s", name);
	host.rule = *rule;
	host.has_rule = true;
	return 0;
}

static int host_rule_remove(const char *name)
{
	if (!host.has_rule || strcmp(name, host.rule_name) != 0)
		return -ENOENT;
	host.has_rule = false;
	return 0;
}

static void host_flush(void)
{
	host.flushes++;
}

static const struct xt_dns_ops ops = {host_get, host_set, host_rule_set, host_rule_remove,
				      host_flush};

static int setup(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	snprintf(host.v[0].servers, sizeof(host.v[0].servers), "192.0.2.1");
	snprintf(host.v[0].domains, sizeof(host.v[0].domains), "old.example");
	error[0] = '\0';
	return 0;
}

static int dns_set(struct xt_dns_interface **out, const char *const *domains, size_t n)
{
	static const char *const texts[] = {"10.0.0.1", "fd00::53", "10.0.0.2"};
	struct xt_ip servers[3];

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(xt_ip_parse(&servers[i], texts[i]), 0);
	return xt_dns_interface_set(out, &ops, "wg0", 7, servers, 3, domains, n, error,
				    sizeof(error));
}

static void servers_go_to_their_family_and_come_back(void **state)
{
	struct xt_dns_interface *dns;

	(void)state;
	assert_int_equal(dns_set(&dns, NULL, 0), 0);
	assert_string_equal(host.v[0].servers, "10.0.0.1,10.0.0.2");
	assert_string_equal(host.v[0].domains, "");
	assert_string_equal(host.v[1].servers, "fd00::53");
	assert_false(host.has_rule);
	assert_int_equal(host.flushes, 1);
	xt_dns_interface_unset(dns);
	assert_string_equal(host.v[0].servers, "192.0.2.1");
	assert_string_equal(host.v[0].domains, "old.example");
	assert_string_equal(host.v[1].servers, "");
	assert_int_equal(host.flushes, 2);
	xt_dns_interface_unset(NULL);
}

static void domains_become_a_rule(void **state)
{
	static const char *const domains[] = {"corp.example", "lab"};
	static const char names[] = ".corp.example\0.lab\0"; /* and the NUL of the literal */
	struct xt_dns_interface *dns;

	(void)state;
	assert_int_equal(dns_set(&dns, domains, 2), 0);
	assert_string_equal(host.v[0].domains, "corp.example,lab");
	assert_true(host.has_rule);
	assert_int_equal(host.rule.len, sizeof(names));
	assert_memory_equal(host.rule.names, names, sizeof(names));
	assert_string_equal(host.rule.servers, "10.0.0.1;fd00::53;10.0.0.2");
	xt_dns_interface_unset(dns);
	assert_false(host.has_rule);
}

static void a_refusal_changes_nothing(void **state)
{
	static const char *const domains[] = {"corp.example"};
	struct xt_dns_interface *dns = NULL;
	unsigned k = 1;

	(void)state;
	for (;; k++) {
		setup(NULL);
		host.fail_at = k;
		if (dns_set(&dns, domains, 1) == 0)
			break;
		assert_non_null(strstr(error, "DNS of wg0: "));
		assert_string_equal(host.v[0].servers, "192.0.2.1");
		assert_string_equal(host.v[1].servers, "");
		assert_false(host.has_rule);
		assert_null(dns);
	}
	assert_int_equal(k, 6); /* two families, read and set, and the rule */
	xt_dns_interface_unset(dns);
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"",	  ".",	 "a..b", ".a",	"a.",	    "a b",
					  "a\\b", "a/b", "*.a",	 "a;b", "\xc3\xa4", "a,b"};
	char label[70], name[300];
	struct xt_dns_interface *dns;
	const char *one;

	(void)state;
	for (size_t i = 0; i < XT_LEN(bad); i++)
		assert_int_equal(dns_set(&dns, &bad[i], 1), -EINVAL);
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	one = label;
	assert_int_equal(dns_set(&dns, &one, 1), -EINVAL);
	label[63] = '\0';
	assert_int_equal(dns_set(&dns, &one, 1), 0);
	xt_dns_interface_unset(dns);
	snprintf(name, sizeof(name), "%s.%s.%s.%s", label, label, label, label);
	one = name;
	assert_int_equal(dns_set(&dns, &one, 1), -EINVAL);
	assert_false(host.has_rule);
}

static void too_many_domains_are_refused_whole(void **state)
{
	const char *domains[XT_DNS_TEXT / 8];
	struct xt_dns_interface *dns;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < XT_LEN(domains); i++)
		domains[i] = "sixteen.letters";
	for (n = 1; dns_set(&dns, domains, n) == 0; n++)
		xt_dns_interface_unset(dns);
	assert_true(n > 100 && n < XT_LEN(domains));
	assert_int_equal(dns_set(&dns, domains, n), -EINVAL);
	assert_string_equal(host.v[0].servers, "192.0.2.1");
}

static void what_a_crash_left_is_removed(void **state)
{
	static const char *const domains[] = {"corp.example"};
	struct xt_dns_interface *dns;

	(void)state;
	assert_int_equal(dns_set(&dns, domains, 1), 0);
	xt_dns_interface_clean(&ops, "wg1");
	assert_true(host.has_rule);
	xt_dns_interface_clean(&ops, "wg0");
	assert_false(host.has_rule);
	xt_dns_interface_unset(dns);
}

TEST_MAIN(cmocka_unit_test_setup(servers_go_to_their_family_and_come_back, setup),
	  cmocka_unit_test_setup(domains_become_a_rule, setup),
	  cmocka_unit_test_setup(a_refusal_changes_nothing, setup),
	  cmocka_unit_test_setup(names_that_are_none_are_refused, setup),
	  cmocka_unit_test_setup(too_many_domains_are_refused_whole, setup),
	  cmocka_unit_test_setup(what_a_crash_left_is_removed, setup))
