/* SPDX-License-Identifier: MIT */
/* layers: packet base */
/* The echo responder and scapy's packets (tests/vectors/echo.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "echo_batches.h"
#include "test_main.h"

#define LIST 8

static struct xt_echo_local local[LIST];
static struct xt_cidr addresses[LIST], covered[LIST];
static size_t n_covered;
static uint8_t buf[66000];
static char peer; /* stands for a peer; never dereferenced */
#define PEER ((struct xt_peer *)(void *)&peer)

static bool covers(void *ctx, const struct xt_ip *ip)
{
	(void)ctx;
	for (size_t i = 0; i < n_covered; i++)
		if (xt_cidr_contains(&covered[i], ip))
			return true;
	return false;
}

static size_t parse_list(struct xt_cidr *out, char *text)
{
	size_t n = 0;

	if (!strcmp(text, "-"))
		return 0;
	for (char *at = NULL, *t = strtok_r(text, ",", &at); t; t = strtok_r(NULL, ",", &at)) {
		assert_true(n < LIST);
		assert_int_equal(xt_cidr_parse(&out[n++], t), 0);
	}
	return n;
}

static void open_echo(struct xt_echo_config *config)
{
	xt_echo_free(echo);
	config->local = local;
	config->covered = covers;
	assert_int_equal(xt_echo_new(&echo, config), 0);
}

static void echo_process(enum xt_echo_side side)
{
	xt_echo_process(echo, side, 1, in, replies, released);
}

static size_t from_hex(uint8_t *out, const char *text)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

static void run_rules(char *line)
{
	struct xt_echo_config config = {0};
	struct xt_cidr nets[LIST];
	char *word[6] = {0}, *at = NULL;

	for (int i = 0; i < 6; i++)
		word[i] = strtok_r(i ? NULL : line, " ", &at);
	assert_non_null(word[5]);
	memset(local, 0, sizeof(local));
	config.sides = (unsigned)atoi(word[1]);
	config.n_local = parse_list(nets, word[2]);
	for (size_t i = 0; i < config.n_local; i++)
		local[i].cidr = nets[i];
	config.addresses = addresses;
	config.n_addresses = parse_list(addresses, word[3]);
	n_covered = parse_list(covered, word[4]);
	config.mtu = (uint32_t)atoi(word[5]);
	open_echo(&config);
}

static void expect_packets(const char *name, const struct xt_batch *batch, char *list)
{
	char *at = NULL;
	uint32_t n = 0;

	for (char *t = strtok_r(list, ",", &at); t; t = strtok_r(NULL, ",", &at), n++) {
		size_t len = from_hex(buf, t);

		if (n >= batch->n || batch->pkts[n].len != len ||
		    memcmp(batch->pkts[n].data, buf, len) != 0)
			fail_msg("%s: packet %u differs", name, n);
		assert_ptr_equal(batch->pkts[n].peer, PEER);
		assert_int_equal(batch->pkts[n].verdict, XT_PASS);
	}
	if (n != batch->n)
		fail_msg("%s: %u packets more than expected", name, batch->n - n);
}

static void expect_verdicts(const char *name, const char *outcome)
{
	bool pass = !strcmp(outcome, "pass"), drop = !strcmp(outcome, "drop");
	bool kept = !strcmp(outcome, "kept");

	if ((pass || drop || kept) && replies->n + released->n)
		fail_msg("%s: something came out", name);
	for (uint32_t i = 0; i < in->n; i++) {
		bool last = i + 1 == in->n;
		enum xt_verdict want = pass		    ? XT_PASS
				       : drop		    ? XT_DROP_ECHO_OTHER
				       : last && replies->n ? XT_TAKEN_ECHO
							    : XT_TAKEN_FRAGMENT;

		if (in->pkts[i].verdict != want)
			fail_msg("%s: %s", name, xt_verdict_label(in->pkts[i].verdict));
	}
}

static void run_case(char *line)
{
	char *at = NULL, *item = NULL, *word[5];

	for (int i = 0; i < 5; i++)
		word[i] = strtok_r(i ? NULL : line, " ", &at);
	assert_non_null(word[4]);
	batches_reset();
	for (char *t = strtok_r(word[3], ",", &item); t; t = strtok_r(NULL, ",", &item))
		packet_add(buf, from_hex(buf, t), PEER);
	echo_process(!strcmp(word[2], "host") ? XT_ECHO_SIDE_HOST : XT_ECHO_SIDE_PEER);
	expect_verdicts(word[1], word[4]);
	if (strcmp(word[4], "pass") && strcmp(word[4], "drop") && strcmp(word[4], "kept"))
		expect_packets(word[1], released->n ? released : replies, word[4]);
}

static void every_packet_made_by_scapy_has_the_expected_outcome(void **unused)
{
	static char line[1 << 17];
	FILE *f = fopen(XT_VECTORS "/echo.txt", "r");
	unsigned cases = 0;

	(void)unused;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "rules ", 6))
			run_rules(line);
		if (!strncmp(line, "case ", 5)) {
			run_case(line);
			cases++;
		}
	}
	fclose(f);
	assert_true(cases > 150);
}

TEST_MAIN(cmocka_unit_test_setup_teardown(every_packet_made_by_scapy_has_the_expected_outcome,
					  batches_open, batches_close))
