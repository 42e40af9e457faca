/* SPDX-License-Identifier: MIT */
/* layers: base */
/* inject PID TRY: what an attacker tries who runs code in a process. The main thread of PID is
 * stopped by ptrace and carries out one system call, from an instruction of its own program text.
 * Prints "refused: ERROR" (EPERM, EACCES, ENOSYS), "killed: SIGNAL" or "done: RESULT", which may be
 * the error of a system call that was let in; exit status 0, 0, 1. 2: no such try, 77: not on this
 * machine. `inject list` prints the tries. A process that survives goes on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"

#ifdef __x86_64__

/* args: numbers; text: placed in memory as argument number `at`; parent: the third kind, the pid of
 * the parent as argument 0. */
struct
try {
	const char *name;
	long number;
	long args[6];
	const char *text;
	int at;
	bool parent;
};

static const struct try tries[] = {
    {"open", SYS_openat, {AT_FDCWD, 0, O_RDONLY}, "/etc/passwd", 1, false},
    {"open_proc", SYS_openat, {AT_FDCWD, 0, O_RDONLY}, "/proc/self/maps", 1, false},
    {"open_old", SYS_open, {0, O_RDONLY}, "/", 0, false},
    {"write_file", SYS_openat, {AT_FDCWD, 0, O_WRONLY | O_CREAT, 0600}, "/tmp/x", 1, false},
    {"write_here", SYS_openat, {AT_FDCWD, 0, O_WRONLY | O_CREAT, 0600}, "x", 1, false},
    {"unlink", SYS_unlink, {0}, "/tmp/x", 0, false},
    {"mkdir", SYS_mkdir, {0, 0700}, "x", 0, false},
    {"socket_tcp", SYS_socket, {AF_INET, SOCK_STREAM, 0}, NULL, 0, false},
    {"socket_udp", SYS_socket, {AF_INET, SOCK_DGRAM, 0}, NULL, 0, false},
    {"socket_raw", SYS_socket, {AF_INET, SOCK_RAW, 1}, NULL, 0, false},
    {"socket_packet", SYS_socket, {AF_PACKET, SOCK_RAW, 0}, NULL, 0, false},
    {"socket_unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, NULL, 0, false},
    {"netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, NULL, 0, false},
    {"execve", SYS_execve, {0, 0, 0}, "/bin/sh", 0, false},
    {"fork", SYS_clone, {SIGCHLD}, NULL, 0, false},
    {"ptrace", SYS_ptrace, {PTRACE_ATTACH, 0}, NULL, 1, true},
    {"read_memory", SYS_process_vm_readv, {0, 0, 0, 0, 0, 0}, NULL, 0, true},
    {"mount", SYS_mount, {0, 0, 0, MS_BIND, 0}, "/", 0, false},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}, NULL, 0, false},
    {"setns", SYS_setns, {0, 0}, NULL, 0, false},
    {"chroot", SYS_chroot, {0}, "/", 0, false},
    {"kill", SYS_kill, {0, SIGCONT}, NULL, 0, true},
    {"kill_all", SYS_kill, {-1, SIGCONT}, NULL, 0, false},
    {"setuid", SYS_setresuid, {0, 0, 0}, NULL, 0, false},
    {"capabilities", SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 12, 0, 0}, NULL, 0, false},
    {"dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1, 0, 0, 0}, NULL, 0, false},
    {"code",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
     NULL,
     0,
     false},
    {"io_uring", SYS_io_uring_setup, {4, 0}, NULL, 0, false},
    {"bpf", SYS_bpf, {0, 0, 0}, NULL, 0, false},
    {"userfaultfd", SYS_userfaultfd, {0}, NULL, 0, false},
    {"keyring", SYS_keyctl, {0, 0, 0}, NULL, 0, false},
    {"module", SYS_init_module, {0, 0, 0}, NULL, 0, false},
    {"reboot", SYS_reboot, {0, 0, 0}, NULL, 0, false},
    {"clock", SYS_clock_settime, {0, 0}, NULL, 0, false},
    {"persist", SYS_ioctl, {-1, 0x400454cb, 1}, NULL, 0, false}, /* TUNSETPERSIST */
};

static pid_t pid;
static int memory;

