/* SPDX-License-Identifier: MIT */
/* A program that prints the private key. posix_spawn, because the caller may be one of several
 * threads; a pipe, because a file would keep the key; one locked page that is wiped. */
#include "host/key_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/conf_diagnostic.h"
#include "host/hook_command.h"
#include "platform/fd.h"
#include "platform/memory_file.h"

#define OUTPUT_MAX 4096u /* of a key file, too */
#define POLL_MS	   20	 /* the end of a process is no event of poll(2) */

extern char **environ;

/* page, len  what it printed
 * pid        0: ended, with status as of waitpid(2) */
struct key_command {
	char *page;
	size_t len;
	int fd;
	pid_t pid;
	int status;
	unsigned limit_ms;
	uint64_t end_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int page_map(struct key_command *c)
{
	c->page = mmap(NULL, OUTPUT_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (c->page == MAP_FAILED)
		return -errno;
	(void)mlock(c->page, OUTPUT_MAX); /* as elsewhere: best effort under a small limit */
	xt_memory_hide(c->page, OUTPUT_MAX);
	return 0;
}

static void page_unmap(struct key_command *c)
{
	xt_wipe(c->page, OUTPUT_MAX);
	munmap(c->page, OUTPUT_MAX);
}

/* A process group of its own, so that the limit ends its children too, and the signals that a
 * program expects. */
static int attributes_set(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETSIGDEF);
}

static int shell_spawn(struct key_command *c, const char *command, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	const char *args[XT_HOOK_ARGS];
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return -rc;
	rc = posix_spawnattr_init(&attributes);
	if (rc) {
		posix_spawn_file_actions_destroy(&actions);
		return -rc;
	}
	rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!rc)
		rc = attributes_set(&attributes);
	xt_fd_cloexec_from(STDERR_FILENO + 1);
	for (int bash = 1; !rc && bash >= 0; bash--) {
		xt_hook_args(args, bash, command);
		rc = posix_spawnp(&c->pid, args[0], &actions, &attributes, (char **)(uintptr_t)args,
				  environ);
		if (bash && (rc == ENOENT || rc == EACCES))
			rc = 0;
		else
			break;
	}
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/* The descriptor stays above those of the program: dup2 onto itself would keep close-on-exec. */
static int command_start(struct key_command *c, const char *command)
{
	int fds[2], rc, output;

	if (xt_fd_pipe(fds, true) < 0)
		return -errno;
	output = fcntl(fds[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	rc = output < 0 ? -errno : 0;
	close(fds[1]);
	c->fd = fcntl(fds[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (c->fd < 0)
		rc = -errno;
	close(fds[0]);
	/* O_NONBLOCK is for our end: each end of a pipe is an open file description. */
	if (rc == 0 && fcntl(output, F_SETFL, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = shell_spawn(c, command, output);
	if (output >= 0)
		close(output);
	if (rc < 0 && c->fd >= 0)
		close(c->fd);
	return rc;
}

/* 0; XT_E_AGAIN: the pipe is open and empty; XT_E_FULL: more than a key. */
static int output_read(struct key_command *c)
{
	for (;;) {
		ssize_t n = read(c->fd, c->page + c->len, OUTPUT_MAX - c->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? XT_E_AGAIN : -errno;
		if (n == 0)
			return 0;
		c->len += (size_t)n;
		if (c->len == OUTPUT_MAX)
			return XT_E_FULL;
	}
}

static void end_check(struct key_command *c)
{
	pid_t pid = c->pid ? waitpid(c->pid, &c->status, WNOHANG) : 0;

	/* Where SIGCHLD is ignored the kernel keeps no status: the key alone decides. */
	if (pid == c->pid || (pid < 0 && errno == ECHILD))
		c->pid = 0;
}

/* Until the shell has ended; a child that it left behind may hold the pipe open. */
static int command_await(struct key_command *c)
{
	int rc = XT_E_AGAIN;

	while (c->pid) {
		struct pollfd poll_fd = {.fd = rc == 0 ? -1 : c->fd, .events = POLLIN};

		(void)poll(&poll_fd, 1, POLL_MS);
		end_check(c);
		if (rc != 0)
			rc = output_read(c); /* after end_check: what it has written is there */
		if (rc < 0 && rc != XT_E_AGAIN)
			return rc;
		if (c->pid && now_ms() >= c->end_ms)
			return -ETIMEDOUT;
	}
	return 0;
}

static void command_kill(struct key_command *c)
{
	if (!c->pid)
		return;
	(void)kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int key_take(const struct key_command *c, struct xt_private *out, char *text, size_t cap)
{
	const char *from = c->page, *to = c->page + c->len;

	while (from < to && is_space(*from))
		from++;
	while (from < to && is_space(to[-1]))
		to--;
	if (from == to)
		snprintf(text, cap, "printed no key");
	else if (!xt_key_from_base64(out->b, from, (size_t)(to - from)))
		snprintf(text, cap,
			 "did not print a key: expected 44 characters of base64 and "
			 "nothing else");
	else
		return 0;
	return XT_E_INVALID;
}

static int result_judge(const struct key_command *c, int rc, char *text, size_t cap)
{
	if (rc == -ETIMEDOUT)
		snprintf(text, cap, "took longer than %g s", c->limit_ms / 1000.0);
	else if (rc == XT_E_FULL)
		snprintf(text, cap, "printed more than a key");
	else if (rc < 0)
		snprintf(text, cap, "cannot be run: %s", xt_strerror(rc));
	else if (WIFSIGNALED(c->status))
		snprintf(text, cap, "was ended by signal %d", WTERMSIG(c->status));
	else if (WEXITSTATUS(c->status) != 0)
		snprintf(text, cap, "ended with status %d", WEXITSTATUS(c->status));
	else
		return 0;
	return rc == 0 || rc == XT_E_FULL ? XT_E_INVALID : rc;
}

int xt_key_command_run(const char *command, unsigned limit_ms, struct xt_private *out, char *text,
		       size_t cap)
{
	struct key_command c = {.limit_ms = limit_ms, .end_ms = now_ms() + limit_ms};
	int rc = page_map(&c);

	xt_wipe(out, sizeof(*out));
	if (rc < 0)
		return result_judge(&c, rc, text, cap);
	rc = command_start(&c, command);
	if (rc == 0) {
		rc = command_await(&c);
		command_kill(&c);
		close(c.fd);
	}
	rc = result_judge(&c, rc, text, cap);
	if (rc == 0)
		rc = key_take(&c, out, text, cap);
	page_unmap(&c);
	return rc;
}

static int run_here(void *ctx, const char *command, struct xt_private *out, char *text, size_t cap)
{
	(void)ctx;
	return xt_key_command_run(command, XT_KEY_COMMAND_LIMIT_MS, out, text, cap);
}

int xt_key_command_load(struct xt_conf *conf, xt_key_command_fn *run, void *ctx,
			struct xt_conf_diagnostics *diagnostics)
{
	char text[160] = "", *command;
	int rc;

	if (!conf->private_key_command)
		return 0;
	command = xt_hook_expand(conf->private_key_command, conf->name);
	if (!command)
		return XT_E_NOMEM;
	rc = (run ? run : run_here)(ctx, command, &conf->private_key, text, sizeof(text));
	free(command);
	conf->has_key = rc == 0;
	if (rc == 0)
		(void)xt_conf_public_key(&conf->command_key, conf);
	if (rc == 0 || rc == XT_E_NOMEM)
		return rc;
	rc = xt_conf_diagnostics_add(diagnostics, XT_LINT_UNREADABLE, conf->key_line, 1,
				     "PrivateKeyCommand %s", *text ? text : xt_strerror(rc));
	return rc ? rc : XT_E_SYNTAX;
}
