/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* parses: src/host/channel_uv.c src/host/runner_client_uv.c src/host/hooks_uv.c
 * src/host/command_uv.c */
/* A hostile runner: any packets, while the monitor runs hooks, programs and PrivateKeyCommand
 * through it. Each is answered once, with an error that has a sentence of printable text; a key is
 * there only without an error.
 * Input: steps, a byte what is done and more of it; MESSAGE: see packets.h. */
#include <sched.h>

#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "fuzz/channel_end.h"
#include "host/command_uv.h"
#include "host/hooks_uv.h"
#include "host/runner_client_uv.h"

enum { HOOKS, COMMAND, KEY, CANCEL, SEND, MESSAGE, MESSAGE_TOO, END, STEPS };

#define RUNS 4 /* at once; the last one is the key */

struct run {
	struct monitor *monitor;
	enum { CLOSED, OPEN_HOOKS, OPEN_COMMAND, OPEN_KEY } state;
	struct xt_hooks_run *hooks;
	struct xt_command *command;
	size_t from, messages; /* so many had come when it began */
	uv_work_t work;
};

struct monitor {
	struct packets packets;
	struct xt_runner *runner;
	struct run runs[RUNS];
	size_t messages;
};

static void on_line(void *ctx, const struct xt_log_line *line)
{
	(void)ctx;
	check(xt_text_is_printable(line->text));
}

static void output_ignore(const char *text, size_t len)
{
	(void)text;
	(void)len;
}

static void on_hooks_done(void *ctx, const struct xt_hooks_result *result)
{
	struct run *run = ctx;
	char text[256];

	check(run->state == OPEN_HOOKS && result->error <= 0);
	run->state = CLOSED;
	check(memchr(result->output, '\0', sizeof(result->output)) != NULL);
	if (result->error < 0)
		check(result->at - run->from <= run->monitor->messages - run->messages);
	xt_hooks_text(result, "PostUp", text, sizeof(text));
	check(xt_text_is_printable(text));
}

static void on_command_done(void *ctx, const struct xt_command_result *result)
{
	struct run *run = ctx;
	char text[256];

	check(run->state == OPEN_COMMAND && result->error <= 0);
	run->state = CLOSED;
	xt_command_text(result, text, sizeof(text));
	check(xt_text_is_printable(text));
}

/* On a thread. */
static void key_work(uv_work_t *work)
{
	static const struct xt_private none;
	struct run *run = work->data;
	struct xt_private key;
	char text[160];
	int rc = xt_runner_key(run->monitor->runner, &key, text, sizeof(text));

	check(rc <= 0 && xt_text_is_printable(text));
	check(rc == 0 || memcmp(&key, &none, sizeof(key)) == 0);
}

static void on_key_worked(uv_work_t *work, int status)
{
	struct run *run = work->data;

	check(status == 0 && run->state == OPEN_KEY);
	run->state = CLOSED;
}

static struct run *run_begin(struct monitor *monitor, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (monitor->runs[i].state == CLOSED) {
			monitor->runs[i] =
			    (struct run){.monitor = monitor, .messages = monitor->messages};
			return &monitor->runs[i];
		}
	return NULL;
}

static void hooks_begin(struct monitor *monitor, struct input *in)
{
	static const struct xt_conf_hooks none;
	struct run *run = run_begin(monitor, 0, RUNS - 1);
	uint8_t which = input_byte(in);
	struct xt_hooks_options options = {.hooks = &none,
					   .name = "wg0",
					   .capture = which & 4,
					   .runner = monitor->runner,
					   .list = which & 3};

	if (!run)
		return;
	options.from = run->from = input_byte(in);
	run->state = OPEN_HOOKS;
	check(xt_hooks_start(&run->hooks, &monitor->packets.loop, &options, on_hooks_done, run) ==
	      0);
}

static void command_begin(struct monitor *monitor)
{
	static const char *const words[] = {"nft", "-f", "-", NULL};
	struct run *run = run_begin(monitor, 0, RUNS - 1);

	if (!run)
		return;
	run->state = OPEN_COMMAND;
	check(xt_command_start(&run->command, &monitor->packets.loop, monitor->runner, words, "x",
			       1, on_command_done, run) == 0);
}

static void key_begin(struct monitor *monitor)
{
	struct run *run = run_begin(monitor, RUNS - 1, RUNS);

	if (!run)
		return;
	run->state = OPEN_KEY;
	run->work.data = run;
	check(uv_queue_work(&monitor->packets.loop, &run->work, key_work, on_key_worked) == 0);
}

static void run_cancel(const struct run *run)
{
	if (run->state == OPEN_HOOKS)
		xt_hooks_cancel(run->hooks);
	else if (run->state == OPEN_COMMAND)
		xt_command_kill(run->command);
}

static void notices_send(struct monitor *monitor, uint8_t which)
{
	if (which & 1)
		xt_runner_read(monitor->runner);
	if (which & 2)
		xt_runner_detach(monitor->runner);
	if (which & 4)
		xt_runner_name(monitor->runner, "a-long-name-of-an-interface");
}

static void step(struct monitor *monitor, struct input *in)
{
	static const size_t sizes[] = {
	    sizeof(struct xt_hooks_result), sizeof(struct xt_command_result),
	    sizeof(struct xt_runner_key), sizeof(int), sizeof(struct xt_runner_text)};

	switch (input_byte(in) % STEPS) {
	case HOOKS:
		hooks_begin(monitor, in);
		break;
	case COMMAND:
		command_begin(monitor);
		break;
	case KEY:
		key_begin(monitor);
		break;
	case CANCEL:
		run_cancel(&monitor->runs[input_byte(in) % (RUNS - 1)]);
		break;
	case SEND:
		notices_send(monitor, input_byte(in));
		break;
	case END:
		packets_close(&monitor->packets);
		break;
	default:
		monitor->messages++;
		packets_send(&monitor->packets, in, sizes, XT_LEN(sizes));
		break;
	}
	packets_run(&monitor->packets);
}

static bool is_open(const struct monitor *monitor)
{
	for (size_t i = 0; i < RUNS; i++)
		if (monitor->runs[i].state != CLOSED)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct monitor monitor = {0};
	struct input in = {data, len};
	int fd = packets_begin(&monitor.packets);

	xt_log_set_sink(on_line, NULL);
	xt_output_set(output_ignore);
	check(xt_runner_open(&monitor.runner, &monitor.packets.loop, fd) == 0);
	while (in.len > 0)
		step(&monitor, &in);
	packets_close(&monitor.packets);
	for (; is_open(&monitor); (void)sched_yield()) /* to the thread that waits for a key */
		packets_run(&monitor.packets);
	xt_runner_close(monitor.runner);
	(void)uv_run(&monitor.packets.loop, UV_RUN_DEFAULT);
	check(uv_loop_close(&monitor.packets.loop) == 0);
	return 0;
}
