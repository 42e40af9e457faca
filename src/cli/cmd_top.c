/* SPDX-License-Identifier: MIT */
/* top: a live view of instances and peers. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"
#include "cli/top_screen.h"
#include "cli/top_text.h"

enum { INTERVAL, COUNT, SORT, REVERSE, FILTER, PLAIN, JSON };
const struct xt_option xt_top_options[] = {
    {'i', "interval", "SECONDS", "between two samples (1)"},
    {'c', "count", "N", "end after N samples"},
    {'s', "sort", "KEY", "name, state, rx, tx, rtt, loss or age"},
    {'r', "reverse", NULL, "the other way round"},
    {'f', "filter", "TEXT", "peers whose name, instance, endpoint or state holds it"},
    {'p', "plain", NULL, "print tables, for any terminal or a file"},
    {'j', "json", NULL, "print one JSON object a line"},
    {0},
};
const char xt_text_top[] =
    "\nShows of each instance its CPU, how many peers are up, bytes and drops a second; of each peer\n"
    "its state, throughput with its trend, round trip, loss, age of the handshake, path MTU, endpoint\n"
    "and link. Of a peer that is not up it shows what `xtunnel why` says. Without NAME, of all\n"
    "instances that this user may see, also of those that start later.\n"
    "Keys: q leaves, s sorts, r reverses, / filters, space stops, + and - change the interval, h helps.\n"
    "Where standard output is no terminal, and with --plain, it prints a table for each sample, which\n"
    "has no rates the first time. NO_COLOR is respected.\n";

#define SILENCE_MS  2000 /* of an instance that is stopped */
#define WHY_PEERS   2000 /* of an instance with more, `why` is not asked for */
#define PLAIN_WIDTH 132

/* name: the only one, NULL: all */
struct sample {
	const char *name;
	struct xt_top *top;
	struct xt_top_view view;
	bool plain, json;
	uint64_t left;
	int status;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* --- processor time --- */

/* Of one process, with its threads; 0: not known. */
static uint64_t process_ns(long pid)
{
	unsigned long long user, system;
	char path[40], text[512], *end;
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* The name of the process is in brackets, and may hold anything. */
	if (fgets(text, sizeof(text), file) && (end = strrchr(text, ')')) &&
	    sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		   &system) == 2)
		ns = (user + system) * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
	(void)fclose(file);
	return ns;
}

/* The process of the instance, and its children. */
static uint64_t processes_ns(const json_t *show)
{
	long pid = (long)json_integer_value(json_object_get(show, "pid")), child;
	uint64_t sum = process_ns(pid);
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
	file = fopen(path, "re");
	if (!file)
		return sum;
	while (fscanf(file, "%ld", &child) == 1)
		sum += process_ns(child);
	(void)fclose(file);
	return sum;
}

/* --- samples --- */

