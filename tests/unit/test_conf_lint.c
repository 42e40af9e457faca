/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* The findings of `check` for one configuration, each with the near miss that stays silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "conf_findings.h"
#include "config/conf_nets.h"
#include "crypto/dh.h"
#include "test_main.h"

#define KEY   "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n"
#define LOCAL "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="
#define PEER  "[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
#define NEXT  "[Peer]\nPublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\n"
#define HEAD  "[Interface]\n" KEY "ListenPort = 51820\n" /* lines 1 to 3 */
#define TEN2  "AllowedIPs = 10.7.0.2/32\n"

static void lint(const char *text, const char *expected)
{
	struct xt_findings findings = {0};
	struct xt_conf conf;
	char all[FINDINGS_TEXT];

	if (findings_parse(&findings, &conf, 0, text) == 0)
		xt_conf_lint(&findings, &conf, 0);
	findings_print(&findings, all);
	for (size_t i = 0; i < findings.n && strcmp(all, expected) != 0; i++)
		print_message("%s\n", findings.v[i].text);
	assert_string_equal(all, expected);
	assert_int_equal(findings.failed, 0);
	xt_findings_clear(&findings);
	xt_conf_clear(&conf);
}

static void what_the_parser_says_has_a_code(void **state)
{
	(void)state;
	lint("[Interface]\n" KEY "ListenPrt = 1\n", "0:3 unknown-key\n");
	lint("[Interfac]\n", "0:1 unknown-key\n");
	lint(HEAD "Jc = 4\n", "0:4 unknown-key\n");
	lint(HEAD "MTU = 1\n", "0:4 syntax\n");
	lint(HEAD "ListenPort = 7\n" PEER TEN2, "0:4 repeated-key\n");
	lint(HEAD "#: Ech = peer\n" PEER TEN2, "0:4 commented-key\n");
	lint(HEAD PEER TEN2 PEER TEN2, "0:7 duplicate-peer\n");
	lint(HEAD PEER "AllowedIPs = 10.7.0.1/24\n", "0:6 host-bits\n");
	lint(HEAD "Address = 10.7.0.1/24\n" PEER TEN2, "");
	lint(HEAD "DNS = 1.1.1.1, 1.1.1\n" PEER TEN2, "0:4 dns-word\n");
	lint(HEAD PEER TEN2 "Endpoint = fd18::1:51820\n", "0:7 endpoint-brackets\n");
}

static void networks_of_two_peers_are_compared(void **state)
{
	(void)state;
	lint(HEAD PEER TEN2 NEXT TEN2, "0:9 same-prefix\n");
	lint(HEAD PEER TEN2 NEXT "AllowedIPs = 10.7.0.0/24\n", "");
}

static void keys_that_cannot_work_are_found(void **state)
{
	(void)state;
	lint(HEAD "[Peer]\nPublicKey = " LOCAL "\n" TEN2, "0:4 own-key\n");
	lint(HEAD "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" TEN2,
	     "0:5 weak-key\n");
	lint(HEAD "[Peer]\nPublicKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n" TEN2,
	     "0:5 key-mixed\n");
	lint(HEAD PEER "PresharedKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n" TEN2,
	     "0:6 key-mixed\n");
	lint(HEAD PEER "PresharedKey = " LOCAL "\n" TEN2, "0:6 key-mixed\n");
	lint(HEAD PEER "PresharedKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" TEN2,
	     "0:6 psk-zero\n");
	lint(HEAD PEER "PresharedKey = X/YbxQz6aW0rKyoZc2vraPp9OCdo7uAq8DMuCUxX210=\n" TEN2, "");
	lint(HEAD, "0:1 no-peer\n");
}

