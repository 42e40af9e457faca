/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* Configuration files, good and bad, whole, cut and altered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf_files.h"
#include "config/conf_names.h"
#include "config/conf_reader.h"
#include "test_main.h"

#define GOOD XT_VECTORS "/conf/good"
#define BAD  XT_VECTORS "/conf/bad"

static int parse(struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics, const char *text,
		 size_t len)
{
	/* A copy of exact size: the sanitizer sees a read past the end. */
	char *copy = malloc(len ? len : 1);

	memset(diagnostics, 0, sizeof(*diagnostics));
	memcpy(copy, text, len);
	int err = xt_conf_parse(conf, "wg0", copy, len, diagnostics);
	free(copy);
	return err;
}

static void one_good(const char *path, const char *text, size_t len)
{
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics;
	int err = parse(&conf, &diagnostics, text, len);

	if (err) {
		char *all = xt_conf_diagnostics_print(&diagnostics, path);
		print_error("%s", all);
		free(all);
	}
	assert_int_equal(err, 0);
	assert_int_equal(diagnostics.n, 0);
	conf_clear(&conf, &diagnostics);
}

static void every_good_file_parses_without_a_diagnostic(void **state)
{
	(void)state;
	assert_true(conf_each(GOOD, one_good) >= 9);
}

static void the_examples_parse_and_pass_the_check(void **state)
{
	static const char *const names[] = {"xtunnel.conf.example", "site-to-site.conf",
					    "road-warrior.conf"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char path[1024];
		size_t len;
		struct xt_conf conf;
		struct xt_conf_diagnostics diagnostics;

		snprintf(path, sizeof(path), XT_VECTORS "/../../conf/%s", names[i]);
		char *text = conf_read(path, &len);
		assert_int_equal(parse(&conf, &diagnostics, text, len), 0);
		assert_int_equal(xt_conf_check(&conf, &diagnostics), 0);
		assert_int_equal(diagnostics.n, 0);
		free(text);
		conf_clear(&conf, &diagnostics);
	}
}

/* "# expect: LINE:COLUMN: beginning of the text" lines, as many as there are errors. */
static void one_bad(const char *path, const char *text, size_t len)
{
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics;
	int err = parse(&conf, &diagnostics, text, len);
	size_t i = 0;

	if (err != XT_E_SYNTAX)
		print_error("%s: %d\n", path, err);
	assert_int_equal(err, XT_E_SYNTAX);
	for (const char *at = text; (at = strstr(at, "# expect: ")); i++) {
		unsigned line, column;
		int used;

		at += strlen("# expect: ");
		assert_int_equal(sscanf(at, "%u:%u: %n", &line, &column, &used), 2);
		at += used;
		size_t n = strcspn(at, "\n");
		if (i >= diagnostics.n || diagnostics.v[i].line != line ||
		    diagnostics.v[i].column != column ||
		    strncmp(diagnostics.v[i].text, at, n) != 0) {
			char *all = xt_conf_diagnostics_print(&diagnostics, path);
			print_error("%s: expected %u:%u: %.*s\n%s", path, line, column, (int)n, at,
				    all);
			free(all);
			fail();
		}
		assert_false(diagnostics.v[i].warning);
	}
	assert_true(i > 0);
	assert_int_equal(diagnostics.n, i);
	assert_false(conf_quotes_secret(&diagnostics, text));
	conf_clear(&conf, &diagnostics);
}

static void every_bad_file_says_where_and_why(void **state)
{
	(void)state;
	assert_true(conf_each(BAD, one_bad) >= 50);
}

