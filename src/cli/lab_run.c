/* SPDX-License-Identifier: MIT */
/* Inside a lab: its first process starts the instances and the command, and reaps what they leave
 * behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/message.h"
#include "cli/lab.h"
#include "daemon/exit.h"

#define PROGRAM	       "/proc/self/exe" /* in a child, before it executes another one */
#define NOTIFY_PATH    XT_LAB_DIR "/notify"
#define READY_MS       30000
#define CAPTURE_MS     10000
#define HANDSHAKE_S    15
#define COMMAND_ABSENT 127

/* This program again, in host i, apart from the terminal's signals. */
static pid_t program_start(unsigned i, char *const argv[], int output, int errors)
{
	pid_t child = fork();
	char host[16];
	int null;

	if (child)
		return child;
	snprintf(host, sizeof(host), "host%u", i);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	setsid();
	xt_lab_signals_reset();
	dup2(null, STDIN_FILENO);
	dup2(output < 0 ? null : output, STDOUT_FILENO);
	dup2(errors < 0 ? null : errors, STDERR_FILENO);
	if (xt_lab_enter(host))
		execv(PROGRAM, argv);
	_exit(COMMAND_ABSENT);
}

static void log_show(unsigned i)
{
	char path[64], line[400];
	FILE *log;

	snprintf(path, sizeof(path), XT_LAB_DIR "/host%u.log", i);
	log = fopen(path, "re");
	while (log && fgets(line, sizeof(line), log))
		fputs(line, stderr);
	if (log)
		fclose(log);
}

static pid_t instance_start(unsigned i)
{
	char path[64], log[64], *argv[] = {"xtunnel", "run", path, NULL};
	pid_t child;
	int fd;

	snprintf(path, sizeof(path), XT_LAB_DIR "/host%u.conf", i);
	snprintf(log, sizeof(log), XT_LAB_DIR "/host%u.log", i);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	child = program_start(i, argv, fd, fd);
	if (fd >= 0)
		close(fd);
	return child;
}

/* The socket of a service manager. */
static int notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NOTIFY_PATH};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			chmod(NOTIFY_PATH, 0666) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* READY=1 has come, or the instance has ended. */
static bool ready_await(int fd, unsigned i, pid_t instance)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char text[512];

	for (int waited = 0; waited < READY_MS; waited += 100) {
		if (poll(&ready, 1, 100) > 0) {
			ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

			text[n > 0 ? n : 0] = '\0';
			if (strncmp(text, "READY=1", 7) == 0)
				return true;
		}
		if (waitpid(instance, NULL, WNOHANG) != 0)
			break;
	}
	log_show(i);
	return xt_fail(0, "lab: the instance in host%u does not start", i);
}

bool xt_lab_instances_start(const struct xt_lab *lab)
{
	int fd = notify_open();
	bool started = fd >= 0 && setenv("NOTIFY_SOCKET", NOTIFY_PATH, 1) == 0;

	for (unsigned i = 1; i <= lab->hosts && started; i++) {
		pid_t child = instance_start(i);

		started = child > 0 && ready_await(fd, i, child);
	}
	unsetenv("NOTIFY_SOCKET");
	if (fd >= 0)
		close(fd);
	/* Until a peer behind NAT has sent something nothing reaches it. */
	for (unsigned i = 2; i <= lab->hosts && started && lab->nat; i++)
		if (!xt_lab_tool(PROGRAM " wait host%u host1 --timeout %d", i, HANDSHAKE_S))
			xt_hint("go on without: xtunnel why host%u says more", i);
	return started;
}

/* It has begun when the file is no longer empty. */
static bool capture_await(int fd, int watch, pid_t child)
{
	struct pollfd changed = {.fd = watch, .events = POLLIN};
	struct stat st;

	for (int waited = 0; waited < CAPTURE_MS; waited += 100) {
		if (fstat(fd, &st) == 0 && st.st_size > 0)
			return true;
		if (waitpid(child, NULL, WNOHANG) != 0)
			return false;
		(void)poll(&changed, 1, 100);
	}
	return false;
}

pid_t xt_lab_capture_start(const struct xt_lab *lab)
{
	char *argv[] = {"xtunnel", "capture", "host1", "--secrets", "-w", "-", NULL}, path[40];
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	pid_t child;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lab->capture_fd);
	(void)inotify_add_watch(watch, path, IN_MODIFY);
	child = program_start(1, argv, lab->capture_fd, STDERR_FILENO);
	if (child > 0 && !capture_await(lab->capture_fd, watch, child)) {
		xt_message("lab: the capture does not start");
		child = -1;
	}
	close(watch);
	return child;
}

