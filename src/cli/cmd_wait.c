/* SPDX-License-Identifier: MIT */
/* wait: ask peers for a handshake, and return when they have answered. */
#include <stdio.h>

#include <xtunnel/error.h>

#include "cli/cmd.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "cli/term.h"
#include "ipc/why.h"
#include "platform/clock.h"

enum { TIMEOUT };
const struct xt_option xt_wait_options[] = {
    {'t', "timeout", "SECONDS", "time to wait (30)"},
    {0},
};
const char xt_text_wait[] =
    "\nBegins a handshake with the PEER, or with every peer, session or not, and returns when each of\n"
    "them has a new session. Handshakes are repeated as the protocol does, every 5 s. A peer without\n"
    "endpoint is waited for until it sends, or its name is found. PEER is as for ping.\n"
    "\n"
    "  $ xtunnel wait left right --timeout 60 && ssh 10.7.0.2\n"
    "\n"
    "The exit status is 0 when all peers are up, 5 when one is not at the end of the time, with the\n"
    "reason as `xtunnel why` says it; 3 when NAME is not running, or ends meanwhile. Ctrl-C ends it.\n";

/* One line a peer that is up, or is not. */
static void peers_print(const char *name, const json_t *answer, bool up)
{
	const json_t *peer;
	size_t i;

	json_array_foreach(json_object_get(answer, "peers"), i, peer)
	{
		const char *label = xt_query_text(peer, "name"),
			   *code = xt_query_text(peer, "code");
		const char *sentence = xt_query_text(peer, "sentence");

		if (json_is_true(json_object_get(peer, "connected")) != up)
			continue;
		label = label ? label : xt_query_text(peer, "public_key");
		if (up)
			printf("%s: %s: %s (%s)\n", name, label ? label : "?",
			       sentence ? sentence : "?", code ? code : "?");
		else
			xt_message("%s: %s: %s%s (%s)", name, label ? label : "?",
				   /* its session was there before */
				   code && xt_why_word_is_fine(code) ? "no handshake yet; " : "",
				   sentence ? sentence : "?", code ? code : "?");
	}
}

static int answer_print(const char *name, const json_t *answer, uint64_t timeout_ms)
{
	json_int_t waiting = json_integer_value(json_object_get(answer, "waiting"));
	json_int_t connected = json_integer_value(json_object_get(answer, "connected"));

	peers_print(name, answer, true);
	if (waiting == 0 && json_integer_value(json_object_get(answer, "gone")) == 0)
		return XT_EXIT_OK;
	peers_print(name, answer, false);
	if (waiting == 0 && connected == 0)
		return xt_fail(XT_EXIT_UNREACHABLE, "%s: the peer was removed meanwhile", name);
	if (waiting == 0)
		return XT_EXIT_OK;
	return xt_fail(XT_EXIT_UNREACHABLE,
		       "%s: %lld of %lld peers not up after %g s; xtunnel why %s says more", name,
		       (long long)waiting, (long long)(waiting + connected),
		       (double)timeout_ms / 1000, name);
}

struct wait_progress {
	struct xt_progress line;
	uint64_t timeout_ms;
};

static void wait_progress_show(void *ctx, uint64_t done, uint64_t total)
{
	struct wait_progress *progress = ctx;
	uint64_t passed_ms = (xt_clock_now().mono - progress->line.start) / 1000000;
	char detail[40];

	progress->line.total = total;
	snprintf(detail, sizeof(detail), "waits for %llu s more",
		 (unsigned long long)(progress->timeout_ms > passed_ms
					  ? (progress->timeout_ms - passed_ms + 500) / 1000
					  : 0));
	xt_progress_update(&progress->line, done, detail);
}

int xt_wait_peers(const char *name, const char *peer, uint64_t timeout_ms, bool reachable)
{
	struct wait_progress progress = {.timeout_ms = timeout_ms};
	struct xt_client *client;
	json_t *request = xt_query_wait(peer, timeout_ms, reachable), *answer = NULL;
	int status = xt_query_open(&client, name, NULL, false), rc;

	if (status != XT_EXIT_OK) {
		json_decref(request);
		return status;
	}
	xt_progress_begin(&progress.line, name, " peers up", 0);
	xt_client_on_progress(client, wait_progress_show, &progress);
	rc = xt_client_request(client, request, XT_SOCKET_SILENCE_MS, &answer);
	xt_progress_end(&progress.line);
	xt_client_close(client);
	status = rc < 0 ? xt_query_peer_failed(name, peer, answer, rc)
			: answer_print(name, answer, timeout_ms);
	json_decref(answer);
	return status;
}

int xt_cmd_wait(const struct xt_args *args)
{
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	const char *peer = args->n > 1 ? args->operands[1] : NULL;
	uint64_t timeout_ms;
	int status;

	if (!xt_args_seconds(args, TIMEOUT, 0, 86400000, XT_WAIT_MS, &timeout_ms))
		return XT_EXIT_USAGE;
	status = xt_query_peer_check(name, peer);
	return status == XT_EXIT_OK ? xt_wait_peers(name, peer, timeout_ms, false) : status;
}