static void one_altered(const char *path, const char *text, size_t len)
{
	struct xt_conf conf;
	struct xt_conf_diagnostics diagnostics;
	char *copy = malloc(len + 1);

	(void)path;
	if (len > 4000) {
		free(copy);
		return;
	}
	memcpy(copy, text, len + 1);
	for (size_t i = 0; i <= len; i++) {
		int err = parse(&conf, &diagnostics, text, i);

		assert_true(err == 0 || (err == XT_E_SYNTAX && diagnostics.n));
		assert_false(conf_quotes_secret(&diagnostics, text));
		conf_clear(&conf, &diagnostics);
	}
	for (size_t i = 0; i < len * 8; i++) {
		copy[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
		int err = parse(&conf, &diagnostics, copy, len);

		assert_true(err == 0 || (err == XT_E_SYNTAX && diagnostics.n));
		assert_false(conf_quotes_secret(&diagnostics, text));
		conf_clear(&conf, &diagnostics);
		copy[i / 8] = '\n';
		parse(&conf, &diagnostics, copy, len);
		assert_false(conf_quotes_secret(&diagnostics, text));
		conf_clear(&conf, &diagnostics);
		copy[i / 8] = text[i / 8];
	}
	free(copy);
}

static void a_cut_or_altered_file_neither_crashes_nor_shows_a_key(void **state)
{
	(void)state;
	conf_each(GOOD, one_altered);
	conf_each(BAD, one_altered);
}

static void load_text(struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics,
		      const char *name)
{
	char path[1024];
	size_t len;

	snprintf(path, sizeof(path), GOOD "/%s", name);
	char *text = conf_read(path, &len);
	assert_int_equal(parse(conf, diagnostics, text, len), 0);
	free(text);
}

static void assert_cidr(const struct xt_cidr *cidr, const char *text)
{
	char buf[XT_CIDR_TEXT];

	assert_string_equal(xt_cidr_print(cidr, buf), text);
}

static void a_quick_file_is_read_to_the_last_key(void **state)
{
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	load_text(&c, &diagnostics, "quick-all.conf");
	assert_string_equal(c.name, "wg0");
	assert_true(c.has_key && c.has_port);
	assert_int_equal(c.listen_port, 51820);
	assert_int_equal(c.fwmark, 0xca6c);
	assert_int_equal(c.mtu, 1400);
	assert_int_equal(c.table, XT_TABLE_NUMBER);
	assert_int_equal(c.table_number, 1234);
	assert_int_equal(c.n_addresses, 3);
	assert_cidr(&c.addresses[0].cidr, "10.200.100.8/24");
	assert_cidr(&c.addresses[1].cidr, "fd07:1::8/64");
	assert_cidr(&c.addresses[2].cidr, "10.200.101.8/32");
	assert_int_equal(c.n_dns, 3);
	assert_string_equal(c.dns[2], "second.example");
	assert_string_equal(c.pre_up.v[0].command, "echo \"PreUp # kept\" > /dev/null");
	assert_int_equal(c.post_up.n, 2);
	assert_non_null(strstr(c.post_up.v[0].command, "MASQUERADE # kept"));
	assert_string_equal(c.post_up.v[1].command, "true");
	assert_int_equal(c.pre_down.n, 1);
	assert_int_equal(c.post_down.n, 1);
	assert_false(c.save_config);
	assert_int_equal(c.n_peers, 2);
	assert_int_equal(c.peers[0].n_allowed, 3);
	assert_cidr(&c.peers[0].allowed[1], "::/0");
	assert_cidr(&c.peers[0].allowed[2], "10.1.2.3/32");
	assert_string_equal(c.peers[0].endpoint_host, "demo.example");
	assert_int_equal(c.peers[0].keepalive_s, 25);
	assert_true(c.peers[0].has_psk);
	assert_int_equal(c.peers[1].n_allowed, 0);
	assert_string_equal(c.peers[1].endpoint_host, "2001:db8::1");
	xt_conf_clear(&c);
	xt_conf_clear(&c); /* a second time does nothing */
	xt_conf_diagnostics_clear(&diagnostics);
}

static void blanks_case_sections_and_signs_are_read_as_by_wg(void **state)
{
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	load_text(&c, &diagnostics, "blanks.conf");
	assert_int_equal(c.listen_port, 51820);
	assert_int_equal(c.table, XT_TABLE_OFF);
	assert_int_equal(c.peers[0].n_allowed, 2);
	assert_cidr(&c.peers[0].allowed[1], "192.168.0.0/16");
	assert_int_equal(c.peers[0].endpoint_port, 5);
	xt_conf_clear(&c);
	load_text(&c, &diagnostics, "repeated-interface.conf");
	assert_int_equal(c.listen_port, 7);
	assert_int_equal(c.n_peers, 2);
	assert_int_equal(c.peers[1].n_allowed, 1);
	assert_cidr(&c.peers[1].allowed[0], "10.0.0.4/32");
	xt_conf_clear(&c);
	load_text(&c, &diagnostics, "crlf-bom.conf");
	assert_int_equal(c.n_addresses, 2);
	assert_int_equal(c.addresses[0].peer.family, 4);
	assert_int_equal(c.addresses[0].peer.b[3], 2);
	assert_int_equal(c.addresses[1].peer.family, 6);
	assert_int_equal(c.addresses[1].cidr.bits, 128);
	xt_conf_clear(&c);
	load_text(&c, &diagnostics, "long-line.conf");
	assert_int_equal(c.peers[0].n_allowed, 2000);
	xt_conf_clear(&c);
}

static void our_keys_are_read_with_and_without_the_comment_sign(void **state)
{
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	load_text(&c, &diagnostics, "ours.conf");
	assert_string_equal(c.private_key_file, "key");
	assert_int_equal(c.echo, XT_ECHO_BOTH);
	assert_int_equal(c.n_echo_addresses, 2);
	assert_int_equal(c.echo_rate, 10);
	assert_string_equal(c.aead, "openssl");
	assert_string_equal(c.owner_user, "nobody");
	assert_string_equal(c.owner_group, "nogroup");
	assert_int_equal(c.sandbox, XT_SANDBOX_MODE_STRICT);
	assert_string_equal(c.user, "xtunnel");
	assert_string_equal(c.peers[0].name, "the other one");
	assert_string_equal(c.peers[0].psk_file, "/etc/xtunnel/psk");
	assert_true(c.peers[0].critical);
	assert_int_equal(c.peers[0].probe_address.family, 4);
	assert_int_equal(c.peers[0].probe_address.b[3], 2);
	assert_int_equal(c.mtu, 0);
	assert_int_equal(c.mtu_line, 4);
	xt_conf_clear(&c);
	load_text(&c, &diagnostics, "ours-commented.conf");
	assert_int_equal(c.echo, XT_ECHO_PEER);
	assert_int_equal(c.echo_rate, 5);
	assert_null(c.aead);
	assert_int_equal(c.threads, 3);
	assert_true(c.offload_off);
	assert_true(c.has_log_level);
	assert_int_equal(c.log_level, XT_LOG_DEBUG);
	assert_string_equal(c.owner_user, "nobody");
	assert_null(c.owner_group);
	assert_int_equal(c.sandbox, XT_SANDBOX_MODE_OFF);
	assert_null(c.user);
	assert_string_equal(c.peers[0].name, "A caf\xc3\xa9");
	xt_conf_clear(&c);
}

static void what_wg_accepts_silently_gets_a_warning(void **state)
{
	static const char text[] = "[Interface]\nMTU = 1300\nMTU = 1400\n#: Ecoh = peer\n[Peer]\n"
				   "PublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
				   "AllowedIPs = 10.1.2.3/8\nEndpoint = 2001:db8::1:51820\n";
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
	assert_int_equal(c.mtu, 1400);
	assert_string_equal(c.peers[0].endpoint_host, "2001:db8::1");
	char *all = xt_conf_diagnostics_print(&diagnostics, "f");
	assert_string_equal(
	    all, "f:3:1: warning: MTU is already set on line 2; this value is used\n"
		 "f:4:4: warning: a comment; did you mean \"#: Echo\"?\n"
		 "f:7:14: warning: AllowedIPs: host bits are set; 10.0.0.0/8 is used\n"
		 "f:8:12: warning: Endpoint: write an IPv6 address in brackets, [ADDRESS]:PORT\n");
	free(all);
	conf_clear(&c, &diagnostics);
}

static void a_repeated_peer_is_one_peer_with_the_later_values(void **state)
{
	static const char text[] =
	    "[Interface]\n"
	    "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "AllowedIPs = 10.1.0.0/16\nEndpoint = a.example:1\nPersistentKeepalive = 9\n"
	    "PresharedKey = X/YbxQz6aW0rKyoZc2vraPp9OCdo7uAq8DMuCUxX210=\nName = old\n"
	    "[Peer]\nPublicKey = +xMUJWph4YDOHQOSFLhnS8q07RFk2mWpW4fSkL7AER0=\n"
	    "AllowedIPs = 10.2.0.0/16\n"
	    "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "AllowedIPs = 10.3.0.0/16\nName = new\n"
	    "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "AllowedIPs = 10.4.0.0/16\nPersistentKeepalive = off\n";
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
	assert_int_equal(diagnostics.n, 2);
	assert_true(diagnostics.v[0].warning && diagnostics.v[1].warning);
	assert_int_equal(diagnostics.v[1].line, 16);
	assert_int_equal(c.n_peers, 2);
	assert_cidr(&c.peers[0].allowed[0], "10.2.0.0/16");
	assert_int_equal(c.peers[1].n_allowed, 1);
	assert_cidr(&c.peers[1].allowed[0], "10.4.0.0/16");
	assert_string_equal(c.peers[1].endpoint_host, "a.example");
	assert_string_equal(c.peers[1].name, "new");
	assert_true(c.peers[1].has_psk);
	assert_int_equal(c.peers[1].psk.b[0], 0x5f);
	assert_int_equal(c.peers[1].keepalive_s, 0);
	conf_clear(&c, &diagnostics);
}

static void an_endpoint_may_be_a_list(void **state)
{
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	load_text(&c, &diagnostics, "endpoints.conf");
	assert_int_equal(xt_conf_endpoints(&c.peers[0]), 4);
	assert_string_equal(c.peers[0].endpoint_host, "a.example");
	assert_int_equal(c.peers[0].endpoint_port, 51820);
	assert_string_equal(xt_conf_endpoint_at(&c.peers[0], 1).host, "b.example");
	assert_string_equal(xt_conf_endpoint_at(&c.peers[0], 1).service, "domain");
	assert_string_equal(xt_conf_endpoint_at(&c.peers[0], 2).host, "2001:db8::1");
	assert_int_equal(xt_conf_endpoint_at(&c.peers[0], 2).port, 51821);
	assert_int_equal(xt_conf_endpoint_at(&c.peers[0], 3).port, 1);
	assert_int_equal(c.peers[0].endpoint_hold_s, 60);
	assert_int_equal(xt_conf_endpoints(&c.peers[1]), 1);
	assert_int_equal(c.peers[1].endpoint_hold_s, 86400);
	xt_conf_clear(&c);
}

static void a_later_endpoint_replaces_the_whole_list(void **state)
{
	static const char text[] =
	    "[Interface]\n[Peer]\nEndpoint = a.example:1, b.example:2\n"
	    "PublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "Endpoint = c.example:3\n"
	    "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	    "EndpointHold = 7\n";
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
	assert_int_equal(c.n_peers, 1);
	assert_int_equal(xt_conf_endpoints(&c.peers[0]), 1);
	assert_string_equal(c.peers[0].endpoint_host, "c.example");
	assert_int_equal(c.peers[0].endpoint_hold_s, 7);
	conf_clear(&c, &diagnostics);
}

static void words_of_no_use_get_a_warning(void **state)
{
	static const char *const useless[] = {"1.1.1.1:53", "300.1.1.1", "https://dns.example/q",
					      "1.1.1.1/32", "127",	 "a..b",
					      "fd00::1/64"};
	static const char *const fine[] = {
	    "1.1.1.1", "fd00::1", "fe80::1%eth0", "corp", "a_b.example.", "~corp.example", "~."};
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	char text[300];
	(void)state;

	for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++) {
		snprintf(text, sizeof(text), "[Interface]\nDNS = 9.9.9.9, %s\n", useless[i]);
		assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
		assert_int_equal(diagnostics.n, 1);
		assert_int_equal(diagnostics.v[0].column, 16);
		assert_true(diagnostics.v[0].warning);
		assert_int_equal(c.n_dns, 2);
		conf_clear(&c, &diagnostics);
		snprintf(text, sizeof(text),
			 "[Peer]\nPublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
			 "Endpoint = %s:51820\n",
			 useless[i]);
		assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
		assert_int_equal(diagnostics.n, 1);
		assert_true(diagnostics.v[0].warning);
		assert_non_null(strstr(diagnostics.v[0].text, "neither an address nor a domain"));
		conf_clear(&c, &diagnostics);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		snprintf(text, sizeof(text), "[Interface]\nDNS = %s\n", fine[i]);
		assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), 0);
		assert_int_equal(diagnostics.n, 0);
		conf_clear(&c, &diagnostics);
	}
}

