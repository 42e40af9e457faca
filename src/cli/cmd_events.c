/* SPDX-License-Identifier: MIT */
/* events: what happens, of one instance or of all, as it happens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "ipc/events.h"
#include "ipc/socket.h"

enum { JSON };
const struct xt_option xt_events_options[] = {
    {'j', "json", NULL, "print one JSON object a line"},
    {0},
};
const char xt_text_events[] =
    "\nPrints what happens from now on: sessions, peers that move or do not answer, names, MTU, load,\n"
    "reloads. Without NAME, of all instances, also of those that start later. Ends with 0 when the\n"
    "instance ends, or the last of all; with 3 when none is running. A reader that does not keep up\n"
    "loses events, and the event `lost` says how many. docs/events.md lists the codes.\n"
    "\n"
    "  $ xtunnel events left\n"
    "  2026-11-30T09:14:02.518Z session: left: right: session established, 198.51.100.2:51820\n"
    "  $ xtunnel events --json | jq -c 'select(.code == \"gave-up\")'\n";

#define SOURCES_MAX 256
#define RESCAN_MS   1000

struct source {
	char name[64];
	struct xt_client *client;
	uint64_t heard_ms;
};

/* refused  names of instances that cannot be followed, which was printed
 * one      of the NAME that was given: nothing else is followed */
struct follower {
	struct source v[SOURCES_MAX];
	size_t n, n_refused;
	char refused[SOURCES_MAX][64];
	bool one, json;
	int status; /* enum xt_exit */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* quiet: it may have ended since its name was read. */
static int source_open(struct follower *f, const char *name, bool quiet)
{
	struct source *source = &f->v[f->n];
	json_t *answer = NULL;
	int status, rc;

	if (f->n == SOURCES_MAX)
		return XT_EXIT_OK;
	status = xt_query_open(&source->client, name, NULL, quiet);
	if (status != XT_EXIT_OK)
		return status;
	rc = xt_client_request(source->client, json_pack("{s:s}", "do", "events"),
			       XT_SOCKET_SILENCE_MS, &answer);
	if (rc < 0) {
		if (!quiet)
			status = xt_query_answer_failed(name, answer, rc);
		xt_client_close(source->client);
	} else {
		snprintf(source->name, sizeof(source->name), "%s", name);
		source->heard_ms = now_ms();
		f->n++;
	}
	json_decref(answer);
	return status;
}

static bool source_is(const struct follower *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < f->n_refused; i++)
		if (strcmp(f->refused[i], name) == 0)
			return true;
	return false;
}

static void source_try(struct follower *f, const char *name)
{
	if (source_is(f, name) || source_open(f, name, true) != XT_EXIT_FAILURE)
		return;
	f->status = XT_EXIT_FAILURE;
	if (f->n_refused < SOURCES_MAX)
		snprintf(f->refused[f->n_refused++], sizeof(f->refused[0]), "%s", name);
}

static void sources_scan(struct follower *f)
{
	char **names;
	size_t n;

	if (xt_rundir_list(&names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		source_try(f, names[i]);
	xt_rundir_list_free(names, n);
}

static void source_close(struct follower *f, size_t i)
{
	xt_client_close(f->v[i].client);
	f->v[i] = f->v[--f->n];
}

static void event_put(const struct follower *f, const json_t *event)
{
	if (!f->json) {
		(void)xt_event_print(stdout, event);
	} else if (json_is_string(json_object_get(event, "code"))) {
		json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(13));
		putchar('\n');
	}
}

/* Print what has come. false: the source has ended. */
static bool source_read(struct follower *f, struct source *source)
{
	json_t *event;
	bool end = false;
	int rc = 0;

	source->heard_ms = now_ms();
	while (!end && (rc = xt_client_recv(source->client, 0, &event)) == 0) {
		end = json_is_true(json_object_get(event, "end"));
		event_put(f, event);
		json_decref(event);
	}
	if (!end && rc != -ETIMEDOUT && rc != -EPIPE) {
		xt_message("%s: %s", source->name, xt_strerror(rc));
		f->status = XT_EXIT_FAILURE;
	}
	return !end && rc == -ETIMEDOUT;
}

static void sources_read(struct follower *f, const bool *ready)
{
	for (size_t i = f->n; i-- > 0;) {
		bool silent = now_ms() - f->v[i].heard_ms > XT_SOCKET_SILENCE_MS;

		if (ready[i]) {
			if (!source_read(f, &f->v[i]))
				source_close(f, i);
		} else if (silent) {
			xt_message("%s: no answer within %d s", f->v[i].name,
				   XT_SOCKET_SILENCE_MS / 1000);
			f->status = XT_EXIT_FAILURE;
			source_close(f, i);
		}
	}
}

/* Until all sources or the output's reader have ended. */
static void follow(struct follower *f)
{
	int fds[SOURCES_MAX];
	bool ready[SOURCES_MAX];

	while (f->n > 0 && xt_term_flush()) {
		for (size_t i = 0; i < f->n; i++)
			fds[i] = xt_client_fd(f->v[i].client);
		int rc = xt_socket_await_any(fds, ready, f->n, RESCAN_MS);
		if (rc < 0 && rc != -EINTR)
			return;
		sources_read(f, ready);
		if (!f->one)
			sources_scan(f);
	}
}

int xt_cmd_events(const struct xt_args *args)
{
	static struct follower follower;
	char buf[64];
	int status = XT_EXIT_OK;

	follower.json = args->given[JSON];
	follower.one = args->n > 0;
	if (follower.one) {
		status = source_open(&follower, xt_query_name(args->operands[0], buf), false);
		if (status != XT_EXIT_OK)
			return status;
	} else {
		if (xt_rundir_explain(NULL))
			follower.status = XT_EXIT_FAILURE;
		sources_scan(&follower);
		if (follower.n == 0 && follower.n_refused > 0)
			return XT_EXIT_FAILURE;
		if (follower.n == 0) {
			xt_message("no instance is running");
			return XT_EXIT_NOT_RUNNING;
		}
	}
	follow(&follower);
	return follower.status;
}
