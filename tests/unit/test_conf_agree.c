/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* The configurations of both ends of a tunnel: each disagreement has a place in both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf_findings.h"
#include "config/newconf.h"
#include "test_main.h"

static const char private_a[] = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
static const char public_a[] = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
static char public_b[XT_KEY_BASE64];
static const char private_b[] = "QNP3fbJ32G19LfoBHXbKA6Rh2SU3wxOYvaeYPjVXa2Y=";
static const char psk_a[] = "X/YbxQz6aW0rKyoZc2vraPp9OCdo7uAq8DMuCUxX210=";
static const char psk_b[] = "Y/YbxQz6aW0rKyoZc2vraPp9OCdo7uAq8DMuCUxX210=";

/* What a file says; NULL: its line is left out, and the next ones move up. */
struct side {
	const char *private_key, *port, *address, *mtu, *peer, *psk, *allowed, *endpoint,
	    *keepalive;
};

static struct side left(void)
{
	return (struct side){private_a, "51820", "10.7.0.1/24, fd07::1/64", "1420",
			     public_b,	psk_a,	 "10.7.0.2/32, fd07::2",    "right.example:51821",
			     NULL};
}
static struct side right(void)
{
	return (struct side){private_b, "51821", "10.7.0.2/24, fd07::2/64", "1420",
			     public_a,	psk_a,	 "10.7.0.1/32, fd07::1",    "left.example:51820",
			     NULL};
}

static void line_put(char *text, const char *key, const char *value)
{
	if (value)
		sprintf(text + strlen(text), "%s = %s\n", key, value);
}

/* Lines: 1 [Interface], 2 key, 3 port, 4 Address, 5 MTU, 6 [Peer], 7 key, 8 PSK, 9 AllowedIPs,
 * 10 Endpoint, 11 keepalive. */
static void side_print(char *text, const struct side *side)
{
	strcpy(text, "[Interface]\n");
	line_put(text, "PrivateKey", side->private_key);
	line_put(text, "ListenPort", side->port);
	line_put(text, "Address", side->address);
	line_put(text, "MTU", side->mtu);
	strcat(text, "[Peer]\n");
	line_put(text, "PublicKey", side->peer);
	line_put(text, "PresharedKey", side->psk);
	line_put(text, "AllowedIPs", side->allowed);
	line_put(text, "Endpoint", side->endpoint);
	line_put(text, "PersistentKeepalive", side->keepalive);
}

static void texts_agree(const char *a, const char *b, const char *expected)
{
	struct xt_findings findings = {0};
	struct xt_conf confs[2];
	const struct xt_conf *const ends[2] = {&confs[0], &confs[1]};
	char all[FINDINGS_TEXT];

	assert_int_equal(findings_parse(&findings, &confs[0], 0, a), 0);
	assert_int_equal(findings_parse(&findings, &confs[1], 1, b), 0);
	for (unsigned i = 0; i < 2; i++)
		xt_conf_lint(&findings, &confs[i], i);
	xt_conf_agree(&findings, ends);
	findings_print(&findings, all);
	for (size_t i = 0; i < findings.n; i++) {
		const char *text = findings.v[i].text;

		if (strcmp(all, expected) != 0)
			print_message("%s\n", text);
		assert_null(strstr(text, private_a));
		assert_null(strstr(text, private_b));
		assert_null(strstr(text, psk_a));
		assert_null(strstr(text, psk_b));
	}
	assert_string_equal(all, expected);
	xt_findings_clear(&findings);
	xt_conf_clear(&confs[0]);
	xt_conf_clear(&confs[1]);
}

static void agree(struct side a, struct side b, const char *expected)
{
	char text[2][2000];

	side_print(text[0], &a);
	side_print(text[1], &b);
	texts_agree(text[0], text[1], expected);
}

#define WITH(member, value)                                                                        \
	a = left();                                                                                \
	b = right();                                                                               \
	(member) = (value)