static void tables_are_found_as_by_ip(void **state)
{
	static const char text[] = "# comment\n255\tlocal\n 0x10  mine # tail\n7 mine2\n"
				   "junk\n99999999999 far\n8 mine2";
	uint32_t n = 0;
	(void)state;

	assert_true(xt_table_number_in(text, strlen(text), "mine", &n));
	assert_int_equal(n, 16);
	assert_true(xt_table_number_in(text, strlen(text), "mine2", &n));
	assert_int_equal(n, 8);
	assert_false(xt_table_number_in(text, strlen(text), "min", &n));
	assert_false(xt_table_number_in(text, strlen(text), "far", &n));
	assert_false(xt_table_number_in(text, strlen(text), "comment", &n));
	assert_false(xt_table_number_in("", 0, "mine", &n));
}

static void no_more_than_twenty_errors_are_reported(void **state)
{
	char text[4096] = "[Interface]\n";
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	(void)state;

	for (int i = 0; i < 100; i++)
		strcat(text, "nonsense\n");
	assert_int_equal(parse(&c, &diagnostics, text, strlen(text)), XT_E_SYNTAX);
	assert_int_equal(diagnostics.n, XT_CONF_ERRORS_MAX);
	xt_conf_diagnostics_clear(&diagnostics);
}

