/* SPDX-License-Identifier: MIT */
/* Other programs that a lab runs: ip(8), tc(8), nft(8), and this one. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "base/text.h"
#include "cli/lab.h"

#define WORDS_MAX  48
#define NOT_FOUND  127 /* the exit status of a shell for a missing program */
#define OUTPUT_MAX 512

void xt_lab_signals_reset(void)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool xt_lab_enter(const char *name)
{
	char path[64];
	bool entered;
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	entered = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
	if (!entered)
		xt_message("lab: cannot enter %s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return entered;
}

static void words_split(char *line, char *words[WORDS_MAX])
{
	char *rest = line;
	size_t n = 0;

	while (n < WORDS_MAX - 1 && (words[n] = strsep(&rest, " ")) != NULL)
		n++;
	words[n] = NULL;
}

static void tool_execute(char *const words[], int output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	xt_lab_signals_reset();
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execvp(words[0], words);
	_exit(NOT_FOUND);
}

/* Read all, keep the beginning. */
static void output_read(int fd, char text[OUTPUT_MAX])
{
	char rest[OUTPUT_MAX];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, rest, sizeof(rest))) > 0 || (n < 0 && errno == EINTR)) {
		size_t room = OUTPUT_MAX - 1 - used;

		if (n <= 0)
			continue;
		memcpy(text + used, rest, (size_t)n < room ? (size_t)n : room);
		used += (size_t)n < room ? (size_t)n : room;
	}
	while (used && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	for (char *p = text; (p = strchr(p, '\n')) != NULL;)
		*p = ' ';
}

bool xt_lab_tool(const char *format, ...)
{
	char line[512], copy[512], text[OUTPUT_MAX], *words[WORDS_MAX];
	int output[2], status = 0;
	va_list list;
	pid_t child;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	memcpy(copy, line, sizeof(copy));
	words_split(copy, words);
	if (pipe2(output, O_CLOEXEC) < 0)
		return xt_fail(0, "lab: %s", strerror(errno));
	child = fork();
	if (child == 0)
		tool_execute(words, output[1]);
	close(output[1]);
	output_read(output[0], text);
	close(output[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND && !text[0])
		return xt_fail(0, "lab: %s is missing: install %s", words[0],
			       strcmp(words[0], "nft") == 0 ? "nftables" : "iproute2");
	return xt_fail(0, "lab: %s: %s", line, text[0] ? text : "failed");
}
