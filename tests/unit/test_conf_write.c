/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* Configurations written and read again; the running state put into one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/text.h"
#include "conf_files.h"
#include "config/conf_write.h"
#include "seed.h"
#include "reports.h"
#include "test_main.h"

#define KEY_A "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
#define KEY_B "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define KEY_C "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="

static void parse(struct xt_conf *conf, const char *text, size_t len)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int err = xt_conf_parse(conf, "wg0", text, len, &diagnostics);

	if (err) {
		char *all = xt_conf_diagnostics_print(&diagnostics, "written");
		print_error("%s\n%.*s\n", all, (int)len, text);
		free(all);
	}
	assert_int_equal(err, 0);
	xt_conf_diagnostics_clear(&diagnostics);
}

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_true(a == b);
	else
		assert_string_equal(a, b);
}

static void same_hooks(const struct xt_conf_hooks *a, const struct xt_conf_hooks *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->v[i].command, b->v[i].command);
}

static void same_peer(const struct xt_conf_peer *a, const struct xt_conf_peer *b)
{
	assert_memory_equal(&a->key, &b->key, sizeof(a->key));
	assert_memory_equal(&a->psk, &b->psk, sizeof(a->psk));
	assert_int_equal(a->has_psk, b->has_psk);
	same_text(a->psk_file, b->psk_file);
	assert_memory_equal(&a->probe_address, &b->probe_address, sizeof(a->probe_address));
	assert_int_equal(a->critical, b->critical);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->n_allowed, b->n_allowed);
	if (a->n_allowed)
		assert_memory_equal(a->allowed, b->allowed, a->n_allowed * sizeof(*a->allowed));
	assert_int_equal(xt_conf_endpoints(a), xt_conf_endpoints(b));
	for (size_t i = 0; i < xt_conf_endpoints(a); i++) {
		same_text(xt_conf_endpoint_at(a, i).host, xt_conf_endpoint_at(b, i).host);
		assert_int_equal(xt_conf_endpoint_at(a, i).port, xt_conf_endpoint_at(b, i).port);
	}
	assert_int_equal(a->endpoint_hold_s, b->endpoint_hold_s);
	assert_int_equal(a->keepalive_s, b->keepalive_s);
}

/* All but line numbers. */
static void same_conf(const struct xt_conf *a, const struct xt_conf *b)
{
	assert_int_equal(a->has_key, b->has_key);
	assert_memory_equal(&a->private_key, &b->private_key, sizeof(a->private_key));
	same_text(a->private_key_file, b->private_key_file);
	same_text(a->private_key_command, b->private_key_command);
	assert_int_equal(a->has_port, b->has_port);
	assert_int_equal(a->listen_port, b->listen_port);
	assert_int_equal(a->fwmark, b->fwmark);
	assert_int_equal(a->n_addresses, b->n_addresses);
	if (a->n_addresses)
		assert_memory_equal(a->addresses, b->addresses,
				    a->n_addresses * sizeof(*a->addresses));
	assert_int_equal(a->mtu, b->mtu);
	assert_int_equal(a->table, b->table);
	assert_int_equal(a->table_number, b->table_number);
	assert_int_equal(a->n_dns, b->n_dns);
	for (size_t i = 0; i < a->n_dns; i++)
		assert_string_equal(a->dns[i], b->dns[i]);
	assert_int_equal(a->save_config, b->save_config);
	same_hooks(&a->pre_up, &b->pre_up);
	same_hooks(&a->post_up, &b->post_up);
	same_hooks(&a->pre_down, &b->pre_down);
	same_hooks(&a->post_down, &b->post_down);
	assert_int_equal(a->echo, b->echo);
	assert_int_equal(a->n_echo_addresses, b->n_echo_addresses);
	if (a->n_echo_addresses)
		assert_memory_equal(a->echo_addresses, b->echo_addresses,
				    a->n_echo_addresses * sizeof(*a->echo_addresses));
	assert_int_equal(a->echo_rate, b->echo_rate);
	same_text(a->aead, b->aead);
	same_text(a->owner_user, b->owner_user);
	same_text(a->owner_group, b->owner_group);
	assert_int_equal(a->n_peers, b->n_peers);
	for (size_t i = 0; i < a->n_peers; i++)
		same_peer(&a->peers[i], &b->peers[i]);
}