static int instance_ask(const char *path, const char *verb, json_t **out)
{
	struct xt_client *client;
	int rc = xt_client_open(&client, path);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = xt_client_request(client, json_pack("{s:s}", "do", verb), SILENCE_MS, out);
	xt_client_close(client);
	if (rc < 0) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* false: it has ended. */
static bool instance_sample(struct sample *sample, const char *name)
{
	char path[XT_RUNSOCK_MAX];
	json_t *show, *why = NULL;
	int rc = xt_rundir_find(path, name) ? instance_ask(path, "show", &show) : -ENOENT;

	if (rc == -ENOENT || rc == -ECONNREFUSED || rc == -EPIPE)
		return false;
	if (rc < 0) {
		xt_top_failed(sample->top, name,
			      rc == -ETIMEDOUT ? "does not answer" : xt_strerror(rc));
		return true;
	}
	if (json_array_size(json_object_get(show, "peers")) <= WHY_PEERS)
		(void)instance_ask(path, "why", &why);
	xt_top_put(sample->top, show, why, processes_ns(show));
	json_decref(why);
	json_decref(show);
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* false: the instance that was named does not run. */
static bool sample_take(struct sample *sample)
{
	bool there = true;
	char **names;
	size_t n;

	xt_top_begin(sample->top, now_ns(), (int64_t)time(NULL));
	if (sample->name) {
		there = instance_sample(sample, sample->name);
	} else if (xt_rundir_list(&names, &n) == 0) {
		for (size_t i = 0; i < n; i++)
			(void)instance_sample(sample, names[i]);
		xt_rundir_list_free(names, n);
	}
	if (xt_top_end(sample->top) < 0)
		sample->status = XT_EXIT_FAILURE;
	return there;
}

/* --- output without a screen --- */

static void plain_print(struct sample *sample)
{
	const struct xt_top_style style = {.width = PLAIN_WIDTH, .ascii = true};
	const struct xt_top_instance *const *instances;
	const struct xt_top_peer *const *peers;
	size_t n = xt_top_instances(sample->top, &instances);
	char text[XT_TOP_LINE];

	xt_top_instance_head(text, &style);
	puts(text);
	for (size_t i = 0; i < n; i++) {
		xt_top_instance_line(text, &style, instances[i]);
		puts(text);
		if (instances[i]->n_drops == 0)
			continue;
		xt_top_drops_line(text, &style, instances[i]);
		puts(text);
	}
	n = xt_top_peers(sample->top, sample->view.order, sample->view.reverse, sample->view.filter,
			 &peers);
	xt_top_peer_head(text, &style);
	puts(text);
	for (size_t i = 0; i < n; i++) {
		xt_top_peer_line(text, &style, peers[i]);
		puts(text);
	}
	putchar('\n');
}

static void json_print(struct sample *sample)
{
	json_t *json =
	    xt_top_json(sample->top, sample->view.order, sample->view.reverse, sample->view.filter);

	json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(json);
}

static void interval_wait(const struct sample *sample)
{
	const struct timespec wait = {sample->view.interval_ms / 1000,
				      (long)(sample->view.interval_ms % 1000) * 1000000};

	(void)nanosleep(&wait, NULL); /* a signal ends it, and the loop */
}

static int lines_run(struct sample *sample)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	for (;;) {
		if (!sample_take(sample))
			return XT_EXIT_OK;
		if (sample->json)
			json_print(sample);
		else
			plain_print(sample);
		if (!xt_term_flush() || --sample->left == 0 || interrupted)
			return sample->status;
		interval_wait(sample);
		if (interrupted)
			return sample->status;
	}
}

/* Messages would be drawn into the table. */
static int screen_run(struct sample *sample, struct xt_top_screen *screen)
{
	bool there = true, quits = false;

	while (there && !quits && sample->left > 0) {
		there = sample_take(sample);
		quits = there && xt_top_screen_show(screen, sample->top, &sample->view);
		sample->left--;
	}
	xt_top_screen_close(screen);
	if (!there)
		xt_message("%s has ended", sample->name);
	return sample->status;
}

/* --- the command --- */

static bool order_parse(enum xt_top_order *out, const char *word)
{
	for (unsigned i = 0; i < XT_TOP_ORDERS; i++)
		if (strcmp(word, xt_top_orders[i]) == 0) {
			*out = (enum xt_top_order)i;
			return true;
		}
	xt_message("top: --sort is name, state, rx, tx, rtt, loss or age, not %s", word);
	return false;
}

static bool options_read(struct sample *sample, const struct xt_args *args)
{
	const char *filter = args->given[FILTER] ? args->value[FILTER] : "";
	uint64_t interval_ms;

	if (!xt_args_seconds(args, INTERVAL, 100, 3600000, 1000, &interval_ms) ||
	    !xt_args_number(args, COUNT, 1, UINT32_MAX, UINT64_MAX, &sample->left))
		return false;
	if (args->given[SORT] && !order_parse(&sample->view.order, args->value[SORT]))
		return false;
	sample->view.interval_ms = (unsigned)interval_ms;
	sample->view.reverse = args->given[REVERSE];
	snprintf(sample->view.filter, sizeof(sample->view.filter), "%s", filter);
	sample->json = args->given[JSON];
	sample->plain = args->given[PLAIN] || !isatty(STDOUT_FILENO);
	if (!(args->given[PLAIN] && sample->json))
		return true;
	xt_message("top: --plain and --json do not go together");
	return false;
}

static int output_run(struct sample *sample)
{
	struct xt_top_screen *screen;
	int rc;

	if (sample->json || sample->plain)
		return lines_run(sample);
	rc = xt_top_screen_open(&screen);
	if (rc == XT_E_UNSUPPORTED)
		return xt_fail(XT_EXIT_FAILURE, "top was built without ncurses: --plain or --json");
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "top cannot use this terminal: --plain or --json");
	return screen_run(sample, screen);
}

int xt_cmd_top(const struct xt_args *args)
{
	struct sample sample = {.status = XT_EXIT_OK};
	struct xt_client *client;
	char buf[64];
	int status;

	if (!options_read(&sample, args))
		return XT_EXIT_USAGE;
	if (args->n > 0) {
		sample.name = xt_query_name(args->operands[0], buf);
		status = xt_query_open(&client, sample.name, NULL, false);
		if (status != XT_EXIT_OK)
			return status;
		xt_client_close(client);
	}
	if (xt_top_new(&sample.top) < 0)
		return xt_fail(XT_EXIT_FAILURE, "out of memory");
	status = output_run(&sample);
	xt_top_free(sample.top);
	return status;
}
