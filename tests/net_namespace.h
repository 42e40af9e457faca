/* SPDX-License-Identifier: MIT */
/* For network tests: enter a new namespace, run ip(8) there, act as another user. */
#ifndef XT_TESTS_NET_NAMESPACE_H
#define XT_TESTS_NET_NAMESPACE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/printf.h"

#define NET_TEXT 8192

/* Enter a new network and mount namespace, with a /dev/net/tun that every user may open (as on most
 * systems). NULL, or why that is not possible. */
static inline const char *net_namespace_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		return "no right to make a network namespace";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=0755") < 0 ||
	    mknod("/dev/net/tun", S_IFCHR, makedev(10, 200)) < 0 || chmod("/dev/net/tun", 0666) < 0)
		return "no right to make a /dev/net/tun";
	int fd = open("/dev/net/tun", O_RDWR);
	if (fd < 0)
		return "the kernel has no TUN devices";
	close(fd);
	if (system("ip link set lo up 2>/dev/null") != 0)
		return "no ip(8)";
	return NULL;
}

/* The same for main: false: entered; true: skipped with the reason, return 77. */
static inline bool net_namespace_skip(void)
{
	const char *why = net_namespace_enter();

	if (why)
		printf("skipped: %s\n", why);
	return why != NULL;
}

/* Run a command and store what it prints. Returns its exit code. */
XT_PRINTF(2, 3) static inline int net_run(char text[NET_TEXT], const char *format, ...)
{
	char command[512];
	va_list args;
	FILE *pipe;
	size_t n;
	int rc;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	if (!pipe)
		return -1;
	n = fread(text, 1, NET_TEXT - 1, pipe);
	text[n] = '\0';
	rc = pclose(pipe);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/* Call fn(arg) as uid, without capabilities, in a child process. Returns its result, 0..127; -1. */
static inline int net_as_user(unsigned uid, int (*fn)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(uid) < 0 || setuid(uid) < 0)
			_exit(127);
		_exit(fn(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Run these tests in a namespace of their own, or skip them. Needs cmocka.h. */
#define NET_TEST_MAIN(...)                                                                         \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
                                                                                                   \
		if (net_namespace_skip())                                                          \
			return 77;                                                                 \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}

#endif