static void give_up(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* The address of a `syscall` instruction in the text of the process. */
static unsigned long instruction_find(void)
{
	char path[64], line[512], rights[8];
	unsigned long from, to;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	if (!maps)
		give_up(path);
	while (fgets(line, sizeof(line), maps)) {
		static unsigned char text[1 << 16];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[2] != 'x')
			continue;
		for (unsigned long at = from; at < to; at += sizeof(text)) {
			ssize_t n = pread(memory, text, sizeof(text), (off_t)at);
			unsigned char *found =
			    n > 1 ? memmem(text, (size_t)n, "\x0f\x05", 2) : NULL;

			if (found) {
				fclose(maps);
				return at + (unsigned long)(found - text);
			}
		}
	}
	errno = ENOENT;
	give_up("no instruction");
	return 0;
}

static long parent_pid(void)
{
	char path[64], line[256];
	long parent = 1;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = fopen(path, "r");
	while (status && fgets(line, sizeof(line), status))
		(void)sscanf(line, "PPid: %ld", &parent);
	if (status)
		fclose(status);
	return parent;
}

/* Wait for the process to stop; false: it was killed. */
static bool stopped(int *signal)
{
	int status;

	if (waitpid(pid, &status, __WALL) < 0)
		give_up("waitpid");
	*signal = WIFSIGNALED(status)  ? WTERMSIG(status)
		  : WIFSTOPPED(status) ? WSTOPSIG(status)
				       : 0;
	return WIFSTOPPED(status);
}

static void registers_fill(struct user_regs_struct *regs, const struct try *try)
{
	unsigned long place = (regs->rsp - 4096) & ~15ul;
	long args[6];

	memcpy(args, try->args, sizeof(args));
	if (try->text) {
		if (pwrite(memory, try->text, strlen(try->text) + 1, (off_t)place) < 0)
			give_up("write");
		args[try->at] = (long)place;
	} else if (try->parent) {
		args[try->at] = parent_pid();
	}
	regs->rip = instruction_find();
	regs->orig_rax = (unsigned long)-1; /* no system call is restarted */
	regs->rax = (unsigned long)try->number;
	regs->rdi = (unsigned long)args[0];
	regs->rsi = (unsigned long)args[1];
	regs->rdx = (unsigned long)args[2];
	regs->r10 = (unsigned long)args[3];
	regs->r8 = (unsigned long)args[4];
	regs->r9 = (unsigned long)args[5];
}

static int try_run(const struct try *try)
{
	struct user_regs_struct before = {0}, regs;
	int signal;
	long result;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
		give_up("ptrace");
	if (!stopped(&signal) || ptrace(PTRACE_GETREGS, pid, 0, &before) < 0)
		give_up("stop");
	regs = before;
	registers_fill(&regs, try);
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0 || ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0)
		give_up("step");
	/* Signals that come meanwhile are dropped. */
	while (stopped(&signal) && signal != SIGTRAP && signal != SIGSYS)
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) < 0)
			give_up("step");
	/* A filter that kills is seen as a stop by SIGSYS, as the end, or as both. */
	if (signal == SIGSYS && kill(pid, 0) == 0 && ptrace(PTRACE_CONT, pid, 0, SIGSYS) == 0)
		(void)stopped(&signal);
	if (signal != SIGTRAP) {
		printf("killed: %s\n", strsignal(signal));
		return signal == SIGSYS ? 0 : 1;
	}
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		give_up("result");
	result = (long)regs.rax;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &before);
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	if (result == -EPERM || result == -EACCES || result == -ENOSYS ||
	    (result == -EINVAL && try->number == SYS_prctl)) { /* as of a kernel without it */
		printf("refused: %s\n", strerror((int)-result));
		return 0;
	}
	printf("done: %ld\n", result);
	return 1;
}

int main(int argc, char **argv)
{
	char path[64];

	for (size_t i = 0; argc == 2 && strcmp(argv[1], "list") == 0 && i < XT_LEN(tries); i++)
		printf("%s\n", tries[i].name);
	if (argc != 3)
		return argc == 2 ? 0 : 2;
	pid = (pid_t)atoi(argv[1]);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory < 0)
		give_up(path);
	for (size_t i = 0; i < XT_LEN(tries); i++)
		if (strcmp(tries[i].name, argv[2]) == 0)
			return try_run(&tries[i]);
	return 2;
}

#else

int main(void)
{
	return 77;
}

#endif