static void ends_that_agree_have_no_findings(void **state)
{
	struct side a, b;

	(void)state;
	agree(left(), right(), "");
	agree(right(), left(), "");
	WITH(b.mtu, NULL);
	agree(a, b, "");
	WITH(a.allowed, "10.7.0.0/24, fd07::/64, 192.168.1.0/24");
	agree(a, b, "");
	WITH(a.allowed, "0.0.0.0/0, ::/0");
	agree(a, b, "");
	WITH(a.address, "10.7.0.1/24");
	agree(a, b, "");
	a.allowed = "10.7.0.2/32";
	b.allowed = "10.7.0.1/32";
	agree(a, b, "");
}

static void keys_are_compared(void **state)
{
	struct side a, b;

	(void)state;
	WITH(a.peer, "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=");
	agree(a, b, "0:7 peer-missing 1:2\n");
	WITH(b.peer, "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=");
	agree(a, b, "1:7 peer-missing 0:2\n");
	WITH(b.private_key, private_a);
	a.peer = b.peer = public_b;
	agree(a, b, "0:7 peer-missing 1:2\n1:2 same-key 0:2\n1:7 peer-missing 0:2\n");
	WITH(a.private_key, NULL);
	agree(a, b, "0:1 no-key\n0:1 not-compared\n");
}

static void pre_shared_keys_are_compared(void **state)
{
	struct side a, b;

	(void)state;
	WITH(a.psk, psk_b);
	agree(a, b, "0:8 psk-differ 1:8\n");
	WITH(a.psk, NULL);
	agree(a, b, "0:6 psk-differ 1:8\n");
	WITH(b.psk, NULL);
	agree(a, b, "0:8 psk-differ 1:6\n");
	a.psk = NULL;
	agree(a, b, "");
}

static void allowed_ips_are_compared_with_addresses(void **state)
{
	struct side a, b;

	(void)state;
	WITH(a.allowed, "10.7.0.3/32");
	agree(a, b, "0:9 allowed-missing 1:4\n0:9 allowed-missing 1:4\n");
	WITH(a.allowed, "10.7.0.2/32");
	agree(a, b, "0:9 allowed-partly 1:4\n");
	WITH(a.allowed, "192.168.1.0/24");
	agree(a, b, "0:9 allowed-partly 1:4\n0:9 allowed-partly 1:4\n");
	WITH(b.allowed, NULL);
	agree(a, b, "1:6 no-allowed-ips\n1:6 allowed-missing 0:4\n1:6 allowed-missing 0:4\n");
	WITH(b.address, "10.7.0.2/24, fd07::2/64, fe80::2/64");
	agree(a, b, "");
}

static void a_network_behind_both_ends_is_found(void **state)
{
	struct side a = left(), b = right();

	(void)state;
	a.allowed = "10.7.0.2/32, fd07::2, 192.168.1.0/24";
	b.allowed = "10.7.0.1/32, fd07::1, 192.168.1.0/24";
	agree(a, b, "0:9 allowed-both 1:9\n");
	b.allowed = "10.7.0.1/32, fd07::1, 192.168.2.0/24";
	agree(a, b, "");
	a.allowed = b.allowed = "10.7.0.0/24, fd07::/64, 0.0.0.0/0";
	agree(a, b, "");
}

static void an_address_that_another_peer_has_is_found(void **state)
{
	struct side a = left(), b = right();
	char text[2][2000];

	(void)state;
	a.allowed = "10.7.0.0/24, fd07::/64";
	side_print(text[0], &a);
	side_print(text[1], &b);
	strcat(text[0], "[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n"
			"AllowedIPs = 10.7.0.2/32\n");
	texts_agree(text[0], text[1], "0:13 allowed-partly 1:4\n");
	b.address = "10.7.0.2/24";
	side_print(text[1], &b);
	texts_agree(text[0], text[1], "0:13 allowed-missing 1:4\n");
}

