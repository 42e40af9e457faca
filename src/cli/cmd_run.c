/* SPDX-License-Identifier: MIT */
/* run and up: the same instance, in the foreground or in the background. */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"
#include "daemon/background.h"
#include "daemon/log_level.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/query.h"
#include "cli/term.h"
#include "host/log_sink.h"

const char xt_text_run[] =
    "\nNAME stands for /etc/xtunnel/NAME.conf or else /etc/wireguard/NAME.conf. An argument that ends\n"
    "in .conf or contains a / is a path; the file's name without .conf is that of the interface.\n"
    "SIGTERM and Ctrl-C end it cleanly, SIGHUP reloads its file, SIGUSR1 prints its state.\n"
    "LOG_LEVEL=silent|error|warning|notice|verbose|debug sets what is logged (notice), as does\n"
    "LogLevel in the file.\n";
const char xt_text_up[] =
    "\nReturns once the instance is ready and PostUp has run. When a step fails, all steps are undone\n"
    "and the exit status is that of run. See `xtunnel help run` for names and LOG_LEVEL.\n"
    "When NAME runs already: with an unchanged file the exit status is 0 and nothing happens; with a\n"
    "changed one it is 1, or with --reload that of reload. --replace does what upgrade does before, if\n"
    "the program on the disk is another one now.\n"
    "With --wait it then waits for a session with each peer that has an Endpoint, and prints what\n"
    "`xtunnel why` says of it. When one has none after SECONDS, the exit status is 5; the instance\n"
    "stays up.\n"
    "\n"
    "  $ xtunnel up left\n"
    "  xtunnel: left is running already, and its file has changed\n"
    "    xtunnel reload left --dry-run prints what; xtunnel reload left or up --reload applies it\n"
    "  $ xtunnel up left --reload\n"
    "    + [Peer] right (Q2PTQcRUoXw1V98PEe+e/t0iUt7O2AD6gIPWqSl6SkQ=) PersistentKeepalive: (none) -> 25\n"
    "  left: reloaded; sessions go on\n"
    "  $ xtunnel up left --reload\n"
    "  xtunnel: left is running already, and its file is unchanged\n";
enum { RELOAD, REPLACE, WAIT, TIMEOUT };
const struct xt_option xt_up_options[] = {
    {'r', "reload", NULL, "when it runs already, apply what its file says now"},
    {0, "replace", NULL, "when another program runs it, go on with it in this one; then as --reload"},
    {'w', "wait", "[=SECONDS]", "then wait for a session with each peer that has an Endpoint (30)"},
    {'t', "timeout", "SECONDS", "the same time, with --wait"},
    {0},
};

/* path  NAME or FILE
 * fd    a descriptor that path names ("/dev/fd/63", of `up <(...)`): read once, then closed; -1: no
 * stdin_copy  true: fd is a copy of the standard input, which is what path names */
struct source {
	const char *path;
	int fd;
	bool stdin_copy;
};

static void stdin_close(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	close(null);
}

static int instance_serve(const struct source *source, const struct xt_instance_options *options)
{
	struct xt_conf conf;
	char name[64];
	int status;

	if (source->stdin_copy)
		(void)dup2(source->fd, STDIN_FILENO);
	xt_log_sink_open(&(struct xt_log_sink_options){
	    .interface = xt_query_name(source->path, name), .background = options->quiet});
	status = xt_conf_open(&conf, source->path, stderr);
	if (source->fd >= 0)
		close(source->fd);
	if (source->stdin_copy)
		stdin_close();
	if (status == XT_EXIT_OK) {
		xt_log_level_start(&conf);
		status = xt_instance_run(&conf, options);
	}
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_run(const struct xt_args *args)
{
	struct xt_instance_options options = {.ready = -1};
	struct source source = {args->operands[0], -1, false};

	(void)xt_log_level_env(XT_LOG_NOTICE);
	return instance_serve(&source, &options);
}

static int source_serve(const void *source, const struct xt_instance_options *options)
{
	return instance_serve(source, options);
}

/* The open descriptor that path names; -1: none. */
static int path_fd(const char *path)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	uint64_t fd;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < XT_LEN(dirs); i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(path, dirs[i], len) == 0 &&
		    xt_number(&fd, path + len, INT_MAX, false) && fcntl((int)fd, F_GETFD) >= 0)
			return (int)fd;
	}
	return -1;
}

int xt_up(const char *word, bool reload)
{
	bool loud = xt_log_level_env(XT_LOG_NOTICE);
	struct source source = {word, path_fd(word), false};
	int status = source.fd < 0 ? xt_up_running(source.path, reload) : XT_RUNNING_NONE;

	if (status != XT_RUNNING_NONE)
		return status;
	/* The background has no standard input: a copy is passed on. */
	if (source.fd == STDIN_FILENO) {
		source.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		source.stdin_copy = source.fd >= 0;
	}
	return xt_background(source_serve, &source, loud, &source.fd, source.fd > STDERR_FILENO);
}

static int up(const struct xt_args *args)
{
	const char *word = args->operands[0];
	pid_t pid = getpid();
	int status = args->given[REPLACE] ? xt_upgrade(word, true) : XT_RUNNING_NONE;

	if (getpid() != pid || (status != XT_RUNNING_NONE && status != XT_EXIT_OK))
		return status;
	return xt_up(word, args->given[RELOAD] || args->given[REPLACE]);
}

int xt_cmd_up(const struct xt_args *args)
{
	pid_t pid = getpid();
	char buf[64];
	const char *name = xt_query_name(args->operands[0], buf);
	uint64_t timeout_ms;
	int status;

	if (!xt_args_seconds(args, WAIT, 0, 86400000, XT_WAIT_MS, &timeout_ms) ||
	    !xt_args_seconds(args, TIMEOUT, 0, 86400000, timeout_ms, &timeout_ms))
		return XT_EXIT_USAGE;
	if (args->given[TIMEOUT] && !args->given[WAIT])
		return xt_fail(XT_EXIT_USAGE, "up: --timeout is for --wait");
	status = up(args);
	if (status != XT_EXIT_OK || !args->given[WAIT] || getpid() != pid) /* its background */
		return status;
	status = xt_wait_peers(name, NULL, timeout_ms, true);
	if (status == XT_EXIT_UNREACHABLE)
		xt_hint("%s stays up; xtunnel down %s ends it", name, name);
	return status;
}