/* Each key that the table refuses is one with which X25519 fails, and no other near them. */
static void weak_keys_are_those_of_small_order(void **state)
{
	struct xt_private scalar = {{77}};
	uint8_t shared[XT_DH_LEN];

	(void)state;
	xt_dh_clamp(&scalar);
	for (unsigned high = 0; high < 256; high++)
		for (unsigned low = 0; low < 256; low++) {
			struct xt_public point;
			char key[XT_KEY_BASE64], text[400];

			memset(point.b, high & 0x7f ? 0xff : 0, sizeof(point.b));
			point.b[0] = (uint8_t)low;
			point.b[31] = (uint8_t)high;
			if ((high & 0x7f) != 0 && (high & 0x7f) != 0x7f)
				continue;
			xt_key_to_base64(key, point.b);
			snprintf(text, sizeof(text), HEAD "[Peer]\nPublicKey = %s\n" TEN2, key);
			lint(text, xt_dh_shared(shared, &scalar, &point) ? "0:5 weak-key\n" : "");
		}
	lint(HEAD "[Peer]\nPublicKey = 4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=\n" TEN2,
	     "0:5 weak-key\n");
	lint(HEAD "[Peer]\nPublicKey = X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=\n" TEN2,
	     "0:5 weak-key\n");
}

static void an_address_without_a_length_is_found(void **state)
{
	(void)state;
	lint(HEAD "Address = 10.7.0.1\n" PEER TEN2, "0:4 address-prefix\n");
	lint(HEAD "Address = fd07::1\n" PEER TEN2 "AllowedIPs = fd07::2\n", "0:4 address-prefix\n");
	lint(HEAD "Address = 10.7.0.1\n" PEER "AllowedIPs = 10.7.0.0/24\n", "0:4 address-host\n");
	lint(HEAD "Address = 10.7.0.1/32\n" PEER TEN2, "");
	lint(HEAD "Address = 10.8.0.1/24, 10.7.0.1\n" PEER TEN2, "");
	lint(HEAD "Address = 10.7.0.1 -> 10.7.0.2\n" PEER TEN2, "");
	lint(HEAD PEER "AllowedIPs = 10.7.0.0\n", "0:6 allowed-prefix\n");
	lint(HEAD PEER "AllowedIPs = fd07::\n", "0:6 allowed-prefix\n");
	lint(HEAD PEER "AllowedIPs = 0.0.0.0\n", "0:6 allowed-prefix\n");
	lint(HEAD PEER "AllowedIPs = 10.7.0.2, fd07::2, 10.8.0.0/32\n", "");
	lint(HEAD PEER TEN2 "AllowedIPs = 10.8.0.0\nAllowedIPs = -10.7.0.2/32\n", "");
	lint(HEAD PEER TEN2 "AllowedIPs = -10.7.0.2/32, 10.8.0.0\n", "0:7 allowed-prefix\n");
}

static void an_address_that_is_no_host_is_found(void **state)
{
	(void)state;
	lint(HEAD "Address = 10.7.0.0/24\n" PEER TEN2, "0:4 address-network\n");
	lint(HEAD "Address = 10.7.0.255/24\n" PEER TEN2, "0:4 address-network\n");
	lint(HEAD "Address = fd07::/64\n" PEER TEN2, "0:4 address-network\n");
	lint(HEAD "Address = 10.7.0.255/16\n" PEER TEN2, "");
	lint(HEAD "Address = 10.7.0.0/31\n" PEER TEN2, "");
	lint(HEAD "Address = fd07::ffff:ffff:ffff:ffff/64\n" PEER TEN2, "");
	lint(HEAD "Address = 10.7.0.1/24\nAddress = 10.7.0.1/16\n" PEER TEN2,
	     "0:4 address-twice\n");
}

static void allowed_ips_that_hold_the_address_are_judged(void **state)
{
	(void)state;
#define HOME HEAD "Address = 10.7.0.1/24\n"
	lint(HOME PEER "AllowedIPs = 10.7.0.1/32\n", "0:7 local-address\n");
	lint(HOME PEER "AllowedIPs = 10.7.0.0/25\n", "0:7 local-address\n");
	lint(HOME PEER "AllowedIPs = 10.7.0.0/24\n", "0:7 network-peer\n");
	lint(HOME PEER "AllowedIPs = 10.7.0.0/24\nEndpoint = a.example:1\n", "");
	lint(HOME PEER "AllowedIPs = 10.0.0.0/8, 0.0.0.0/0\n", "");
	lint(HOME PEER "AllowedIPs = 10.7.0.0/24\n" NEXT TEN2, "0:7 whole-network\n");
	lint(HOME PEER "AllowedIPs = 10.7.0.0/24\nEndpoint = a.example:1\n" NEXT TEN2, "");
	lint(HOME PEER "AllowedIPs = 10.7.0.128/25\n" NEXT TEN2, "");
}

