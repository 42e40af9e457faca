/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Structures of the IP helper, over its double: what is put in comes out, and errors are told
 * apart. The watch hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "platform/link.h"
#include "platform/watch.h"
#include "platform/windows/dns_windows.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/net_windows.h"
#include "platform/windows/system_windows.h"
#include "test_main.h"

#define LUID 0x5854000000000042ull

static unsigned adapter;

static struct xt_cidr cidr_of(const char *text)
{
	struct xt_cidr cidr;

	assert_int_equal(xt_cidr_parse(&cidr, text), 0);
	return cidr;
}

static int setup(void **state)
{
	(void)state;
	return xt_win_sockets() == 0 && xt_names_add_luid("wg0", LUID, &adapter) == 0 ? 0 : -1;
}

static void settings_are_read_and_written(void **state)
{
	struct xt_net_interface now;

	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		assert_int_equal(xt_net()->interface_get(adapter, family, &now), 0);
		assert_int_equal(now.mtu, 65535);
		assert_true(now.automatic);
		assert_true(now.up);
		now.mtu = 1420;
		now.automatic = false;
		now.metric = 0;
		assert_int_equal(xt_net()->interface_set(adapter, family, &now), 0);
		assert_int_equal(xt_net()->interface_get(adapter, family, &now), 0);
		assert_int_equal(now.mtu, 1420);
		assert_int_equal(now.metric, 0);
		assert_false(now.automatic);
	}
	assert_int_equal(xt_net()->interface_get(77, 4, &now), -ENODEV);
	assert_int_equal(xt_net()->interface_set(77, 4, &now), -ENODEV);
}

static bool address_has(const struct xt_cidr *cidr)
{
	struct xt_net_address *v;
	bool found = false;
	size_t n;

	assert_int_equal(xt_net()->addresses(&v, &n), 0);
	for (size_t i = 0; i < n; i++)
		found |= v[i].ifindex == adapter && v[i].cidr.bits == cidr->bits && v[i].usable &&
			 xt_ip_equal(&v[i].cidr.ip, &cidr->ip);
	free(v);
	return found;
}

static void addresses_come_and_go(void **state)
{
	static const char *const texts[] = {"10.7.0.1/24", "fd07::1/64"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct xt_cidr cidr = cidr_of(texts[i]);

		assert_false(address_has(&cidr));
		assert_int_equal(xt_net()->address_add(adapter, &cidr), 0);
		assert_true(address_has(&cidr));
		assert_int_equal(xt_net()->address_add(adapter, &cidr), -EEXIST);
		assert_int_equal(xt_net()->address_remove(adapter, &cidr), 0);
		assert_int_equal(xt_net()->address_remove(adapter, &cidr), -ENOENT);
		assert_false(address_has(&cidr));
	}
}

static const struct xt_net_route *route_of(const struct xt_net_route *v, size_t n,
					   const struct xt_cidr *network)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].ifindex == adapter && v[i].network.bits == network->bits &&
		    xt_ip_equal(&v[i].network.ip, &network->ip))
			return &v[i];
	return NULL;
}

static void routes_come_and_go(void **state)
{
	static const char *const texts[] = {"0.0.0.0/0", "10.9.0.0/16", "::/0", "fd09::/48"};
	static const char *const gateways[] = {NULL, "10.7.0.9", NULL, "fe80::9"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct xt_net_route route = {.network = cidr_of(texts[i]), .ifindex = adapter};
		const struct xt_net_route *found;
		struct xt_net_route *v;
		size_t n;

		if (gateways[i])
			route.gateway = cidr_of(gateways[i]).ip;
		assert_int_equal(xt_net()->route_add(&route), 0);
		assert_int_equal(xt_net()->route_add(&route), -EEXIST);
		assert_int_equal(xt_net()->routes(&v, &n), 0);
		found = route_of(v, n, &route.network);
		assert_non_null(found);
		assert_int_equal(found->metric, 0);
		assert_int_equal(found->gateway.family, route.gateway.family);
		if (gateways[i])
			assert_true(xt_ip_equal(&found->gateway, &route.gateway));
		free(v);
		assert_int_equal(xt_net()->route_remove(&route), 0);
		assert_int_equal(xt_net()->route_remove(&route), -ENOENT);
	}
}

static void a_source_is_asked_for_by_link(void **state)
{
	struct xt_ip remote = cidr_of("127.0.0.9").ip, source;

	(void)state;
	assert_int_equal(xt_net()->source(1, &remote, &source), 0);
	assert_true(xt_ip_is_loopback(&source));
	assert_int_equal(xt_net()->source(adapter, &remote, &source), -ENODEV);
}

static bool readable(int fd)
{
	WSAPOLLFD poll = {.fd = (SOCKET)fd, .events = POLLRDNORM};

	return WSAPoll(&poll, 1, 0) == 1;
}

