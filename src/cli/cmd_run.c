/* run and up: the same endpoint, in the foreground or behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"
#include "cli/service.h"
#include "cli/term.h"

const char xt_text_run[] =
    "\nNAME is looked for as /etc/xtunnel/NAME.conf, then /etc/wireguard/NAME.conf; a FILE ends\n"
    "in .conf or has a / in it, and its name without .conf is the interface's. SIGTERM and\n"
    "Ctrl-C end it cleanly, SIGUSR1 and SIGHUP print its state.\n"
    "LOG_LEVEL=silent|error|verbose|debug says how much it tells (error).\n";
const char xt_text_up[] =
    "\nReturns once the endpoint answers, PostUp included; when a step fails, all is undone and\n"
    "the exit status is that of run. See `xtunnel help run` for names and LOG_LEVEL.\n";

/* LOG_LEVEL and WG_LOG_LEVEL in all words that implementations of the protocol take. true: it was
 * set and wants to be heard. */
static bool set_log_level(void)
{
	static const struct {
		const char *word;
		enum xt_log_level level;
	} words[] = {
	    {"error", XT_LOG_WARNING}, {"silent", XT_LOG_SILENT}, {"verbose", XT_LOG_NOTICE},
	    {"debug", XT_LOG_DEBUG},   {"off", XT_LOG_SILENT},	  {"warn", XT_LOG_WARNING},
	    {"info", XT_LOG_NOTICE},   {"trace", XT_LOG_DEBUG},
	};
	const char *word = getenv("LOG_LEVEL");

	if (!word)
		word = getenv("WG_LOG_LEVEL");
	xt_log_set_level(XT_LOG_WARNING);
	if (!word || !*word)
		return false;
	for (size_t i = 0; i < XT_LEN(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			xt_log_set_level(words[i].level);
			return words[i].level != XT_LOG_SILENT;
		}
	}
	xt_say("LOG_LEVEL=%.20s: silent, error, verbose or debug were expected", word);
	return false;
}

static int serve(const char *name_or_path, const struct xt_service_wish *wish)
{
	struct xt_conf conf;
	int status = xt_conf_open(&conf, name_or_path);

	if (status == XT_EXIT_FINE)
		status = xt_service_run(&conf, wish);
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_run(const struct xt_args *args)
{
	struct xt_service_wish wish = {.ready = -1};

	(void)set_log_level();
	return serve(args->operands[0], &wish);
}

/* What the caller happened to have open would stay open as long as the endpoint: a pipe that
 * somebody reads to its end, a lock. ready becomes descriptor 3. */
static int close_inherited(int ready)
{
	if (ready != 3 && dup3(ready, 3, O_CLOEXEC) < 0)
		return ready;
	(void)syscall(SYS_close_range, 4u, ~0u, 0u);
	return 3;
}

/* The child: a session of its own, nothing to read; what it says still reaches the terminal until
 * it is ready. */
static int background(const char *name_or_path, int ready, bool loud)
{
	struct xt_service_wish wish = {.ready = close_inherited(ready), .quiet = !loud};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		if (!loud)
			(void)dup2(null, STDOUT_FILENO);
		close(null);
	}
	return serve(name_or_path, &wish);
}

static int await(pid_t child, int ready)
{
	char byte;
	int status;
	ssize_t n;

	do
		n = read(ready, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return XT_EXIT_FINE;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return XT_EXIT_FAILURE;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		xt_say("the endpoint was ended by signal %d before it was ready", WTERMSIG(status));
	else
		xt_say("the endpoint was ended before it was ready");
	return XT_EXIT_FAILURE;
}

int xt_cmd_up(const struct xt_args *args)
{
	bool loud = set_log_level();
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return xt_fail(XT_EXIT_FAILURE, "pipe: %s", strerror(errno));
	/* Before any key is read, loop or thread exists: the parent never holds a secret. */
	child = fork();
	if (child < 0)
		return xt_fail(XT_EXIT_FAILURE, "fork: %s", strerror(errno));
	if (child == 0) {
		close(ends[0]);
		return background(args->operands[0], ends[1], loud);
	}
	close(ends[1]);
	status = await(child, ends[0]);
	close(ends[0]);
	return status;
}
