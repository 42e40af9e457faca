/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* The runner as a process: hooks and programs on request, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "host/channel_uv.h"
#include "host/command_uv.h"
#include "host/hooks_uv.h"
#include "host/runner_client_uv.h"
#include "host/runner_uv.h"

#define KEY "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="

/* A runner of the file, with standard error in a file, and PATH in a directory of fake programs. */
struct fixture {
	char dir[64], conf[96], log[96];
	pid_t pid; /* 0: was awaited */
	int fd;	   /* the socket; -1: a client has it */
	uv_loop_t loop;
	struct xt_runner *runner;
};

static void file_write(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void conf_write(const struct fixture *f, const char *hooks)
{
	char text[2048];

	snprintf(text, sizeof(text), "[Interface]\nPrivateKey = %s\n%s", KEY, hooks);
	file_write(f->conf, text, 0600);
}

static const char *log_read(const struct fixture *f)
{
	static char text[8192];
	int fd = open(f->log, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

/* A fake program writes its words and its input to standard error's file, and ends with 0. */
static void program_write(const struct fixture *f, const char *name)
{
	char path[128], text[300];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	snprintf(text, sizeof(text), "#!/bin/sh\n(echo \"%s:$*:$(cat)\") >>%s\n", name, f->log);
	file_write(path, text, 0700);
}

/* A program of its own: libuv must not have been in use where the runner begins. */
static void child_exec(const struct fixture *f, int fd)
{
	int log = open(f->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	char path[256], number[16];

	dup2(log, STDERR_FILENO);
	close(log);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", f->dir);
	setenv("PATH", path, 1);
	snprintf(number, sizeof(number), "%d", fcntl(fd, F_DUPFD, 100));
	execl("/proc/self/exe", "test_runner", number, f->conf, NULL);
	_exit(98);
}

/* In place of PrivateKeyCommand: the port of the file that was read makes the key. */
static int key_run(struct xt_conf *file, char *text, size_t cap)
{
	if (!file->has_port) {
		snprintf(text, cap, "printed no key");
		return XT_E_INVALID;
	}
	memset(&file->private_key, file->listen_port & 0xff, sizeof(file->private_key));
	return 0;
}

static int child_serve(int fd, const char *path)
{
	struct xt_conf_diagnostics diagnostics = {0};
	struct xt_conf conf;

	if (xt_conf_load(&conf, path, &diagnostics) < 0)
		return 99;
	return xt_runner_serve_keys(fd, &conf, key_run);
}

static void begin(struct fixture *f, const char *hooks)
{
	int pair[2];

	strcpy(f->dir, "/tmp/xtunnel-runner-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->conf, sizeof(f->conf), "%s/wg-test.conf", f->dir);
	snprintf(f->log, sizeof(f->log), "%s/log", f->dir);
	conf_write(f, hooks);
	program_write(f, "nft");
	program_write(f, "resolvectl");
	program_write(f, "resolvconf");
	assert_int_equal(xt_channel_pair(pair), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0)
		child_exec(f, pair[1]);
	close(pair[1]);
	f->fd = pair[0];
	f->runner = NULL;
	assert_int_equal(uv_loop_init(&f->loop), 0);
}

static void connect_client(struct fixture *f)
{
	assert_int_equal(xt_runner_open(&f->runner, &f->loop, f->fd), 0);
	f->fd = -1;
}

/* The exit status of the runner, which is awaited for ten seconds. */
static int runner_await(const struct fixture *f)
{
	int status = 0;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(f->pid, &status, WNOHANG) == f->pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		usleep(10000);
	}
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	return -1;
}

static int finish(struct fixture *f)
{
	char command[128];
	int status;

	xt_runner_close(f->runner);
	if (f->fd >= 0)
		close(f->fd);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	status = f->pid ? runner_await(f) : 0;
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	return status;
}

/* --- hooks --- */

struct hooks_seen {
	unsigned done;
	struct xt_hooks_result result;
};

static void on_hooks(void *ctx, const struct xt_hooks_result *result)
{
	struct hooks_seen *seen = ctx;

	seen->done++;
	seen->result = *result;
}

static struct hooks_seen hooks_run(struct fixture *f, enum xt_hook_list list, size_t from,
				   bool capture)
{
	/* What stands here is not run: the runner has its file. */
	static struct xt_conf_hook wrong = {(char *)(uintptr_t) "echo WRONG", 1};
	static const struct xt_conf_hooks hooks = {&wrong, 1};
	const struct xt_hooks_options options = {.hooks = &hooks,
						 .from = from,
						 .name = "other",
						 .capture = capture,
						 .runner = f->runner,
						 .list = list};
	struct hooks_seen seen = {0};
	struct xt_hooks_run *run;

	assert_int_equal(xt_hooks_start(&run, &f->loop, &options, on_hooks, &seen), 0);
	assert_int_equal(seen.done, 0);
	while (!seen.done)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(seen.done, 1);
	return seen;
}

static void hooks_of_the_file_run_in_order(void **state)
{
	struct hooks_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one %i\nPostUp = echo two\nPreDown = echo down\n");
	connect_client(&f);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_int_equal(seen.result.error, 0);
	assert_string_equal(log_read(&f), "one wg-test\ntwo\n");
	seen = hooks_run(&f, XT_HOOKS_PRE_UP, 0, false);
	assert_int_equal(seen.result.error, 0);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 1, false);
	assert_string_equal(log_read(&f), "one wg-test\ntwo\ntwo\n");
	assert_int_equal(finish(&f), 0);
}

static void a_hook_that_fails_is_reported_with_its_place(void **state)
{
	struct hooks_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = true\nPostUp = echo why; exit 3\nPostUp = echo never\n");
	connect_client(&f);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 0, true);
	assert_int_equal(seen.result.error, XT_E_INVALID);
	assert_int_equal(seen.result.status, 3);
	assert_int_equal(seen.result.line, 4);
	assert_int_equal(seen.result.at, 1);
	assert_string_equal(seen.result.output, "why\n");
	assert_string_equal(log_read(&f), ""); /* captured: the monitor prints it */
	assert_int_equal(finish(&f), 0);
}

/* A hook has the signals, descriptors and session that it has without a runner. */
static void a_hook_has_the_defaults_of_a_process(void **state)
{
	struct hooks_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = grep SigIgn /proc/self/status; ls /proc/self/fd | wc -l; "
		  "readlink /proc/self/fd/0\n");
	connect_client(&f);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 0, true);
	assert_int_equal(seen.result.error, 0);
	assert_string_equal(seen.result.output, "SigIgn:\t0000000000000000\n4\n/dev/null\n");
	assert_int_equal(finish(&f), 0);
}