/* conf is written as expected. */
static void written_is(const struct xt_conf *conf, const char *expected)
{
	char *text;
	size_t len;

	assert_int_equal(xt_conf_write(conf, &text, &len), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void round_trip(const struct xt_conf *conf)
{
	struct xt_conf back;
	char *text;
	size_t len;

	assert_int_equal(xt_conf_write(conf, &text, &len), 0);
	assert_int_equal(strlen(text), len);
	parse(&back, text, len);
	same_conf(conf, &back);
	xt_conf_clear(&back);
	free(text);
}

static void one_good(const char *path, const char *text, size_t len)
{
	struct xt_conf conf;

	(void)path;
	parse(&conf, text, len);
	round_trip(&conf);
	xt_conf_clear(&conf);
}

static void every_good_file_survives_a_round_trip(void **state)
{
	(void)state;
	assert_true(conf_each(XT_VECTORS "/conf/good", one_good) >= 9);
}

static void every_key_is_written(void **state)
{
	static const char all[] =
	    "[Interface]\n"
	    "Address = 10.7.0.1/24\nAddress = 192.168.7.1/32 -> 192.168.7.2\nAddress = fd07::1/64\n"
	    "DNS = 10.7.0.53, corp.example\nMTU = 1380\nTable = 7\nSaveConfig = true\n"
	    "PreUp = echo 1 # kept\nPostUp = echo %i\nPostUp = echo 2\nPreDown = a\nPostDown = b\n"
	    "ListenPort = 51820\nFwMark = 0xca6c\nPrivateKey = " KEY_A "\n"
	    "#: Echo = both\n#: EchoAddresses = 10.9.0.0/16, fd09::/16\n#: EchoRate = 9/s\n"
	    "#: Aead = ipsec-mb\n#: Sandbox = strict\n#: User = xt\n#: Owner = nobody:nogroup\n"
	    "\n[Peer]\n#: Name = the other\nPublicKey = " KEY_B "\nPresharedKey = " KEY_C "\n"
	    "AllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = [fd18::2]:7\nPersistentKeepalive = 25\n"
	    "\n[Peer]\nPublicKey = " KEY_C "\n#: PresharedKeyFile = psk/c\n"
	    "Endpoint = vpn.example.com:51820\n";
	struct xt_conf conf;

	(void)state;
	parse(&conf, all, strlen(all));
	written_is(&conf, all);
	xt_conf_clear(&conf);
}

static char *random_word(uint64_t *seed)
{
	char word[12] = "";

	for (size_t n = 1 + xt_pick(seed, 10); n > 0; n--)
		word[n - 1] = (char)('a' + xt_below(seed, 26));
	return strdup(word);
}

static struct xt_cidr random_cidr(uint64_t *seed, bool mask)
{
	bool v4 = xt_below(seed, 2);
	struct xt_cidr cidr = {.ip.family = v4 ? 4 : 6};

	for (size_t i = 0; i < (v4 ? 4u : 16u); i++)
		cidr.ip.b[i] = (uint8_t)xt_below(seed, 256);
	cidr.ip.b[0] = v4 ? 10 : 0xfd;
	cidr.bits = (uint8_t)xt_below(seed, v4 ? 33 : 129);
	if (mask)
		xt_cidr_mask(&cidr);
	return cidr;
}

static void random_peer(struct xt_conf_peer *peer, uint64_t *seed)
{
	for (size_t i = 0; i < 32; i++)
		peer->key.b[i] = (uint8_t)xt_below(seed, 256);
	peer->has_psk = xt_below(seed, 2);
	for (size_t i = 0; peer->has_psk && i < 32; i++)
		peer->psk.b[i] = (uint8_t)xt_below(seed, 256);
	peer->n_allowed = xt_pick(seed, 5);
	peer->allowed = calloc(peer->n_allowed + 1, sizeof(*peer->allowed));
	peer->allowed_lines = calloc(peer->n_allowed + 1, sizeof(*peer->allowed_lines));
	for (size_t i = 0; i < peer->n_allowed; i++)
		peer->allowed[i] = random_cidr(seed, true);
	if (xt_below(seed, 2)) {
		peer->endpoint_host = random_word(seed);
		peer->endpoint_port = (uint16_t)(1 + xt_below(seed, 65535));
		peer->n_endpoints_more = xt_pick(seed, XT_CONF_ENDPOINTS_MAX);
		peer->endpoints_more = calloc(XT_CONF_ENDPOINTS_MAX, sizeof(*peer->endpoints_more));
	}
	for (size_t i = 0; i < peer->n_endpoints_more; i++) {
		peer->endpoints_more[i].host = random_word(seed);
		peer->endpoints_more[i].port = (uint16_t)(1 + xt_below(seed, 65535));
	}
	peer->endpoint_hold_s = (uint32_t)xt_below(seed, 86401);
	peer->keepalive_s = (uint16_t)xt_below(seed, 65536);
}

static void random_configurations_survive_a_round_trip(void **state)
{
	uint64_t seed = xt_seed();

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct xt_conf conf = {.has_port = true, .save_config = true};

		conf.listen_port = (uint16_t)xt_below(&seed, 65536);
		conf.fwmark = (uint32_t)xt_next(&seed);
		conf.mtu = (uint32_t)(68 + xt_below(&seed, 65472 - 67));
		conf.n_addresses = xt_pick(&seed, 4);
		conf.addresses = calloc(conf.n_addresses + 1, sizeof(*conf.addresses));
		for (size_t i = 0; i < conf.n_addresses; i++)
			conf.addresses[i].cidr = random_cidr(&seed, false);
		conf.n_peers = xt_pick(&seed, 5);
		conf.peers = calloc(conf.n_peers + 1, sizeof(*conf.peers));
		for (size_t i = 0; i < conf.n_peers; i++)
			random_peer(&conf.peers[i], &seed);
		round_trip(&conf);
		xt_conf_clear(&conf);
	}
}

static void key(uint8_t out[32], const char *text)
{
	assert_true(xt_key_from_base64(out, text, 44));
}

static void an_update_writes_the_running_state(void **state)
{
	static const char before[] =
	    "[Interface]\nAddress = 10.7.0.1/24\nMTU = 1400\nSaveConfig = true\nPostUp = x\n"
	    "ListenPort = 0\nPrivateKey = " KEY_A "\n"
	    "[Peer]\n#: Name = b\nPublicKey = " KEY_B "\nEndpoint = vpn.example.com:7\n"
	    "AllowedIPs = 0.0.0.0/0\n"
	    "[Peer]\nPublicKey = " KEY_A "\nEndpoint = 192.0.2.1:7\n";
	static const char after[] =
	    "[Interface]\nAddress = 10.9.0.1/16\nMTU = 1380\nSaveConfig = true\nPostUp = x\n"
	    "ListenPort = 4242\nPrivateKey = " KEY_A "\n"
	    "\n[Peer]\nPublicKey = " KEY_C "\nPresharedKey = " KEY_A "\n"
	    "AllowedIPs = 10.9.1.0/24, fd09::/64\nEndpoint = [fe80::1%40000000]:9\n"
	    "PersistentKeepalive = 5\n"
	    "\n[Peer]\n#: Name = b\nPublicKey = " KEY_B "\nAllowedIPs = 0.0.0.0/0\n"
	    "Endpoint = vpn.example.com:7\n";
	struct xt_peer_report peers[2] = {{.keepalive_s = 5, .n_allowed = 2},
					  {.first_allowed = 2, .n_allowed = 1}};
	struct xt_cidr allowed[3];
	struct xt_report report = report_over(peers, 2, allowed, 3);
	struct xt_link_address address = {0};
	struct xt_conf_force force = {&report, &address, 1, 1380, 51820, NULL};
	struct xt_conf conf;

	(void)state;
	report.listen_port = 4242;
	key(report.private_key.b, KEY_A);
	report.private_key.b[0] &= 248; /* as a device clamps it */
	report.private_key.b[31] = (uint8_t)((report.private_key.b[31] & 127) | 64);
	key(peers[0].key.b, KEY_C);
	key(peers[0].psk.b, KEY_A);
	key(peers[1].key.b, KEY_B);
	xt_endpoint_parse(&peers[0].endpoint, "[fe80::1%40000000]:9");
	xt_endpoint_parse(&peers[1].endpoint, "192.0.2.99:7");
	xt_cidr_parse(&allowed[0], "10.9.1.0/24");
	xt_cidr_parse(&allowed[1], "fd09::/64");
	xt_cidr_parse(&allowed[2], "0.0.0.0/0");
	xt_cidr_parse(&address.cidr, "10.9.0.1/16");
	parse(&conf, before, strlen(before));
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	written_is(&conf, after);
	report.fwmark = 7; /* set by a UAPI client: it belongs in the file */
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	assert_int_equal(conf.fwmark, 7);
	xt_conf_clear(&conf);
}

static void an_update_keeps_names_and_lists(void **state)
{
	static const char text[] =
	    "[Interface]\n\n[Peer]\nPublicKey = " KEY_B "\n"
	    "Endpoint = 192.0.2.1:7, b.example:domain, [2001:db8::1]:9\n"
	    "#: EndpointHold = 60\n"
	    "\n[Peer]\nPublicKey = " KEY_C "\nEndpoint = 192.0.2.1:7, 192.0.2.2:7\n";
	struct xt_peer_report peers[2] = {{.keepalive_s = 0}};
	struct xt_report report = {.peers = peers, .n_peers = 2};
	struct xt_conf_force force = {.report = &report};
	struct xt_conf conf;

	(void)state;
	key(peers[0].key.b, KEY_B);
	key(peers[1].key.b, KEY_C);
	xt_endpoint_parse(&peers[0].endpoint, "192.0.2.99:7");
	xt_endpoint_parse(&peers[1].endpoint, "192.0.2.2:7");
	parse(&conf, text, strlen(text));
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	written_is(&conf, text);
	xt_conf_clear(&conf);
}

static void key_files_stay_references_while_the_key_is_the_same(void **state)
{
	struct xt_peer_report peer = {0};
	struct xt_report report = {.has_key = true, .peers = &peer, .n_peers = 1};
	struct xt_conf_force force = {.report = &report};
	static const char text[] = "[Interface]\n#: PrivateKeyFile = own\n"
				   "[Peer]\nPublicKey = " KEY_B "\n#: PresharedKeyFile = psk\n";
	struct xt_conf conf;

	(void)state;
	parse(&conf, text, strlen(text));
	key(conf.private_key.b, KEY_A); /* as loading reads them */
	key(conf.peers[0].psk.b, KEY_C);
	conf.has_key = conf.peers[0].has_psk = true;
	report.private_key = conf.private_key;
	peer.key = conf.peers[0].key;
	peer.psk = conf.peers[0].psk;
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	assert_string_equal(conf.private_key_file, "own");
	assert_string_equal(conf.peers[0].psk_file, "psk");
	report.private_key.b[5] ^= 1;
	peer.psk.b[5] ^= 1;
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	assert_null(conf.private_key_file);
	assert_null(conf.peers[0].psk_file);
	assert_memory_equal(&conf.private_key, &report.private_key, 32);
	xt_conf_clear(&conf);
}

static void a_key_command_stays_while_its_key_is_the_same(void **state)
{
	struct xt_report report = {.has_key = true};
	struct xt_public printed;
	struct xt_conf_force force = {.report = &report, .command_key = &printed};
	static const char text[] = "[Interface]\n#: PrivateKeyCommand = echo # own\n";
	struct xt_conf conf;

	(void)state;
	parse(&conf, text, strlen(text));
	key(report.private_key.b, KEY_A);
	key(report.public_key.b, KEY_B);
	printed = report.public_key;
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	written_is(&conf, text);
	report.public_key.b[5] ^= 1; /* wg set has replaced it */
	assert_int_equal(xt_conf_update(&conf, &force), 0);
	assert_null(conf.private_key_command);
	assert_memory_equal(&conf.private_key, &report.private_key, 32);
	xt_conf_clear(&conf);
}

static void a_file_is_replaced_entirely_or_not_at_all(void **state)
{
	char dir[] = "/tmp/conf-write-XXXXXX", path[64], link[64], tmp[64];
	struct stat st;
	int lock, other;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	snprintf(link, sizeof(link), "%s/l.conf", dir);
	snprintf(tmp, sizeof(tmp), "%s/a.conf.tmp", dir);
	assert_int_equal(xt_conf_replace(path, "x", 1), -ENOENT);
	assert_int_equal(close(creat(path, 0644)), 0);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(symlink("/etc/hostname", tmp), 0); /* not followed */
	assert_int_equal(xt_conf_replace(link, "text\n", 5), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(access(tmp, F_OK), -1);
	assert_int_equal(mkdir(tmp, 0700), 0);
	assert_int_equal(xt_conf_replace(path, "else\n", 5), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	rmdir(tmp);
	/* The file that is at path now is locked, too. */
	lock = open(path, O_RDONLY);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(xt_conf_replace_kept(path, "more\n", 5, &lock), 0);
	other = open(path, O_RDONLY);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	unlink(link);
	unlink(path);
	rmdir(dir);
}

static void strip_gives(const char *text, const char *wanted)
{
	struct xt_conf conf = {0};
	char *out;
	size_t len;

	assert_int_equal(xt_conf_strip(&conf, text, strlen(text), &out, &len), 0);
	assert_string_equal(out, wanted);
	assert_int_equal(len, strlen(wanted));
	free(out);
}

static void strip_keeps_the_first_endpoint(void **state)
{
	(void)state;
	strip_gives("Endpoint = a.example:1 , [2001:db8::1]:2\t# why\n",
		    "Endpoint = a.example:1 # why\n\n");
	strip_gives("\tendpoint=192.0.2.1:1,b.example:2", "endpoint=192.0.2.1:1\n\n");
	strip_gives("Endpoint = a.example:1 # one, not two\r\n",
		    "Endpoint = a.example:1 # one, not two\r\n\n");
	strip_gives("PresharedKeyFile = gone.psk\nNonsense\n", "Nonsense\n\n");
	strip_gives("", "\n");
}

TEST_MAIN(cmocka_unit_test(every_good_file_survives_a_round_trip),
	  cmocka_unit_test(every_key_is_written),
	  cmocka_unit_test(random_configurations_survive_a_round_trip),
	  cmocka_unit_test(an_update_writes_the_running_state),
	  cmocka_unit_test(an_update_keeps_names_and_lists),
	  cmocka_unit_test(key_files_stay_references_while_the_key_is_the_same),
	  cmocka_unit_test(a_key_command_stays_while_its_key_is_the_same),
	  cmocka_unit_test(a_file_is_replaced_entirely_or_not_at_all),
	  cmocka_unit_test(strip_keeps_the_first_endpoint))
