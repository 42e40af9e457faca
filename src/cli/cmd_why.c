/* SPDX-License-Identifier: MIT */
/* why: why the links of an instance do not work, or that they do. */
#include <time.h>

#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "ipc/why.h"

#define PROBE_MS    6000 /* an initiation, and its repetition after 5 s */
#define PROBE_PINGS 3
#define PROBE_PEERS 16 /* that are pinged */

enum { JSON, PROBE };
const struct xt_option xt_why_options[] = {
    {'j', "json", NULL, "print one JSON object"},
    {'p', "probe", NULL, "begin a handshake and ping first; takes up to 10 s"},
    {0},
};
const char xt_text_why[] =
    "\nPrints a paragraph for each peer, or for PEER: what is known, the likely causes in order, and\n"
    "what to do next. Then what belongs to no peer: callers with an unknown key, destinations that no\n"
    "peer covers. xtunnel(8) lists the codes. Nothing is sent, unless --probe is given: that begins a\n"
    "handshake, waits for its answer 6 s, pings the peers that are up, and has their path MTU\n"
    "measured again. PEER is as for ping.\n"
    "The exit status is 0 when all these peers are up or idle, 5 when one is not, or is unknown; 3\n"
    "when NAME is not running.\n";

/* A request and its first answer on a connection of its own. An enum xt_exit, and what failed is
 * printed. */
static int request_send(const char *name, const char *peer, json_t *request, json_t **answer)
{
	struct xt_client *client;
	int status = xt_query_open(&client, name, NULL, false), rc;

	*answer = NULL;
	if (status != XT_EXIT_OK) {
		json_decref(request);
		return status;
	}
	rc = xt_client_request(client, request, XT_SOCKET_SILENCE_MS, answer);
	xt_client_close(client);
	if (rc == 0)
		return XT_EXIT_OK;
	status = xt_query_peer_failed(name, peer, *answer, rc);
	json_decref(*answer);
	*answer = NULL;
	return status;
}

/* What the pings of peer came to is added to probe; without an address to ping nothing is. */
static void peer_ping(const char *name, const char *key, json_t *probe)
{
	json_t *request = json_pack("{s:s,s:s,s:i,s:i,s:i}", "do", "ping", "peer", key, "count",
				    PROBE_PINGS, "interval_ms", 200, "timeout_ms", 2000);
	json_t *reply = NULL;
	json_int_t answered = 0, lost = 0, sum_us = 0;
	struct xt_client *client;
	bool end = false;
	int rc;

	if (xt_query_open(&client, name, NULL, true) != XT_EXIT_OK) {
		json_decref(request);
		return;
	}
	rc = xt_client_request(client, request, XT_SOCKET_SILENCE_MS, &reply);
	json_decref(reply);
	while (rc == 0 && !end &&
	       (rc = xt_client_recv(client, XT_SOCKET_SILENCE_MS, &reply)) == 0) {
		end = json_object_get(reply, "end") != NULL;
		if (json_is_true(json_object_get(reply, "lost"))) {
			lost++;
		} else if (json_object_get(reply, "rtt_us") &&
			   !json_object_get(reply, "duplicate")) {
			answered++;
			sum_us += json_integer_value(json_object_get(reply, "rtt_us"));
		}
		json_decref(reply);
	}
	xt_client_close(client);
	if (answered + lost == 0)
		return;
	json_object_set_new(probe, "pings_sent", json_integer(answered + lost));
	json_object_set_new(probe, "pings_answered", json_integer(answered));
	if (answered)
		json_object_set_new(probe, "ping_us", json_integer(sum_us / answered));
}

/* Handshakes, then pings. *probes: an object for each peer, by its key. */
static int probe(const char *name, const char *peer, json_t **probes)
{
	json_t *request = xt_query_wait(peer, PROBE_MS, false), *answer, *found, *result;
	size_t i, pinged = 0;
	int status;

	json_object_set_new(request, "probe", json_true());
	status = request_send(name, peer, request, &answer);
	*probes = json_object();
	json_array_foreach(json_object_get(answer, "peers"), i, found)
	{
		const char *key = xt_query_text(found, "public_key");
		bool connected = json_is_true(json_object_get(found, "connected"));

		if (!key)
			continue;
		result = json_pack("{s:b}", "handshake", connected);
		if (connected && pinged++ < PROBE_PEERS)
			peer_ping(name, key, result);
		json_object_set_new(*probes, key, result);
	}
	json_decref(answer);
	return status;
}

static void probe_print(const json_t *peer, const json_t *result)
{
	const char *label = xt_query_text(peer, "name");
	json_int_t sent = json_integer_value(json_object_get(result, "pings_sent"));
	json_int_t answered = json_integer_value(json_object_get(result, "pings_answered"));
	json_int_t us = json_integer_value(json_object_get(result, "ping_us"));

	label = label ? label : xt_query_text(peer, "public_key");
	printf("\nprobe: %s: %s", label ? label : "?",
	       json_is_true(json_object_get(result, "handshake")) ? "a handshake succeeded now"
								  : "no handshake in 6 s");
	if (sent)
		printf("; %lld of %lld pings answered", (long long)answered, (long long)sent);
	if (answered)
		printf(", %lld.%03lld ms on average", (long long)us / 1000, (long long)us % 1000);
	putchar('\n');
}

static void why_print(const json_t *why)
{
	const struct xt_status_style style = {.colour = xt_status_colour(stdout),
					      .now_s = (uint64_t)time(NULL)};
	const json_t *peer, *result;
	size_t i;

	xt_why_print(stdout, why, &style);
	json_array_foreach(json_object_get(why, "peers"), i, peer)
	{
		result = json_object_get(peer, "probe");
		if (result)
			probe_print(peer, result);
	}
}

/* Each result becomes "probe" of its peer. */
static void probes_add(json_t *why, const json_t *probes)
{
	json_t *peer, *result;
	size_t i;

	json_array_foreach(json_object_get(why, "peers"), i, peer)
	{
		const char *key = xt_query_text(peer, "public_key");

		result = key ? json_object_get(probes, key) : NULL;
		if (result)
			json_object_set(peer, "probe", result);
	}
}

int xt_cmd_why(const struct xt_args *args)
{
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	const char *peer = args->n > 1 ? args->operands[1] : NULL;
	json_t *request, *why, *probes = NULL;
	int status = xt_query_peer_check(name, peer);

	if (status == XT_EXIT_OK && args->given[PROBE])
		status = probe(name, peer, &probes);
	if (status == XT_EXIT_OK) {
		request = json_pack("{s:s,s:s*}", "do", "why", "peer", peer);
		status = request_send(name, peer, request, &why);
	}
	if (status == XT_EXIT_OK) {
		probes_add(why, probes);
		if (args->given[JSON]) {
			json_dumpf(why, stdout, JSON_INDENT(2));
			putchar('\n');
		} else {
			why_print(why);
		}
		status = xt_why_fine(why) ? XT_EXIT_OK : XT_EXIT_UNREACHABLE;
		json_decref(why);
	}
	json_decref(probes);
	return status;
}