static void names_of_interfaces_are_those_of_wg_quick(void **state)
{
	static const char *const good[] = {"wg0", "a", "A_=+.-9", "fifteen-letters"};
	static const char *const bad[] = {"",	 "sixteen--letters", "-x", ".", "..", "a/b",
					  "a b", "\xc3\xa9"};
	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(xt_conf_name_valid(good[i]));
	for (size_t i = 0; i < 8; i++)
		assert_false(xt_conf_name_valid(bad[i]));
	assert_false(xt_conf_name_valid(NULL));
}

static void the_change_leaves_out_endpoints_with_names(void **state)
{
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics;
	struct xt_change change;
	(void)state;

	load_text(&c, &diagnostics, "quick-all.conf");
	assert_int_equal(xt_conf_change(&c, &change), 0);
	assert_true(change.set & XT_SET_REPLACE_PEERS);
	assert_int_equal(change.n_peers, 2);
	assert_false(change.peers[0].set & XT_PEER_ENDPOINT); /* a name: to be resolved */
	assert_true(change.peers[1].set & XT_PEER_ENDPOINT);
	assert_int_equal(change.peers[1].endpoint.port, 51820);
	assert_int_equal(change.peers[0].n_allowed, 3);
	assert_int_equal(change.peers[0].keepalive_s, 25);
	xt_change_clear(&change);
	xt_conf_clear(&c);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_file_is_loaded_with_its_key_files(void **state)
{
	static const char key[] = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
	char dir[] = "/tmp/control-test-XXXXXX", path[64], key_path[64];
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics = {0};
	(void)state;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/left.conf", dir);
	snprintf(key_path, sizeof(key_path), "%s/k", dir);
	write_file(path, "[Interface]\nPrivateKeyFile = k\n", 0600);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), XT_E_SYNTAX); /* no key file */
	assert_string_equal(c.path, path);
	assert_int_equal(diagnostics.v[0].line, 2);
	conf_clear(&c, &diagnostics);

	char text[64];
	snprintf(text, sizeof(text), " %s\n\n", key);
	write_file(key_path, text, 0600);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), 0);
	assert_int_equal(diagnostics.n, 0);
	assert_string_equal(c.name, "left");
	assert_true(c.has_key);
	assert_int_equal(c.private_key.b[0], 0xc8);
	xt_conf_clear(&c);

	chmod(key_path, 0644);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), 0);
	assert_int_equal(diagnostics.n, 1);
	assert_true(diagnostics.v[0].warning);
	conf_clear(&c, &diagnostics);

	write_file(key_path, "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk\n", 0600);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), XT_E_SYNTAX);
	assert_null(strstr(diagnostics.v[0].text, "yAnz5"));
	conf_clear(&c, &diagnostics);

	write_file(path, "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n",
		   0640);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), 0);
	assert_int_equal(diagnostics.n, 1);
	assert_non_null(strstr(diagnostics.v[0].text, "others can read"));
	conf_clear(&c, &diagnostics);
	unlink(key_path);
	unlink(path);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), -2 /* ENOENT */);
	conf_clear(&c, &diagnostics);
	assert_int_equal(xt_conf_load(&c, dir, &diagnostics),
			 XT_E_SYNTAX); /* its name is too long */
	conf_clear(&c, &diagnostics);
	assert_int_equal(xt_conf_load(&c, "no-such-name", &diagnostics), -2);
	assert_string_equal(c.path, "/etc/xtunnel/no-such-name.conf");
	conf_clear(&c, &diagnostics);
	rmdir(dir);
}