static void the_interface_may_get_another_name_before_the_first_hook(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo %i\n");
	connect_client(&f);
	xt_runner_name(f.runner, "tun7");
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "tun7\n");
	xt_runner_name(f.runner, "eth0"); /* out of order: it ends */
	assert_int_equal(runner_await(&f), 1);
	f.pid = 0;
	assert_int_equal(finish(&f), 0);
}

static void a_file_that_is_read_again_changes_the_hooks(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	conf_write(&f, "PostUp = echo two %i\nPostUp = echo three\n");
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "one\none\n");
	xt_runner_read(f.runner);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "one\none\ntwo wg-test\nthree\n");
	conf_write(&f, "PostUp = echo four\nNonsense\n"); /* the hooks stay those of before */
	xt_runner_read(f.runner);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 1, false);
	assert_string_equal(log_read(&f), "one\none\ntwo wg-test\nthree\nthree\n");
	assert_int_equal(finish(&f), 0);
}

/* Hooks run as root: a file that others can write is not taken. */
static void a_file_that_others_can_write_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	conf_write(&f, "PostUp = echo two\n");
	assert_int_equal(chmod(f.conf, 0666), 0);
	xt_runner_read(f.runner);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), geteuid() == 0 ? "one\none\n" : "one\ntwo\n");
	assert_int_equal(finish(&f), 0);
}

struct cancel {
	const struct fixture *fixture;
	struct xt_hooks_run *run;
};

/* As soon as the hook runs, which takes its time on a busy machine. */
static void on_cancel(uv_timer_t *timer)
{
	const struct cancel *cancel = timer->data;

	if (!strstr(log_read(cancel->fixture), "runs\n"))
		return;
	xt_hooks_cancel(cancel->run);
	uv_close((uv_handle_t *)timer, NULL);
}