static void addresses_are_compared(void **state)
{
	struct side a, b;

	(void)state;
	WITH(b.address, "10.7.0.1/24, fd07::2/64");
	a.allowed = "10.7.0.0/24, fd07::2";
	b.allowed = "10.7.0.0/24, fd07::1";
	agree(a, b, "0:4 address-same 1:4\n");
	WITH(b.address, "10.7.0.2/16, fd07::2/64");
	agree(a, b, "0:4 network-differ 1:4\n");
	WITH(b.address, "10.8.0.2/24, fd07::2/64");
	a.allowed = "10.8.0.2, fd07::2";
	agree(a, b, "0:4 network-differ 1:4\n");
	WITH(b.address, "10.7.0.2/32, fd07::2/128");
	agree(a, b, "");
}

static void endpoints_and_ports_are_compared(void **state)
{
	struct side a, b;

	(void)state;
	WITH(a.endpoint, "right.example:51820");
	agree(a, b, "0:10 endpoint-port 1:3\n");
	WITH(a.endpoint, "right.example:51820, 198.18.0.2:51821");
	agree(a, b, "");
	WITH(b.port, NULL);
	b.keepalive = "25";
	agree(a, b, "0:10 endpoint-port 1:1\n");
	a.endpoint = NULL;
	agree(a, b, "");
	WITH(a.endpoint, "198.18.0.1:51820");
	a.port = b.port = "51820";
	b.endpoint = "198.18.0.1:51820";
	agree(a, b, "0:10 endpoint-same 1:10\n");
	b.endpoint = "198.18.0.2:51820";
	agree(a, b, "");
	WITH(a.endpoint, NULL);
	b.endpoint = NULL;
	agree(a, b, "0:6 no-endpoint 1:6\n");
}

static void a_keepalive_is_missed_where_one_end_begins(void **state)
{
	struct side a, b;

	(void)state;
	WITH(a.endpoint, NULL);
	agree(a, b, "1:6 keepalive-one 0:6\n");
	b.keepalive = "25";
	agree(a, b, "");
	b.keepalive = "off";
	agree(a, b, "");
	b.keepalive = NULL;
	b.port = NULL;
	agree(a, b, "1:5 keepalive\n");
}

static void mtus_are_compared(void **state)
{
	struct side a, b;

	(void)state;
	WITH(b.mtu, "1280");
	agree(a, b, "0:5 mtu-differ 1:5\n");
	WITH(b.mtu, "auto");
	agree(a, b, "");
}

static void what_new_writes_agrees(void **state)
{
	static const char *const hosts[][2] = {{"left.example", "right.example:7"},
					       {"hub.example", "phone"},
					       {"phone", "hub.example"},
					       {"198.18.0.1", "[fd18::2]:7"}};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		struct xt_newconf new;
		char *texts[2];
		int bad;

		assert_int_equal(xt_newconf_init(&new, hosts[i][0], hosts[i][1], &bad), 0);
		for (int k = 0; k < 2; k++) {
			const char *key = k ? private_b : private_a,
				   *public = k ? public_b : public_a;

			assert_true(xt_key_from_base64(new.end[k].private_key.b, key, 44));
			assert_true(xt_key_from_base64(new.end[k].public_key.b, public, 44));
		}
		assert_true(xt_key_from_base64(new.psk.b, psk_a, 44));
		assert_int_equal(xt_newconf_text(&new, texts), 0);
		texts_agree(texts[0], texts[1], "");
		free(texts[0]);
		free(texts[1]);
	}
}

static int public_key_make(void **state)
{
	struct xt_conf conf = {.has_key = true};
	struct xt_public key;

	(void)state;
	xt_key_from_base64(conf.private_key.b, private_b, 44);
	xt_conf_public_key(&key, &conf);
	xt_key_to_base64(public_b, key.b);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, public_key_make)
TEST_MAIN(TEST(ends_that_agree_have_no_findings), TEST(keys_are_compared),
	  TEST(pre_shared_keys_are_compared), TEST(allowed_ips_are_compared_with_addresses),
	  TEST(a_network_behind_both_ends_is_found),
	  TEST(an_address_that_another_peer_has_is_found), TEST(addresses_are_compared),
	  TEST(endpoints_and_ports_are_compared), TEST(a_keepalive_is_missed_where_one_end_begins),
	  TEST(mtus_are_compared), TEST(what_new_writes_agrees))