/* As systemd.exec(5) has it: the directory is the unit's, not the file's. */
static void d_in_a_key_file_is_the_directory_of_credentials(void **state)
{
	static const char key[] = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n";
	char dir[] = "/tmp/control-test-XXXXXX", path[64], key_path[64];
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/left.conf", dir);
	snprintf(key_path, sizeof(key_path), "%s/k", dir);
	write_file(key_path, key, 0600);
	write_file(path,
		   "[Interface]\nPrivateKeyFile = %d/k\n[Peer]\nPublicKey = "
		   "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\nPresharedKeyFile = %d/k\n",
		   0600);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), 0);
	assert_true(c.has_key);
	assert_int_equal(c.private_key.b[0], 0xc8);
	assert_int_equal(c.peers[0].psk.b[0], 0xc8);
	assert_string_equal(c.private_key_file, "%d/k"); /* as `save` writes it */
	conf_clear(&c, &diagnostics);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), XT_E_SYNTAX);
	assert_int_equal(diagnostics.n, 2);
	assert_int_equal(diagnostics.v[0].line, 2);
	assert_non_null(strstr(diagnostics.v[0].text, "CREDENTIALS_DIRECTORY is not set"));
	conf_clear(&c, &diagnostics);
	write_file(path, "[Interface]\nPrivateKeyFile = %dk\n", 0600); /* a name like any other */
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), XT_E_SYNTAX);
	assert_non_null(strstr(diagnostics.v[0].text, "cannot read the file"));
	conf_clear(&c, &diagnostics);
	unlink(key_path);
	unlink(path);
	rmdir(dir);
}