static void endpoints_that_cannot_be_the_peer_are_found(void **state)
{
	(void)state;
	lint(HOME PEER TEN2 "Endpoint = 10.7.0.1:5\n", "0:8 endpoint-local\n");
	lint(HOME PEER TEN2 "Endpoint = 10.7.0.2:5\n", "0:8 endpoint-loop\n");
	lint(HOME PEER TEN2 "Endpoint = 0.0.0.0:5\n", "0:8 endpoint-odd\n");
	lint(HOME PEER TEN2 "Endpoint = [ff02::1]:5\n", "0:8 endpoint-odd\n");
	lint(HOME PEER TEN2 "Endpoint = 198.18.0.1:5\n", "");
	lint(HOME PEER TEN2 "Endpoint = 127.0.0.1:5\n", "");
	lint(HOME PEER "AllowedIPs = 0.0.0.0/0\nEndpoint = 198.18.0.1:5\n", "");
	lint(HOME PEER "AllowedIPs = 0.0.0.0/1, 128.0.0.0/1\nEndpoint = 198.18.0.1:5\n",
	     "0:8 endpoint-loop\n");
	lint(HOME "Table = off\n" PEER "AllowedIPs = 198.18.0.0/15\nEndpoint = 198.18.0.1:5\n", "");
	lint(HOME PEER TEN2 "#: EndpointHold = 60\n", "0:5 hold-unused\n");
	lint(HOME PEER TEN2 "Endpoint = https://a:5\n", "0:8 endpoint-host\n");
	lint(HOME "MTU = 1400\n" PEER TEN2 "#: ProbeAddress = 10.7.0.2\n", "0:9 probe-unused\n");
}

static void a_keepalive_is_missed_where_only_this_side_begins(void **state)
{
	(void)state;
#define CLIENT "[Interface]\n" KEY PEER TEN2 "Endpoint = a.example:5\n"
	lint(CLIENT, "0:3 keepalive\n");
	lint(CLIENT "PersistentKeepalive = 25\n", "");
	lint(CLIENT "PersistentKeepalive = off\n", "");
	lint(HEAD PEER TEN2 "Endpoint = a.example:5\n", "");
	lint("[Interface]\n" KEY PEER TEN2, "0:0 no-start\n");
}

static void a_critical_peer_needs_a_keepalive(void **state)
{
	(void)state;
	lint(HOME PEER TEN2 "#: Critical = yes\n", "0:5 critical-keepalive\n");
	lint(HOME PEER TEN2 "#: Critical = yes\nPersistentKeepalive = 25\n", "");
	lint(HOME PEER TEN2 "#: Critical = no\n", "");
}

static void an_mtu_that_cannot_work_is_found(void **state)
{
	(void)state;
	lint(HEAD "MTU = 1279\nAddress = fd07::1/64\n" PEER TEN2, "0:4 mtu-ipv6\n");
	lint(HEAD "MTU = 1279\nAddress = 10.7.0.1/24\n" PEER "AllowedIPs = fd07::2\n",
	     "0:4 mtu-ipv6-peer\n");
	lint(HEAD "MTU = 1279\nAddress = 10.7.0.1/24\n" PEER TEN2, "");
	lint(HEAD "MTU = 500\n" PEER TEN2, "0:4 mtu-small\n");
	lint(HEAD "MTU = 1280\nAddress = fd07::1/64\n" PEER TEN2, "");
	lint(HEAD "MTU = 1440\n" PEER TEN2, "");
	lint(HEAD "MTU = 1441\n" PEER TEN2, "0:4 mtu-large\n");
	lint(HEAD "MTU = 1500\n" PEER TEN2, "0:4 mtu-large\n");
	lint(HEAD "MTU = 1421\n" PEER TEN2 "Endpoint = [fd18::1]:5\n", "0:4 mtu-large\n");
	lint(HEAD "MTU = 1420\n" PEER TEN2 "Endpoint = [fd18::1]:5\n", "");
	lint(HEAD "MTU = 8920\n" PEER TEN2, "0:4 mtu-jumbo\n");
	lint(HEAD "MTU = 9000\n" PEER TEN2, "0:4 mtu-large\n");
}

