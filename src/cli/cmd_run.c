/* SPDX-License-Identifier: MIT */
/* run and up: the same instance, in the foreground or in the background. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/query.h"
#include "cli/term.h"

const char xt_text_run[] =
    "\nNAME stands for /etc/xtunnel/NAME.conf or else /etc/wireguard/NAME.conf. An argument that ends\n"
    "in .conf or contains a / is a path; the file's name without .conf is that of the interface.\n"
    "SIGTERM and Ctrl-C end it cleanly, SIGHUP reloads its file, SIGUSR1 prints its state.\n"
    "LOG_LEVEL=silent|error|warning|notice|verbose|debug sets what is logged (notice), as does\n"
    "LogLevel in the file.\n";
const char xt_text_up[] =
    "\nReturns once the instance is ready and PostUp has run; of many peers it shows on a terminal how\n"
    "far it is. When a step fails, all steps are undone\n"
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
    {0, "replace", NULL,
     "when another program runs it, go on with it in this one; then as --reload"},
    {'w', "wait", "[=SECONDS]", "then wait for a session with each peer that has an Endpoint (30)"},
    {'t', "timeout", "SECONDS", "the same time, with --wait"},
    {0},
};

int xt_cmd_run(const struct xt_args *args)
{
	return xt_run(args->operands[0]);
}

static int up(const struct xt_args *args)
{
	const char *word = args->operands[0];
	pid_t pid = getpid();
	int status = args->given[REPLACE] ? xt_upgrade(word, true, false) : XT_RUNNING_NONE;

	if (getpid() != pid || (status != XT_RUNNING_NONE && status != XT_EXIT_OK))
		return status;
	/* A NAME is that of the instance: a unit may have given it another file. */
	return xt_up(word, args->given[RELOAD] || args->given[REPLACE],
		     args->given[REPLACE] && !strchr(word, '/') && !strstr(word, ".conf"));
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
