/* SPDX-License-Identifier: MIT */
/* layers: config core crypto packet base */
/* The difference between a running instance and a file: its rows, and that its change makes the
 * device what the file says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <xtunnel/device.h>

#include "base/text.h"
#include "config/conf_diff.h"
#include "seed.h"
#include "test_main.h"

#define KEY_A "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
#define KEY_B "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
#define KEY_C "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="
#define HEAD  "[Interface]\nPrivateKey = " KEY_A "\nListenPort = 51820\n"

static const struct xt_time now = {.mono = 1000000000, .wall = 1700000000000000000};

/* What runs: the file that was applied last, without its keys, and the device. */
struct running {
	struct xt_conf conf;
	struct xt_device *dev;
	struct xt_report *report;
};

static void env_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static void conf_read(struct xt_conf *out, const char *text)
{
	struct xt_conf_diagnostics diagnostics = {0};
	int rc = xt_conf_parse(out, "wg0", text, strlen(text), &diagnostics);

	if (rc < 0)
		print_error("%s\n", xt_conf_diagnostics_print(&diagnostics, text));
	assert_int_equal(rc, 0);
	xt_conf_diagnostics_clear(&diagnostics);
}

static void keys_wipe(struct xt_conf *conf)
{
	sodium_memzero(&conf->private_key, sizeof(conf->private_key));
	for (size_t i = 0; i < conf->n_peers; i++)
		sodium_memzero(&conf->peers[i].psk, sizeof(conf->peers[i].psk));
}

static void running_report(struct running *r)
{
	xt_report_free(r->report);
	assert_int_equal(xt_device_report(r->dev, now, &r->report), 0);
}

/* The lists of endpoints, as the instance gives them after a change. */
static void lists_give(struct running *r)
{
	for (size_t i = 0; i < r->conf.n_peers; i++) {
		const struct xt_conf_peer *peer = &r->conf.peers[i];
		struct xt_candidate v[XT_CANDIDATES_MAX] = {0};
		struct xt_candidate_list list = {.v = v, .configured = true};

		for (size_t k = 0; k < xt_conf_endpoints(peer); k++) {
			struct xt_conf_endpoint entry = xt_conf_endpoint_at(peer, k);

			if (xt_conf_endpoint_literal(&v[list.n].endpoint, &entry))
				list.n++;
		}
		if (list.n)
			assert_int_equal(xt_device_set_endpoints(r->dev, now, &peer->key, &list),
					 0);
	}
	running_report(r);
}

static void running_start(struct running *r, const char *text)
{
	struct xt_env env = {.random = env_random};
	struct xt_change change;

	memset(r, 0, sizeof(*r));
	conf_read(&r->conf, text);
	assert_int_equal(xt_device_new(&r->dev, &env), 0);
	assert_int_equal(xt_conf_change(&r->conf, &change), 0);
	assert_int_equal(xt_device_apply(r->dev, now, &change), 0);
	xt_change_clear(&change);
	keys_wipe(&r->conf);
	lists_give(r);
}

static void running_end(struct running *r)
{
	xt_report_free(r->report);
	xt_device_free(r->dev);
	xt_conf_clear(&r->conf);
}

/* As `wg set` does it. */
static void running_set(struct running *r, const struct xt_change *change)
{
	assert_int_equal(xt_device_apply(r->dev, now, change), 0);
	running_report(r);
}

static void diff_take(struct xt_conf_diff *out, const struct running *r, const char *text)
{
	const struct xt_conf_running running = {.conf = &r->conf, .report = r->report};
	struct xt_conf file;

	conf_read(&file, text);
	assert_int_equal(xt_conf_diff(out, &running, &file), 0);
	xt_conf_clear(&file);
}