static void words_tables_and_hooks_are_judged(void **state)
{
	(void)state;
	lint(HEAD "DNS = corp.example\n" PEER TEN2, "0:4 dns-domains\n");
	lint(HEAD "DNS = 10.7.0.2, corp.example\n" PEER TEN2, "");
	lint(HEAD "Table = 254\n" PEER "AllowedIPs = ::/0\n", "0:4 table-main\n");
	lint(HEAD "Table = 254\n" PEER TEN2, "");
	lint(HEAD "Table = 7\n" PEER "AllowedIPs = ::/0\n", "");
	lint(HEAD "FwMark = 254\n" PEER "AllowedIPs = ::/0\n", "0:7 table-mark\n");
	lint(HEAD "PostUp = iptables -A FORWARD -i %i -j ACCEPT\n" PEER TEN2, "0:4 hook-pair\n");
	lint(HEAD "PostUp = iptables -A FORWARD -i %i -j ACCEPT\nPostDown = true\n" PEER TEN2, "");
	lint(HEAD "PostUp = wg set %i private-key /etc/key\n" PEER TEN2, "");
	lint("[Interface]\nListenPort = 1\n" PEER TEN2, "0:1 no-key\n");
	lint("# nothing\n", "0:0 no-interface\n");
	lint(HEAD PEER, "0:4 no-allowed-ips\n");
	lint(HEAD "Echo = peer\n" PEER TEN2, "0:4 echo-address\n");
	lint(HEAD "Echo = host\n" PEER TEN2, "0:4 echo-unused\n");
	lint(HOME "Echo = host\nEchoAddresses = 10.7.0.2\n" PEER TEN2, "0:6 echo-peer\n");
}

/* As providers of tunnels, installers of servers and the manual of wg-quick write them. */
static void common_files_are_silent(void **state)
{
	(void)state;
	lint("[Interface]\n" KEY "Address = 10.64.1.2/32,fc00:bbbb:bbbb:bb01::2/128\n"
	     "DNS = 10.64.0.1\n" PEER "AllowedIPs = 0.0.0.0/0,::0/0\n"
	     "Endpoint = 198.18.0.1:51820\nPersistentKeepalive = 25\n",
	     "");
	lint(HEAD "Address = 10.6.0.1/24, fd11:5ee:bad:c0de::1/64\nMTU = 1420\n"
		  "PostUp = iptables -A FORWARD -i %i -j ACCEPT\n"
		  "PostDown = iptables -D FORWARD -i %i -j ACCEPT\n" PEER
		  "AllowedIPs = 10.6.0.2/32, fd11:5ee:bad:c0de::2/128\n" NEXT
		  "AllowedIPs = 10.6.0.3/32, fd11:5ee:bad:c0de::3/128, 192.168.20.0/24\n",
	     "");
	lint("[Interface]\n" KEY "Address = 10.200.100.8/24\nDNS = 10.200.100.1\n"
	     "PostUp = wg set %i private-key /etc/wireguard/%i.key\n" PEER
	     "PresharedKey = X/YbxQz6aW0rKyoZc2vraPp9OCdo7uAq8DMuCUxX210=\n"
	     "AllowedIPs = 10.200.100.0/24, 10.0.0.0/8\nEndpoint = demo.example:51820\n"
	     "PersistentKeepalive = 25\n",
	     "");
	lint(HEAD "Address = 10.7.0.1/30\nTable = off\nMTU = 1380\n" PEER
		  "AllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = 198.18.0.1:51820\n",
	     "");
	lint(HEAD "Address = 169.254.7.1/31, fe80::1/64\n" PEER
		  "AllowedIPs = 169.254.7.0/31, fe80::/64, fd00::/8\n"
		  "Endpoint = [2001:db8::1]:51820\n",
	     "");
}

/* What is known of the host in the tests below. */
static struct xt_lint_host host_make(const char *const lans[], size_t n)
{
	static struct xt_lint_address addresses[4];

	memset(addresses, 0, sizeof(addresses));
	for (size_t i = 0; i < n; i++) {
		strcpy(addresses[i].interface, i ? "eth1" : "left");
		assert_int_equal(xt_cidr_parse(&addresses[i].cidr, lans[i]), 0);
	}
	return (struct xt_lint_host){.addresses = addresses, .n_addresses = n};
}