static void command_execute(const struct xt_lab *lab)
{
	const char *shell = getenv("SHELL");
	char host[16], **argv;
	size_t n = 0;

	snprintf(host, sizeof(host), "host%u", lab->host);
	xt_lab_signals_reset();
	/* For the prompt. */
	if (unshare(CLONE_NEWUTS) < 0 || sethostname(host, strlen(host)) < 0)
		xt_message("lab: the host keeps its name: %s", strerror(errno));
	while (lab->command && lab->command[n])
		n++;
	argv = calloc(n + 6, sizeof(*argv));
	if (!argv)
		_exit(XT_EXIT_FAILURE);
	argv[0] = "ip", argv[1] = "netns", argv[2] = "exec", argv[3] = host;
	argv[4] = (char *)(shell && *shell ? shell : "/bin/sh");
	for (size_t i = 0; i < n; i++)
		argv[4 + i] = (char *)lab->command[i];
	execvp(argv[0], argv);
	_exit(COMMAND_ABSENT);
}

static pid_t command_start(const struct xt_lab *lab)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!lab->inside)
			command_execute(lab);
		xt_lab_signals_reset();
		_exit(lab->inside(lab));
	}
	return child;
}

/* Reap all until that one has ended. -1: SIGTERM came. */
static int child_await(pid_t child, const sigset_t *signals)
{
	int status = 0;
	pid_t ended;

	for (;;) {
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == child)
				return WIFEXITED(status) ? WEXITSTATUS(status)
							 : 128 + WTERMSIG(status);
		if (ended < 0 && errno == ECHILD)
			return XT_EXIT_FAILURE;
		if (sigwaitinfo(signals, NULL) == SIGTERM)
			return -1;
	}
}

static int command_run(const struct xt_lab *lab, pid_t capture)
{
	pid_t command;
	sigset_t signals;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	command = command_start(lab);
	if (command < 0)
		return xt_fail(XT_EXIT_FAILURE, "lab: %s", strerror(errno));
	status = child_await(command, &signals);
	if (status < 0) {
		kill(command, SIGTERM);
		status = 128 + SIGTERM;
	}
	if (capture > 0) {
		kill(capture, SIGINT); /* it completes the file */
		(void)child_await(capture, &signals);
	}
	return status;
}

/* Until the command runs there is nothing to complete. */
static void on_term(int number)
{
	_exit(128 + number);
}

static void environment_set(void)
{
	static const char *const outside[] = {"XT_RUN_DIR",   "NOTIFY_SOCKET",	"WATCHDOG_USEC",
					      "WATCHDOG_PID", "JOURNAL_STREAM", "LOG_FORMAT"};
	char program[512], path[1024];
	const char *before = getenv("PATH");
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		unsetenv(outside[i]);
	setenv("XT_STATE_DIR", XT_LAB_DIR "/state", 1);
	program[n > 0 ? n : 0] = '\0';
	if (symlink(program, XT_LAB_DIR "/bin/xtunnel") < 0)
		xt_message("lab: no xtunnel in PATH: %s", strerror(errno));
	snprintf(path, sizeof(path), XT_LAB_DIR "/bin:%s",
		 before ? before : "/usr/sbin:/usr/bin:/sbin:/bin");
	setenv("PATH", path, 1);
}

static int lab_inside(const struct xt_lab *lab, pid_t outer)
{
	struct sigaction action = {.sa_handler = on_term};
	sigset_t term;
	pid_t capture = -1;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	umask(022);
	environment_set();
	if (!xt_lab_network_make(lab) || !xt_lab_files_write(lab) || !xt_lab_instances_start(lab))
		return XT_EXIT_FAILURE;
	if (lab->capture_fd >= 0 && (capture = xt_lab_capture_start(lab)) < 0)
		return XT_EXIT_FAILURE;
	xt_lab_describe(lab, outer);
	return command_run(lab, capture);
}

bool xt_lab_possible(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	xt_message("lab: cannot open /dev/net/tun: %s", strerror(errno));
	xt_hint("%s", errno == EACCES || errno == EPERM
			  ? "run it with sudo"
			  : "load it with `modprobe tun`, or give the container --device "
			    "/dev/net/tun");
	return false;
}

int xt_lab_run(const struct xt_lab *lab)
{
	return xt_lab_contain(lab_inside, lab);
}