/* Apply the difference and make the file the one that runs; it differs in nothing then. */
static void running_follow(struct running *r, const char *text)
{
	struct xt_conf_diff diff;

	diff_take(&diff, r, text);
	diff.change.set |= XT_SET_LISTEN_PORT | XT_SET_FWMARK;
	xt_conf_clear(&r->conf);
	conf_read(&r->conf, text);
	keys_wipe(&r->conf);
	diff.change.listen_port = r->conf.has_port ? r->conf.listen_port : r->report->listen_port;
	diff.change.fwmark = r->conf.fwmark;
	running_set(r, &diff.change);
	lists_give(r);
	xt_conf_diff_clear(&diff);
	diff_take(&diff, r, text);
	if (diff.n > 0)
		print_error("%s: %s -> %s\nin %s\n",
			    diff.v[0].key < XT_KEYS ? xt_conf_keys[diff.v[0].key].key : "[Peer]",
			    diff.v[0].old, diff.v[0].now, text);
	assert_int_equal(diff.n, 0);
	assert_int_equal(diff.change.n_peers, 0);
	assert_int_equal(diff.change.set, 0);
	xt_conf_diff_clear(&diff);
}

static void an_unchanged_file_makes_no_difference(void **state)
{
	struct running r;

	(void)state;
	running_start(&r, HEAD "Address = 10.0.0.1/24\nDNS = 10.0.0.2\n[Peer]\nPublicKey = " KEY_B
			       "\nPresharedKey = " KEY_C "\nAllowedIPs = 10.0.0.2/32, fd00::/64\n"
			       "Endpoint = 198.18.0.2:1\nPersistentKeepalive = 25\n#: Name = b\n");
	running_follow(&r, HEAD "Address = 10.0.0.1/24\nDNS = 10.0.0.2\n[Peer]\nPublicKey = " KEY_B
				"\nPresharedKey = " KEY_C "\nAllowedIPs = fd00::/64, 10.0.0.2/32\n"
				"Endpoint = 198.18.0.2:1\nPersistentKeepalive = 25\n#: Name = b\n");
	running_end(&r);
}

#define PEER "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.0.0.2/32\n"

/* A file with the key and one where its value is another; the row shows both. NULL: a secret, or no
 * row by nature. */