static void host(const struct xt_lint_host *host, const char *text, const char *expected)
{
	struct xt_findings findings = {0};
	struct xt_conf conf;
	char all[FINDINGS_TEXT];

	assert_int_equal(findings_parse(&findings, &conf, 0, text), 0);
	xt_conf_lint_host(&findings, &conf, 0, host);
	findings_print(&findings, all);
	assert_string_equal(all, expected);
	for (size_t i = 0; i < findings.n; i++)
		assert_non_null(strstr(findings.v[i].text, "this host"));
	xt_findings_clear(&findings);
	xt_conf_clear(&conf);
}

static void networks_of_this_host_are_compared(void **state)
{
	static const char *const lans[] = {"10.7.0.1/24", "192.168.1.10/24", "127.0.0.1/8",
					   "fe80::1/64"};
	struct xt_lint_host here = host_make(lans, 4);

	(void)state;
	host(&here, HOME PEER TEN2, "");
	host(&here, HOME PEER "AllowedIPs = 192.168.1.0/24\n", "0:7 lan-overlap\n");
	host(&here, HOME PEER "AllowedIPs = 192.168.1.50/32\n", "0:7 lan-overlap\n");
	host(&here, HOME PEER "AllowedIPs = 192.168.0.0/16\n", "0:7 lan-inside\n");
	host(&here, HOME PEER "AllowedIPs = 0.0.0.0/0, 128.0.0.0/1, 192.168.2.0/24\n", "");
	host(&here, HOME "Table = off\n" PEER "AllowedIPs = 192.168.1.0/24\n", "");
	host(&here, HEAD "Address = 192.168.1.200/24\n" PEER TEN2, "0:4 lan-overlap\n");
	host(&here, HEAD "Address = 192.168.0.1/16\n" PEER TEN2, "0:4 lan-overlap\n");
	host(&here, HEAD "Address = 127.0.0.5/32, fe80::7/64\n" PEER TEN2, "");
}

static void running_instances_are_compared(void **state)
{
	struct xt_cidr networks[2];
	struct xt_lint_instance instance = {
	    .name = "other", .port = 51820, .has_key = true, .networks = networks, .n_networks = 2};
	struct xt_lint_host here = {.instances = &instance, .n_instances = 1};

	(void)state;
	assert_true(xt_key_from_base64(instance.key.b, LOCAL, 44));
	xt_cidr_parse(&networks[0], "10.8.0.0/24");
	xt_cidr_parse(&networks[1], "::/0");
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/24, 10.9.0.0/24, ::/0\n",
	     "0:2 instance-key\n");
	instance.key.b[0]++;
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/24, 10.9.0.0/24, ::/0\n",
	     "0:3 instance-port\n0:7 instance-network\n0:7 instance-network\n");
	host(&here, HOME "Table = off\n" PEER "AllowedIPs = 10.8.0.0/24\n", "0:3 instance-port\n");
	assert_true(
	    xt_key_from_base64(instance.key.b, "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", 44));
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/24\n", "");
	instance.has_key = false;
	instance.port = 1;
	host(&here, HOME PEER "AllowedIPs = 10.9.0.0/25, 0.0.0.0/0, fd07::/64\n", "");
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/25\n", "0:7 instance-inside\n");
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/16\n", "0:7 instance-inside\n");
	strcpy(instance.name, "left");
	host(&here, HOME PEER "AllowedIPs = 10.8.0.0/24\n", "");
}

static struct xt_cidr cidr_random(void)
{
	struct xt_cidr cidr = {.ip.family = rand() % 2 ? 4 : 6};

	cidr.bits = (uint8_t)(rand() % 7 * (cidr.ip.family == 4 ? 5 : 20));
	for (unsigned i = 0; i < (cidr.ip.family == 4 ? 4 : 16); i++)
		cidr.ip.b[i] = (uint8_t)(rand() % 4 ? 0 : rand() % 3 * 64);
	return cidr;
}