static void a_cancel_ends_the_hook_that_runs(void **state)
{
	struct xt_hooks_options options = {
	    .hooks = &(struct xt_conf_hooks){0}, .name = "wg-test", .list = XT_HOOKS_POST_UP};
	struct hooks_seen seen = {0};
	struct fixture f;
	struct cancel cancel = {.fixture = &f};
	uv_timer_t timer;
	uint64_t start = uv_hrtime();

	(void)state;
	begin(&f, "PostUp = echo runs; sleep 30\nPostUp = echo never\n");
	connect_client(&f);
	options.runner = f.runner;
	assert_int_equal(xt_hooks_start(&cancel.run, &f.loop, &options, on_hooks, &seen), 0);
	uv_timer_init(&f.loop, &timer);
	timer.data = &cancel;
	uv_timer_start(&timer, on_cancel, 10, 10);
	while (!seen.done)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(seen.result.error, -ECANCELED);
	assert_int_equal(seen.result.line, 3);
	assert_true(uv_hrtime() - start < 25000000000u);
	assert_null(strstr(log_read(&f), "never"));
	assert_int_equal(finish(&f), 0);
}

/* The monitor has crashed: what runs is ended, nothing is undone, and the runner exits. */
static void the_end_of_the_socket_ends_the_hook_and_the_runner(void **state)
{
	struct xt_runner_task *task;
	struct fixture f;
	char held[64], alive[64], hooks[400];

	(void)state;
	snprintf(held, sizeof(held), "/tmp/xtunnel-runner-held-%d", (int)getpid());
	snprintf(alive, sizeof(alive), "/tmp/xtunnel-runner-alive-%d", (int)getpid());
	snprintf(hooks, sizeof(hooks),
		 "PostUp = echo runs; (i=0; while [ -e %s ] && [ $i -lt 300 ]; do sleep 0.1;"
		 " i=$((i+1)); done; touch %s) & sleep 30\n"
		 "PostDown = echo undone\n",
		 held, alive);
	assert_int_equal(close(open(held, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	begin(&f, hooks);
	connect_client(&f);
	assert_int_equal(xt_runner_hook(&task, f.runner, XT_HOOKS_POST_UP, 0, false, NULL, NULL),
			 0);
	for (int i = 0; i < 500 && !*log_read(&f); i++) {
		uv_run(&f.loop, UV_RUN_NOWAIT);
		usleep(10000);
	}
	assert_string_equal(log_read(&f), "runs\n");
	xt_runner_close(f.runner);
	f.runner = NULL;
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(runner_await(&f), 0);
	unlink(held); /* not before: on a slow machine the end takes seconds */
	usleep(500000);
	assert_int_equal(access(alive, F_OK), -1);
	assert_string_equal(log_read(&f), "runs\n");
	f.pid = 0;
	assert_int_equal(finish(&f), 0);
}

static void a_runner_that_has_ended_is_reported_to_those_that_wait(void **state)
{
	struct hooks_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = kill -9 $PPID; sleep 1\n");
	connect_client(&f);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_int_equal(seen.result.error, -EPIPE);
	seen = hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_int_equal(seen.result.error, -EPIPE);
	assert_int_equal(finish(&f), -1);
}

static void output_of_a_detached_runner_goes_nowhere(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	xt_runner_detach(f.runner);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "one\n");
	assert_int_equal(finish(&f), 0);
}

static void a_terminal_s_signals_do_not_end_the_runner(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE};
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	for (size_t i = 0; i < XT_LEN(signals); i++)
		assert_int_equal(kill(f.pid, signals[i]), 0);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "one\none\n");
	assert_int_equal(finish(&f), 0);
}

/* --- the key --- */

struct key_seen {
	uv_work_t work;
	struct fixture *f;
	struct xt_private key;
	char text[160];
	int error;
	bool done;
};

static void key_work(uv_work_t *work)
{
	struct key_seen *seen = work->data;

	seen->error = xt_runner_key(seen->f->runner, &seen->key, seen->text, sizeof(seen->text));
}

static void on_key_worked(uv_work_t *work, int status)
{
	struct key_seen *seen = work->data;

	(void)status;
	seen->done = true;
}

static struct key_seen key_fetch(struct fixture *f)
{
	struct key_seen seen = {.f = f};