static const struct sample {
	const char *one, *other, *old, *new;
} samples[XT_KEYS] = {
    [XT_KEY_PRIVATE_KEY] = {"[Interface]\nPrivateKey = " KEY_A "\n",
			    "[Interface]\nPrivateKey = " KEY_C "\n", NULL, NULL},
    [XT_KEY_LISTEN_PORT] = {HEAD, "[Interface]\nPrivateKey = " KEY_A "\nListenPort = 51821\n",
			    "51820", "51821"},
    [XT_KEY_FWMARK] = {HEAD "FwMark = 7\n", HEAD "FwMark = 0x20\n", "0x7", "0x20"},
    [XT_KEY_ADDRESS] = {HEAD "Address = 10.0.0.1/24\n", HEAD "Address = 10.0.0.1/24, fd00::1/64\n",
			"10.0.0.1/24", "10.0.0.1/24, fd00::1/64"},
    [XT_KEY_MTU] = {HEAD "MTU = 1400\n", HEAD "MTU = 1300\n", "1400", "1300"},
    [XT_KEY_DNS] = {HEAD "DNS = 10.0.0.53\n", HEAD "DNS = 10.0.0.54, lan.example\n", "10.0.0.53",
		    "10.0.0.54, lan.example"},
    [XT_KEY_TABLE] = {HEAD "Table = off\n", HEAD "Table = 77\n", "off", "77"},
    [XT_KEY_PRE_UP] = {HEAD "PreUp = true 1\n", HEAD "PreUp = true 2\n", "true 1", "true 2"},
    [XT_KEY_POST_UP] = {HEAD "PostUp = true 1\n", HEAD "PostUp = true 1\nPostUp = true 2\n",
			"true 1", "true 1; true 2"},
    [XT_KEY_PRE_DOWN] = {HEAD "PreDown = true 1\n", HEAD "PreDown = true 2\n", "true 1", "true 2"},
    [XT_KEY_POST_DOWN] = {HEAD "PostDown = true 1\n", HEAD "PostDown = true 2\n", "true 1",
			  "true 2"},
    [XT_KEY_SAVE_CONFIG] = {HEAD, HEAD "SaveConfig = true\n", NULL, "true"},
    [XT_KEY_ECHO] = {HEAD "Echo = host\n", HEAD "Echo = peer\n", "host", "peer"},
    [XT_KEY_ECHO_ADDRESSES] = {HEAD "EchoAddresses = 10.1.0.0/16\n",
			       HEAD "EchoAddresses = 10.2.0.0/16\n", "10.1.0.0/16", "10.2.0.0/16"},
    [XT_KEY_ECHO_RATE] = {HEAD "EchoRate = 5/s\n", HEAD "EchoRate = 6/s\n", "5", "6"},
    [XT_KEY_AEAD] = {HEAD "Aead = sodium\n", HEAD "Aead = auto\n", "sodium", NULL},
    [XT_KEY_THREADS] = {HEAD "Threads = 1\n", HEAD "Threads = 2\n", "1", "2"},
    [XT_KEY_LOG_LEVEL] = {HEAD "LogLevel = debug\n", HEAD "LogLevel = notice\n", "debug", "notice"},
    [XT_KEY_OFFLOAD] = {HEAD "Offload = off\n", HEAD "Offload = auto\n", "off", NULL},
    [XT_KEY_SANDBOX] = {HEAD "Sandbox = strict\n", HEAD "Sandbox = off\n", "strict", "off"},
    [XT_KEY_USER] = {HEAD "User = alice\n", HEAD "User = bob\n", "alice", "bob"},
    [XT_KEY_OWNER] = {HEAD "Owner = alice\n", HEAD "Owner = bob\n", "alice", "bob"},
    [XT_KEY_PRESHARED_KEY] = {HEAD PEER, HEAD PEER "PresharedKey = " KEY_C "\n", NULL, NULL},
    [XT_KEY_ALLOWED_IPS] = {HEAD PEER,
			    HEAD "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = fd00::2/128\n",
			    "10.0.0.2/32", "fd00::2/128"},
    [XT_KEY_ENDPOINT] = {HEAD PEER "Endpoint = 198.18.0.2:1\n",
			 HEAD PEER "Endpoint = [fd18::2]:1, a.example:2\n", "198.18.0.2:1",
			 "[fd18::2]:1, a.example:2"},
    [XT_KEY_PERSISTENT_KEEPALIVE] = {HEAD PEER "PersistentKeepalive = 25\n",
				     HEAD PEER "PersistentKeepalive = 9\n", "25", "9"},
    [XT_KEY_ENDPOINT_HOLD] = {HEAD PEER "Endpoint = 192.0.2.1:1\nEndpointHold = 60\n",
			      HEAD PEER "Endpoint = 192.0.2.1:1\n", "60", "300"},
    [XT_KEY_PROBE_ADDRESS] = {HEAD PEER "ProbeAddress = 10.0.0.2\n", HEAD PEER, "10.0.0.2", NULL},
    [XT_KEY_CRITICAL] = {HEAD PEER "Critical = yes\n", HEAD PEER, "yes", "no"},
    [XT_KEY_NAME] = {HEAD PEER "Name = one\n", HEAD PEER "Name = two\n", "one", "two"},
};

static void same_value(const char *got, const char *wanted)
{
	if (wanted)
		assert_string_equal(got ? got : "(none)", wanted);
	else
		assert_null(got);
}

/* PublicKey finds the peer, and the files of keys are compared by what they hold. */
static bool without_sample(unsigned key)
{
	return key == XT_KEY_PUBLIC_KEY || key == XT_KEY_PRIVATE_KEY_FILE ||
	       key == XT_KEY_PRESHARED_KEY_FILE || key == XT_KEY_PRIVATE_KEY_COMMAND;
}

static void every_key_has_a_row_with_its_old_and_new_value(void **state)
{
	(void)state;
	for (unsigned i = 0; i < XT_KEYS; i++) {
		const struct sample *sample = &samples[i];
		struct xt_conf_diff diff;
		struct running r;

		if (without_sample(i))
			continue;
		if (!sample->one)
			print_error("%s has no sample\n", xt_conf_keys[i].key);
		assert_non_null(sample->one);
		running_start(&r, sample->one);
		diff_take(&diff, &r, sample->other);
		if (diff.n != 1 || diff.v[0].key != i)
			print_error("%s: %u rows\n", xt_conf_keys[i].key, (unsigned)diff.n);
		assert_int_equal(diff.n, 1);
		assert_int_equal(diff.v[0].key, i);
		assert_true(diff.keys[i]);
		assert_false(diff.v[0].overrides);
		assert_int_equal(diff.v[0].has_peer, xt_conf_keys[i].section == XT_SECTION_PEER);
		same_value(diff.v[0].old, sample->old);
		same_value(diff.v[0].now, sample->new);
		assert_int_equal(xt_conf_diff_refused(&diff) != NULL,
				 i == XT_KEY_OWNER || i == XT_KEY_SANDBOX || i == XT_KEY_USER);
		xt_conf_diff_clear(&diff);
		running_follow(&r, sample->other);
		running_follow(&r, sample->one);
		running_end(&r);
	}
}