/* Against a search of the whole list. */
static void the_index_of_networks_agrees_with_a_list(void **state)
{
	enum { N = 40 };
	struct xt_cidr allowed[N];
	unsigned lines[N];
	struct xt_conf_peer peer = {.allowed = allowed, .allowed_lines = lines, .n_allowed = N};
	struct xt_conf conf = {.peers = &peer, .n_peers = 1};

	(void)state;
	for (unsigned run = 0; run < 300; run++) {
		struct xt_conf_nets nets;

		srand(run);
		for (unsigned i = 0; i < N; i++) {
			allowed[i] = cidr_random();
			xt_cidr_mask(&allowed[i]);
			lines[i] = i + 1;
		}
		assert_int_equal(xt_conf_nets_init(&nets, &conf), 0);
		for (unsigned k = 0; k < 50; k++) {
			struct xt_cidr net = cidr_random();
			unsigned min = (unsigned)rand() % 12, max = min + (unsigned)rand() % 130;
			int best = -1;
			bool overlap = false;

			for (int i = 0; i < N; i++) {
				const struct xt_cidr *a = &allowed[i];

				if (xt_cidr_contains(a, &net.ip) && a->bits >= min &&
				    a->bits <= max && (best < 0 || a->bits >= allowed[best].bits))
					best = i;
				overlap |= a->bits >= min &&
					   (a->bits <= net.bits ? xt_cidr_contains(a, &net.ip)
								: xt_cidr_contains(&net, &a->ip));
			}
			const struct xt_conf_net *found =
			    xt_conf_nets_cover(&nets, &net.ip, min, max);
			assert_int_equal(found ? (int)found->line - 1 : -1, best);
			assert_int_equal(xt_conf_nets_overlap(&nets, &net, min) != NULL, overlap);
		}
		xt_conf_nets_clear(&nets);
	}
}

/* 100,000 peers, each with an Endpoint that is compared with all networks: quadratic work would
 * take minutes. Of one code only some are listed, and all are counted. */
static void many_peers_take_no_time_and_no_room(void **state)
{
	enum { PEERS = 100000, LINE = 200 };
	char *text = malloc((size_t)PEERS * LINE), key[XT_KEY_BASE64];
	struct xt_findings findings = {0};
	struct xt_conf conf;
	size_t len = (size_t)sprintf(text, "[Interface]\n" KEY "Address = 10.255.0.1/16\n");
	clock_t before;

	(void)state;
	for (unsigned i = 0; i < PEERS; i++) {
		uint8_t raw[32] = {9, (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};

		xt_key_to_base64(key, raw);
		len += (size_t)sprintf(text + len,
				       "[Peer]\nPublicKey = %s\nAllowedIPs = 10.%u.%u.%u/32\n"
				       "Endpoint = 10.%u.%u.%u:5\n",
				       key, i >> 16, i >> 8 & 255, i & 255, i >> 16, i >> 8 & 255,
				       i & 255);
	}
	before = clock();
	assert_int_equal(findings_parse(&findings, &conf, 0, text), 0);
	xt_conf_lint(&findings, &conf, 0);
	assert_true(clock() - before < 20 * CLOCKS_PER_SEC);
	assert_int_equal(findings.count[XT_LINT_ENDPOINT_LOOP], PEERS);
	assert_int_equal(findings.count[XT_LINT_KEEPALIVE], PEERS);
	assert_int_equal(findings.n, 2 * XT_FINDINGS_EACH);
	xt_findings_clear(&findings);
	xt_conf_clear(&conf);
	free(text);
}

TEST_MAIN(cmocka_unit_test(what_the_parser_says_has_a_code),
	  cmocka_unit_test(networks_of_two_peers_are_compared),
	  cmocka_unit_test(keys_that_cannot_work_are_found),
	  cmocka_unit_test(weak_keys_are_those_of_small_order),
	  cmocka_unit_test(an_address_without_a_length_is_found),
	  cmocka_unit_test(an_address_that_is_no_host_is_found),
	  cmocka_unit_test(allowed_ips_that_hold_the_address_are_judged),
	  cmocka_unit_test(endpoints_that_cannot_be_the_peer_are_found),
	  cmocka_unit_test(a_keepalive_is_missed_where_only_this_side_begins),
	  cmocka_unit_test(a_critical_peer_needs_a_keepalive),
	  cmocka_unit_test(an_mtu_that_cannot_work_is_found),
	  cmocka_unit_test(words_tables_and_hooks_are_judged),
	  cmocka_unit_test(common_files_are_silent),
	  cmocka_unit_test(networks_of_this_host_are_compared),
	  cmocka_unit_test(running_instances_are_compared),
	  cmocka_unit_test(the_index_of_networks_agrees_with_a_list),
	  cmocka_unit_test(many_peers_take_no_time_and_no_room))