	memset(&seen.key, 1, sizeof(seen.key));
	seen.work.data = &seen;
	assert_int_equal(uv_queue_work(&f->loop, &seen.work, key_work, on_key_worked), 0);
	while (!seen.done)
		uv_run(&f->loop, UV_RUN_ONCE);
	return seen;
}

/* Of the file as it is now, before its hooks are in force. */
static void a_key_comes_from_the_command_of_the_present_file(void **state)
{
	struct key_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	seen = key_fetch(&f);
	assert_int_equal(seen.error, XT_E_INVALID);
	assert_string_equal(seen.text, "printed no key");
	assert_int_equal(seen.key.b[0], 0);
	conf_write(&f, "ListenPort = 77\nPostUp = echo two\n");
	seen = key_fetch(&f);
	assert_int_equal(seen.error, 0);
	assert_int_equal(seen.key.b[31], 77);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	assert_string_equal(log_read(&f), "one\none\n");
	conf_write(&f, "Nonsense\n");
	seen = key_fetch(&f);
	assert_int_equal(seen.error, XT_E_SYNTAX);
	assert_int_equal(finish(&f), 0);
}

static void a_key_is_not_waited_for_when_the_runner_has_ended(void **state)
{
	struct key_seen seen;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = kill -9 $PPID\n");
	connect_client(&f);
	(void)hooks_run(&f, XT_HOOKS_POST_UP, 0, false);
	seen = key_fetch(&f);
	assert_int_equal(seen.error, -EPIPE);
	assert_int_equal(finish(&f), -1);
}

/* --- programs --- */

struct command_seen {
	unsigned done;
	struct xt_command_result result;
};

static void on_command(void *ctx, const struct xt_command_result *result)
{
	struct command_seen *seen = ctx;

	seen->done++;
	seen->result = *result;
}

static struct xt_command_result command_run(struct fixture *f, const char *input,
					    const char *const *argv)
{
	struct command_seen seen = {0};
	struct xt_command *command;

	assert_int_equal(xt_command_start(&command, &f->loop, f->runner, argv, input, strlen(input),
					  on_command, &seen),
			 0);
	assert_int_equal(seen.done, 0);
	while (!seen.done)
		uv_run(&f->loop, UV_RUN_ONCE);
	return seen.result;
}

#define RUN(f, input, ...) command_run(f, input, (const char *const[]){__VA_ARGS__, NULL}).error

static void the_programs_of_the_list_run(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "");
	connect_client(&f);
	assert_int_equal(RUN(&f, "", "resolvectl", "dns", "wg-test", "10.0.0.1", "fd00::1"), 0);
	assert_int_equal(RUN(&f, "", "resolvectl", "domain", "wg-test", "a.example", "~."), 0);
	assert_int_equal(RUN(&f, "nameserver 10.0.0.1\nsearch a.example b.example\n", "resolvconf",
			     "-a", "tun.wg-test", "-m", "0", "-x"),
			 0);
	assert_int_equal(RUN(&f, "add table inet xtunnel-wg-test\n", "nft", "-f", "-"), 0);
	assert_string_equal(log_read(&f), "resolvectl:dns wg-test 10.0.0.1 fd00::1:\n"
					  "resolvectl:domain wg-test a.example ~.:\n"
					  "resolvconf:-a tun.wg-test -m 0 -x:nameserver 10.0.0.1\n"
					  "search a.example b.example\n"
					  "nft:-f -:add table inet xtunnel-wg-test\n");
	assert_int_equal(finish(&f), 0);
}