static void the_watch_tells_link_and_routing_apart(void **state)
{
	struct xt_net_route route = {.network = cidr_of("10.9.0.0/16"), .ifindex = adapter};
	struct xt_link_state link = {0};
	struct xt_net_interface now;
	struct xt_watch watch;

	(void)state;
	assert_int_equal(xt_watch_open(&watch, adapter), 0);
	assert_false(readable(watch.fd));
	assert_int_equal(xt_net()->route_add(&route), 0);
	assert_true(readable(watch.fd));
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING);
	assert_false(readable(watch.fd));
	assert_int_equal(xt_net()->interface_get(adapter, 4, &now), 0);
	now.mtu = 1300;
	assert_int_equal(xt_net()->interface_set(adapter, 4, &now), 0);
	assert_true(readable(watch.fd));
	assert_int_equal(xt_watch_read(&watch, &link), XT_WATCH_ROUTING | XT_WATCH_LINK);
	assert_true(link.exists);
	assert_true(link.up);
	assert_int_equal(link.mtu, 1300);
	assert_int_equal(xt_watch_read(&watch, &link), 0);
	xt_watch_close(&watch);
	assert_int_equal(watch.fd, -1);
	assert_int_equal(xt_net()->route_remove(&route), 0); /* after its end no callback comes */
}

static void a_plan_is_carried_out(void **state)
{
	struct xt_link_address address = {.cidr = cidr_of("10.7.0.1/24")};
	struct xt_cidr networks[] = {cidr_of("0.0.0.0/0"), cidr_of("10.9.0.0/16")};
	struct xt_link_plan plan = {.name = "wg0",
				    .addresses = &address,
				    .n_addresses = 1,
				    .mtu = 1400,
				    .routes = true,
				    .networks = networks,
				    .n_networks = 2,
				    .policy = {.table = 1, .priority = {1, 0}}};
	struct xt_net_route *v;
	struct xt_link *link;
	char error[200];
	uint32_t mtu;
	size_t n;

	(void)state;
	assert_int_equal(xt_link_set(&link, &plan, error, sizeof(error)), 0);
	assert_int_equal(xt_link_mtu_get(adapter, &mtu), 0);
	assert_int_equal(mtu, 1400);
	assert_true(address_has(&address.cidr));
	assert_int_equal(xt_net()->routes(&v, &n), 0);
	assert_non_null(route_of(v, n, &networks[0]));
	assert_non_null(route_of(v, n, &networks[1]));
	free(v);
	xt_link_undo(link);
	assert_false(address_has(&address.cidr));
	assert_int_equal(xt_net()->routes(&v, &n), 0);
	assert_null(route_of(v, n, &networks[0]));
	free(v);
}

#define RULES "SYSTEM\\CurrentControlSet\\Services\\Dnscache\\Parameters\\DnsPolicyConfig"

/* Rules in the registry; of one, name and servers. */
static DWORD rules_count(char names[256], char servers[256])
{
	HKEY key;
	DWORD n = 0, len = 256;
	char subkey[64];

	memset(names, 0, 256);
	if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, RULES, 0, KEY_READ, &key) != ERROR_SUCCESS)
		return 0;
	RegQueryInfoKeyA(key, NULL, NULL, NULL, &n, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	if (n > 0 && RegEnumKeyA(key, 0, subkey, sizeof(subkey)) == ERROR_SUCCESS) {
		assert_int_equal(subkey[0], '{');
		RegGetValueA(key, subkey, "Name", RRF_RT_REG_MULTI_SZ, NULL, names, &len);
		len = 256;
		RegGetValueA(key, subkey, "GenericDNSServers", RRF_RT_REG_SZ, NULL, servers, &len);
	}
	RegCloseKey(key);
	return n;
}

static void name_servers_are_set_and_come_back(void **state)
{
	static const char expected[] = ".corp.example\0.lab\0";
	const char *const domains[] = {"corp.example", "lab"};
	const struct xt_ip server = cidr_of("10.7.0.53").ip;
	const struct xt_dns_ops *ops = xt_dns_windows();
	struct xt_dns_settings settings;
	struct xt_dns_interface *dns;
	char error[200], names[256], servers[256];

	(void)state;
	if (rules_count(names, servers) != 0)
		skip(); /* this host has rules of others */
	assert_int_equal(xt_dns_interface_set(&dns, ops, "wg0", adapter, &server, 1, domains, 2,
					      error, sizeof(error)),
			 0);
	assert_int_equal(ops->get(adapter, 4, &settings), 0);
	assert_string_equal(settings.servers, "10.7.0.53");
	assert_string_equal(settings.domains, "corp.example,lab");
	assert_int_equal(rules_count(names, servers), 1);
	assert_memory_equal(names, expected, sizeof(expected));
	assert_string_equal(servers, "10.7.0.53");
	xt_dns_interface_unset(dns);
	assert_int_equal(ops->get(adapter, 4, &settings), 0);
	assert_string_equal(settings.servers, "");
	assert_int_equal(rules_count(names, servers), 0);
	assert_int_equal(ops->get(77, 4, &settings), -ENODEV);
}

GROUP_TEST_MAIN(setup, NULL, cmocka_unit_test(settings_are_read_and_written),
		cmocka_unit_test(addresses_come_and_go), cmocka_unit_test(routes_come_and_go),
		cmocka_unit_test(a_source_is_asked_for_by_link),
		cmocka_unit_test(the_watch_tells_link_and_routing_apart),
		cmocka_unit_test(a_plan_is_carried_out),
		cmocka_unit_test(name_servers_are_set_and_come_back))