static void no_row_shows_a_secret(void **state)
{
	static const char *const files[] = {
	    HEAD PEER "PresharedKey = " KEY_C "\n",
	    "[Interface]\nPrivateKey = " KEY_C "\n" PEER "PresharedKey = " KEY_A "\n",
	    "[Interface]\nPrivateKey = " KEY_A "\n" PEER,
	};
	struct running r;

	(void)state;
	running_start(&r, files[0]);
	for (size_t i = 1; i < 3; i++) {
		struct xt_conf_diff diff;

		diff_take(&diff, &r, files[i]);
		assert_true(diff.keys[XT_KEY_PRESHARED_KEY]);
		for (size_t k = 0; k < diff.n; k++) {
			bool secret = diff.v[k].key == XT_KEY_PRESHARED_KEY ||
				      diff.v[k].key == XT_KEY_PRIVATE_KEY;

			assert_true(!secret || (!diff.v[k].old && !diff.v[k].now));
		}
		xt_conf_diff_clear(&diff);
		running_follow(&r, files[i]);
	}
	running_end(&r);
}

static void peers_come_and_go_and_the_others_are_not_in_the_change(void **state)
{
	struct xt_conf_diff diff;
	struct running r;

	(void)state;
	running_start(&r, HEAD PEER "[Peer]\nPublicKey = " KEY_C "\nAllowedIPs = 10.0.0.3/32\n");
	diff_take(&diff, &r, HEAD PEER "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.0.0.3/32\n");
	assert_int_equal(diff.n, 2);
	assert_int_equal(diff.v[0].kind, XT_DIFFERENCE_REMOVED);
	assert_int_equal(diff.v[1].kind, XT_DIFFERENCE_ADDED);
	assert_int_equal(diff.v[0].key, XT_KEYS);
	assert_int_equal(diff.change.n_peers, 2);
	assert_int_equal(diff.change.set & XT_SET_REPLACE_PEERS, 0);
	xt_conf_diff_clear(&diff);
	running_end(&r);
}

/* The last peer that lists a network has it, in the device as in the file. */
static void a_network_of_two_peers_is_the_later_ones(void **state)
{
	static const char both[] =
	    HEAD "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.9.0.0/16, 10.0.0.2/32\n"
		 "[Peer]\nPublicKey = " KEY_C "\nAllowedIPs = 10.9.0.0/16\n";
	static const char first[] =
	    HEAD "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.9.0.0/16, 10.0.0.2/32\n"
		 "[Peer]\nPublicKey = " KEY_C "\nAllowedIPs = 10.0.0.3/32\n";
	static const char third[] =
	    HEAD "[Peer]\nPublicKey = " KEY_A "\nAllowedIPs = 10.9.0.0/16\n"
		 "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.9.0.0/16, 10.0.0.2/32\n";
	static const char *const files[] = {both, first, third, first, both, third, both};
	struct running r;

	(void)state;
	running_start(&r, both);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		running_follow(&r, files[i]);
	running_end(&r);
}