static void other_programs_and_words_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "");
	connect_client(&f);
	assert_int_equal(RUN(&f, "", "sh", "-c", "echo"), -EPERM);
	assert_int_equal(RUN(&f, "", "/bin/nft", "-f", "-"), -EPERM);
	assert_int_equal(RUN(&f, "add table inet xtunnel-eth0\n", "nft", "-f", "-"), -EPERM);
	assert_int_equal(RUN(&f, "add table inet xtunnel-wg-test\n", "nft", "-f", "x"), -EPERM);
	assert_int_equal(RUN(&f, "include \"/etc/shadow\"\n", "nft", "-f", "-"), -EPERM);
	assert_int_equal(RUN(&f, "", "nft", "-f", "-"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvectl", "dns", "eth0", "10.0.0.1"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvectl", "dns", "wg-test", "a.example"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvectl", "flush-caches"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvectl", "revert", "wg-test", "eth0"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvconf", "-d", "eth0", "-f"), -EPERM);
	assert_int_equal(RUN(&f, "", "resolvconf", "-d", "../wg-test", "-f"), -EPERM);
	assert_int_equal(RUN(&f, "options x\n", "resolvconf", "-a", "wg-test", "-m", "0"), -EPERM);
	assert_int_equal(RUN(&f, "nameserver x", "resolvconf", "-a", "wg-test", "-m", "0"), -EPERM);
	assert_string_equal(log_read(&f), "");
	assert_int_equal(finish(&f), 0); /* a refusal is an answer, and not the end */
}

static void a_program_can_be_killed(void **state)
{
	struct command_seen seen = {0};
	struct xt_command *command;
	struct fixture f;
	char path[128];

	(void)state;
	begin(&f, "");
	snprintf(path, sizeof(path), "%s/nft", f.dir);
	file_write(path, "#!/bin/sh\nexec sleep 30\n", 0700);
	connect_client(&f);
	assert_int_equal(xt_command_start(&command, &f.loop, f.runner,
					  (const char *const[]){"nft", "-f", "-", NULL},
					  "add table inet xtunnel-wg-test\n", 31, on_command,
					  &seen),
			 0);
	xt_command_kill(command);
	while (!seen.done)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(seen.result.error, XT_E_INVALID);
	assert_int_equal(seen.result.signal, SIGKILL);
	assert_int_equal(finish(&f), 0);
}

/* --- hostile messages --- */

/* As channel_uv.c writes a message of one packet. */
static void packet_send(int fd, uint32_t kind, uint32_t serial, const void *data, size_t len)
{
	uint32_t head[4] = {kind, serial, (uint32_t)len, 0};
	uint8_t packet[4096];

	memcpy(packet, head, sizeof(head));
	if (len > 0)
		memcpy(packet + sizeof(head), data, len);
	(void)send(fd, packet, sizeof(head) + len, MSG_NOSIGNAL);
}

static void malformed(uint32_t kind, const void *data, size_t len)
{
	struct fixture f;

	begin(&f, "PostUp = echo one\n");
	packet_send(f.fd, kind, 1, data, len);
	assert_int_equal(runner_await(&f), 1);
	assert_string_equal(log_read(&f), "");
	f.pid = 0;
	assert_int_equal(finish(&f), 0);
}

static void a_malformed_message_ends_the_runner(void **state)
{
	const struct xt_runner_hook list = {.list = 4}, capture = {.capture = 2};
	const struct xt_runner_command none = {0}, many = {.n_words = 1u << 30},
				       long_words = {1, ~0u};
	const char open_word[] = {1, 0, 0, 0, 2, 0, 0, 0, 'n', 'f'};

	(void)state;
	malformed(0, NULL, 0);
	malformed(XT_RUNNER_KINDS, NULL, 0);
	malformed(~0u, "x", 1);
	malformed(XT_RUNNER_HOOK, NULL, 0);
	malformed(XT_RUNNER_HOOK, "echo hello there", 16);
	malformed(XT_RUNNER_HOOK, &list, sizeof(list));
	malformed(XT_RUNNER_HOOK, &capture, sizeof(capture));
	malformed(XT_RUNNER_HOOK_TEXT, &list, sizeof(list));
	malformed(XT_RUNNER_COMMAND, "", 1);
	malformed(XT_RUNNER_COMMAND, &none, sizeof(none));
	malformed(XT_RUNNER_COMMAND, &many, sizeof(many));
	malformed(XT_RUNNER_COMMAND, &long_words, sizeof(long_words));
	malformed(XT_RUNNER_COMMAND, open_word, sizeof(open_word));
	malformed(XT_RUNNER_NAME, "0123456789abcdef", 16);
	malformed(XT_RUNNER_NAME, "../x\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	malformed(XT_RUNNER_NAME, "wg", 2);
	malformed(XT_RUNNER_CANCEL, "x", 1);
	malformed(XT_RUNNER_READ, "/etc/passwd", 11);
	malformed(XT_RUNNER_DETACH, "x", 1);
	malformed(XT_RUNNER_KEY, "pass show key", 13);
}

static void what_is_no_packet_ends_the_runner(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "");
	assert_int_equal(send(f.fd, "short", 5, 0), 5);
	assert_int_equal(runner_await(&f), 1);
	f.pid = 0;
	assert_int_equal(finish(&f), 0);
}

static void answer_read(int fd, void *data, size_t len)
{
	uint8_t packet[8192];
	ssize_t n;
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, 10000), 1);
	n = recv(fd, packet, sizeof(packet), 0);
	assert_int_equal(n, 16 + len);
	memcpy(data, packet + 16, len);
}