static void a_file_too_large_is_refused(void **state)
{
	char dir[] = "/tmp/control-test-XXXXXX", path[64];
	struct xt_conf c;
	struct xt_conf_diagnostics diagnostics = {0};
	(void)state;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/big.conf", dir);
	write_file(path, "#", 0600);
	assert_int_equal(truncate(path, XT_CONF_FILE_MAX + 1), 0);
	assert_int_equal(xt_conf_load(&c, path, &diagnostics), -27 /* EFBIG */);
	conf_clear(&c, &diagnostics);
	unlink(path);
	rmdir(dir);
}

/* A running instance reads its file again for `save`: nobody may make it wait there. */
static void a_running_instance_refuses_a_fifo_and_does_not_wait_for_its_writer(void **state)
{
	char dir[] = "/tmp/conf-XXXXXX", path[64], fifo[64], text[128];
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf c;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/wg0.conf", dir);
	snprintf(fifo, sizeof(fifo), "%s/key", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(text, sizeof(text), "[Interface]\n#: PrivateKeyFile = %s\n", fifo);
	write_file(path, text, 0600);
	assert_int_equal(xt_conf_reload(&c, path, &diagnostics), XT_E_SYNTAX);
	conf_clear(&c, &diagnostics);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(xt_conf_reload(&c, path, &diagnostics), -22 /* EINVAL */);
	conf_clear(&c, &diagnostics);
	unlink(fifo);
	unlink(path);
	rmdir(dir);
}

TEST_MAIN(cmocka_unit_test(every_good_file_parses_without_a_diagnostic),
	  cmocka_unit_test(the_examples_parse_and_pass_the_check),
	  cmocka_unit_test(every_bad_file_says_where_and_why),
	  cmocka_unit_test(a_quick_file_is_read_to_the_last_key),
	  cmocka_unit_test(blanks_case_sections_and_signs_are_read_as_by_wg),
	  cmocka_unit_test(our_keys_are_read_with_and_without_the_comment_sign),
	  cmocka_unit_test(what_wg_accepts_silently_gets_a_warning),
	  cmocka_unit_test(a_repeated_peer_is_one_peer_with_the_later_values),
	  cmocka_unit_test(an_endpoint_may_be_a_list),
	  cmocka_unit_test(a_later_endpoint_replaces_the_whole_list),
	  cmocka_unit_test(words_of_no_use_get_a_warning),
	  cmocka_unit_test(tables_are_found_as_by_ip),
	  cmocka_unit_test(no_more_than_twenty_errors_are_reported),
	  cmocka_unit_test(names_of_interfaces_are_those_of_wg_quick),
	  cmocka_unit_test(the_change_leaves_out_endpoints_with_names),
	  cmocka_unit_test(a_file_is_loaded_with_its_key_files),
	  cmocka_unit_test(d_in_a_key_file_is_the_directory_of_credentials),
	  cmocka_unit_test(a_file_too_large_is_refused),
	  cmocka_unit_test(a_running_instance_refuses_a_fifo_and_does_not_wait_for_its_writer),
	  cmocka_unit_test(a_cut_or_altered_file_neither_crashes_nor_shows_a_key))