static void what_wg_has_set_is_named_and_overridden(void **state)
{
	static const char file[] = HEAD PEER "PersistentKeepalive = 25\nEndpoint = 198.18.0.2:1\n";
	struct xt_peer_change *entry;
	struct xt_public other;
	struct xt_change change;
	struct xt_conf_diff diff;
	struct running r;

	(void)state;
	running_start(&r, file);
	xt_change_init(&change);
	entry = xt_change_peer(&change, &r.conf.peers[0].key);
	entry->set = XT_PEER_KEEPALIVE | XT_PEER_ENDPOINT | XT_PEER_REPLACE_ALLOWED;
	entry->keepalive_s = 7;
	entry->endpoint = (struct xt_endpoint){.ip = {4, {198, 18, 0, 9}}, .port = 5};
	memset(&other, 9, sizeof(other));
	assert_non_null(xt_change_peer(&change, &other));
	running_set(&r, &change);
	xt_change_clear(&change);
	diff_take(&diff, &r, file);
	assert_int_equal(diff.n, 4);
	for (size_t i = 0; i < diff.n; i++)
		assert_true(diff.v[i].overrides);
	assert_true(diff.keys[XT_KEY_ENDPOINT]);
	assert_true(diff.keys[XT_KEY_ALLOWED_IPS]);
	assert_true(diff.keys[XT_KEY_PERSISTENT_KEEPALIVE]);
	assert_int_equal(diff.v[0].kind, XT_DIFFERENCE_REMOVED);
	xt_conf_diff_clear(&diff);
	running_follow(&r, file);
	running_end(&r);
}

static void the_mark_that_the_program_chose_is_no_difference(void **state)
{
	struct xt_conf_running running;
	struct xt_conf_diff diff;
	struct running r;

	(void)state;
	running_start(&r, HEAD PEER);
	running_set(&r, &(struct xt_change){.set = XT_SET_FWMARK, .fwmark = 51820});
	running = (struct xt_conf_running){.conf = &r.conf, .report = r.report, .auto_mark = 51820};
	assert_int_equal(xt_conf_diff(&diff, &running, &r.conf), 0);
	assert_false(diff.keys[XT_KEY_FWMARK]);
	xt_conf_diff_clear(&diff);
	running_end(&r);
}

static void a_long_value_is_cut_and_the_change_is_whole(void **state)
{
	size_t room = 64 * 1024, at;
	char *text = malloc(room);
	struct xt_conf_diff diff;
	struct running r;

	(void)state;
	running_start(&r, HEAD PEER);
	at = (size_t)snprintf(text, room,
			      HEAD "[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = 10.0.0.2");
	for (unsigned i = 0; i < 2000; i++)
		at +=
		    (size_t)snprintf(text + at, room - at, ", 10.%u.%u.0/24", i / 250 + 1, i % 250);
	diff_take(&diff, &r, text);
	assert_int_equal(diff.n, 1);
	assert_true(strlen(diff.v[0].now) < 500);
	assert_int_equal(diff.change.peers[0].n_allowed, 2001);
	xt_conf_diff_clear(&diff);
	running_follow(&r, text);
	running_end(&r);
	free(text);
}

/* Files of a few peers with a few networks that they take from each other, one after the other. */
static void a_device_follows_any_chain_of_files(void **state)
{
	static const char *const keys[] = {KEY_A, KEY_B, KEY_C};
	uint64_t seed = xt_seed();
	struct running r;

	(void)state;
	running_start(&r, HEAD);
	for (unsigned step = 0; step < 300; step++) {
		char text[2048];
		size_t at = (size_t)snprintf(text, sizeof(text), HEAD);

		for (unsigned i = 0; i < 3; i++) {
			uint64_t dice = xt_next(&seed);

			if (dice >> 62 == 0)
				continue;
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       "[Peer]\nPublicKey = %s\nAllowedIPs = 10.0.%u.0/24, "
					       "fd00::%u/128\n%s",
					       keys[(i + step) % 3], (unsigned)(dice >> 40 & 3),
					       (unsigned)(dice >> 44 & 3),
					       dice >> 61 & 1 ? "PresharedKey = " KEY_B "\n" : "");
		}
		running_follow(&r, text);
	}
	running_end(&r);
}

TEST_MAIN(cmocka_unit_test(an_unchanged_file_makes_no_difference),
	  cmocka_unit_test(every_key_has_a_row_with_its_old_and_new_value),
	  cmocka_unit_test(no_row_shows_a_secret),
	  cmocka_unit_test(peers_come_and_go_and_the_others_are_not_in_the_change),
	  cmocka_unit_test(a_network_of_two_peers_is_the_later_ones),
	  cmocka_unit_test(what_wg_has_set_is_named_and_overridden),
	  cmocka_unit_test(the_mark_that_the_program_chose_is_no_difference),
	  cmocka_unit_test(a_long_value_is_cut_and_the_change_is_whole),
	  cmocka_unit_test(a_device_follows_any_chain_of_files))