static void a_hook_that_is_not_there_is_answered(void **state)
{
	static const uint32_t indices[] = {1, 2, 1u << 31, ~0u};
	struct xt_hooks_result result;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = echo one\n");
	for (size_t i = 0; i < XT_LEN(indices); i++) {
		struct xt_runner_hook hook = {.list = XT_HOOKS_POST_UP, .index = indices[i]};

		packet_send(f.fd, XT_RUNNER_HOOK, 7, &hook, sizeof(hook));
		answer_read(f.fd, &result, sizeof(result));
		assert_int_equal(result.error, -ERANGE);
		packet_send(f.fd, XT_RUNNER_HOOK_TEXT, 8, &hook, sizeof(hook));
		answer_read(f.fd, &result, 0);
	}
	assert_string_equal(log_read(&f), "");
	assert_int_equal(finish(&f), 0);
}

/* A serial number names one task. */
static void a_serial_number_in_use_ends_the_runner(void **state)
{
	struct xt_runner_hook hook = {.list = XT_HOOKS_POST_UP};
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = sleep 30\n");
	packet_send(f.fd, XT_RUNNER_HOOK, 7, &hook, sizeof(hook));
	packet_send(f.fd, XT_RUNNER_HOOK, 7, &hook, sizeof(hook));
	assert_int_equal(runner_await(&f), 1);
	f.pid = 0;
	assert_int_equal(finish(&f), 0);
}

static void more_tasks_than_fit_are_refused(void **state)
{
	struct xt_runner_hook hook = {.list = XT_HOOKS_POST_UP};
	struct xt_hooks_result result;
	struct fixture f;

	(void)state;
	begin(&f, "PostUp = sleep 30\n");
	for (uint32_t i = 0; i <= XT_RUNNER_TASKS_MAX; i++)
		packet_send(f.fd, XT_RUNNER_HOOK, i, &hook, sizeof(hook));
	answer_read(f.fd, &result, sizeof(result));
	assert_int_equal(result.error, -EBUSY);
	assert_int_equal(finish(&f), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hooks_of_the_file_run_in_order),
	    cmocka_unit_test(a_hook_that_fails_is_reported_with_its_place),
	    cmocka_unit_test(a_hook_has_the_defaults_of_a_process),
	    cmocka_unit_test(the_interface_may_get_another_name_before_the_first_hook),
	    cmocka_unit_test(a_file_that_is_read_again_changes_the_hooks),
	    cmocka_unit_test(a_file_that_others_can_write_is_refused),
	    cmocka_unit_test(a_cancel_ends_the_hook_that_runs),
	    cmocka_unit_test(the_end_of_the_socket_ends_the_hook_and_the_runner),
	    cmocka_unit_test(a_runner_that_has_ended_is_reported_to_those_that_wait),
	    cmocka_unit_test(output_of_a_detached_runner_goes_nowhere),
	    cmocka_unit_test(a_terminal_s_signals_do_not_end_the_runner),
	    cmocka_unit_test(a_key_comes_from_the_command_of_the_present_file),
	    cmocka_unit_test(a_key_is_not_waited_for_when_the_runner_has_ended),
	    cmocka_unit_test(the_programs_of_the_list_run),
	    cmocka_unit_test(other_programs_and_words_are_refused),
	    cmocka_unit_test(a_program_can_be_killed),
	    cmocka_unit_test(a_malformed_message_ends_the_runner),
	    cmocka_unit_test(what_is_no_packet_ends_the_runner),
	    cmocka_unit_test(a_hook_that_is_not_there_is_answered),
	    cmocka_unit_test(a_serial_number_in_use_ends_the_runner),
	    cmocka_unit_test(more_tasks_than_fit_are_refused)};

	if (argc == 3)
		return child_serve(atoi(argv[1]), argv[2]);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
