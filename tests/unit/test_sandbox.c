/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* What a locked process can still do, and what it cannot. Every attempt runs in a child of its own,
 * and once more without the locks: there it must succeed, or the test proves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/ring_linux.h"
#include "platform/linux/sandbox_linux.h"
#include "unit/syscall_refuse.h"

#define USER 61999u

/* Exit statuses of a child. */
enum { DONE = 0, REFUSED = 1, BROKEN = 2 };

static struct xt_sandbox_options options_of(enum xt_sandbox_role role)
{
	return (struct xt_sandbox_options){.role = role,
					   .uid = geteuid() == 0 ? USER : UINT32_MAX,
					   .gid = geteuid() == 0 ? USER : UINT32_MAX,
					   .nofile = 64};
}

static struct xt_sandbox_state lock(enum xt_sandbox_role role)
{
	struct xt_sandbox_options options = options_of(role);
	struct xt_sandbox_state state;

	if (role == XT_SANDBOX_MONITOR)
		options.uid = options.gid = UINT32_MAX;
	xt_sandbox_lock(&options, &state);
	return state;
}

static bool filter_is_built(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct xt_sandbox_state state = lock(XT_SANDBOX_TUNNEL);

		_exit(state.locks[XT_LOCK_SECCOMP].state == XT_LOCK_TAKEN ? DONE : REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == DONE;
}

static void user_become_ordinary(void)
{
	if (geteuid() == 0 && (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0))
		_exit(BROKEN);
}

/* ---- attempts: 0 or more, what succeeded; -1 and errno ---- */

static int try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int try_create(void)
{
	char path[] = "/tmp/xtunnel-sandbox-XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		unlink(path);
	return fd;
}

static int try_stat(void)
{
	struct stat stat_of;

	return stat("/etc/passwd", &stat_of);
}

static int try_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_udp(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static int try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int try_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int try_exec(void)
{
	char *const arguments[] = {"true", NULL};

	return execve("/bin/true", arguments, arguments + 1);
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_mount(void)
{
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int try_unshare(void)
{
	return unshare(CLONE_NEWNET);
}

static int try_kill(void)
{
	return kill(getppid(), 0);
}

/* To this process: Landlock of newer kernels forbids it to others, whatever the filter says. */
static int try_queue(void)
{
	siginfo_t info = {.si_signo = SIGURG, .si_code = SI_QUEUE};

	return (int)syscall(SYS_rt_sigqueueinfo, getpid(), SIGURG, &info);
}

static int try_setuid(void)
{
	return setresuid(0, 0, 0);
}

static int try_chroot(void)
{
	return chroot("/");
}

static int try_executable_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : 0;
}

static int try_ring(void)
{
	uint32_t params[30] = {0}; /* struct io_uring_params */

	return (int)syscall(SYS_io_uring_setup, 4, params);
}

/* As libuv does for each loop. */
static int try_library_ring(void)
{
	uint32_t params[30] = {0};

	return (int)syscall(SYS_io_uring_setup, 256, params);
}

static int try_platform_ring(void)
{
	uint32_t params[30] = {0};

	return (int)syscall(SYS_io_uring_setup, XT_RING_MAX, params);
}

/* DONE: as where the kernel has no io_uring. */
static int try_ring_absence(void)
{
	return try_library_ring() < 0 && errno == ENOSYS ? 0 : -1;
}

static int try_memfd(void)
{
	return (int)syscall(SYS_memfd_create, "x", 0);
}

static int try_memory(void)
{
	return (int)syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0);
}

static int try_sethostname(void)
{
	char name[64];

	return gethostname(name, sizeof(name)) < 0 ? -1 : sethostname(name, strlen(name));
}

/* How a child that ran attempt after prepare ended: an exit status, or 128 + the signal. */
static int attempt_run(int (*attempt)(void), void (*prepare)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		if (prepare)
			prepare();
		_exit(attempt() >= 0 ? DONE : REFUSED);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void tunnel_lock(void)
{
	(void)lock(XT_SANDBOX_TUNNEL);
}

static void ordinary_tunnel_lock(void)
{
	user_become_ordinary();
	(void)lock(XT_SANDBOX_TUNNEL);
}

static void resolver_lock(void)
{
	(void)lock(XT_SANDBOX_RESOLVER);
}

static void monitor_lock(void)
{
	(void)lock(XT_SANDBOX_MONITOR);
}

#define ROW(name)                                                                                  \
	{                                                                                          \
#name, try_##name                                                                  \
	}
static const struct row {
	const char *name;
	int (*attempt)(void);
} tunnel_rows[] =
    {
	ROW(open),	  ROW(create),	ROW(stat),
	ROW(tcp),	  ROW(udp),	ROW(unix),
	ROW(netlink),	  ROW(packet),	ROW(raw),
	ROW(exec),	  ROW(fork),	ROW(ptrace),
	ROW(mount),	  ROW(unshare), ROW(kill),
	ROW(setuid),	  ROW(chroot),	ROW(executable_memory),
	ROW(ring),	  ROW(memfd),	ROW(memory),
	ROW(sethostname), ROW(queue),
},
  resolver_rows[] =
      {
	  ROW(create), ROW(packet),  ROW(raw),	       ROW(exec),  ROW(ptrace),
	  ROW(mount),  ROW(unshare), ROW(kill),	       ROW(queue), ROW(setuid),
	  ROW(chroot), ROW(ring),    ROW(sethostname),
},
  monitor_rows[] = {
      ROW(packet),  ROW(raw),	 ROW(exec), ROW(ptrace),      ROW(mount),
      ROW(unshare), ROW(chroot), ROW(ring), ROW(sethostname),
};

static void rows_refused(const struct row *rows, size_t n, void (*prepare)(void))
{
	for (size_t i = 0; i < n; i++) {
		int end = attempt_run(rows[i].attempt, prepare);

		if (end != REFUSED && end != 128 + SIGSYS)
			fail_msg("%s ended with %d", rows[i].name, end);
	}
}

static void every_attempt_works_without_a_lock(void **test)
{
	(void)test;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < XT_LEN(tunnel_rows); i++) {
		int end = attempt_run(tunnel_rows[i].attempt, NULL);

		if (end != DONE && tunnel_rows[i].attempt != try_ring)
			fail_msg("%s ended with %d", tunnel_rows[i].name, end);
	}
}

static void a_tunnel_process_reaches_nothing_outside(void **test)
{
	(void)test;
	rows_refused(tunnel_rows, XT_LEN(tunnel_rows), tunnel_lock);
}

static void an_ordinary_user_is_locked_as_well(void **test)
{
	(void)test;
	rows_refused(tunnel_rows, XT_LEN(tunnel_rows), ordinary_tunnel_lock);
}

static void a_resolver_writes_nothing_and_runs_nothing(void **test)
{
	(void)test;
	rows_refused(resolver_rows, XT_LEN(resolver_rows), resolver_lock);
	assert_int_equal(attempt_run(try_open, resolver_lock), DONE);
	assert_int_equal(attempt_run(try_udp, resolver_lock), DONE);
	assert_int_equal(attempt_run(try_tcp, resolver_lock), DONE);
	assert_int_equal(attempt_run(try_unix, resolver_lock), DONE);
	assert_int_equal(attempt_run(try_netlink, resolver_lock), DONE);
}

static void a_monitor_runs_no_program(void **test)
{
	(void)test;
	rows_refused(monitor_rows, XT_LEN(monitor_rows), monitor_lock);
	assert_int_equal(attempt_run(try_open, monitor_lock), DONE);
	assert_int_equal(attempt_run(try_create, monitor_lock), DONE);
	assert_int_equal(attempt_run(try_udp, monitor_lock), DONE);
	assert_int_equal(attempt_run(try_netlink, monitor_lock), DONE);
}

static void a_library_makes_no_ring_and_goes_on(void **test)
{
	(void)test;
	assert_int_equal(attempt_run(try_ring_absence, xt_sandbox_rings_limit), DONE);
	assert_int_equal(attempt_run(try_ring_absence, resolver_lock), DONE);
	assert_int_equal(attempt_run(try_ring_absence, monitor_lock), DONE);
	assert_int_equal(attempt_run(try_platform_ring, xt_sandbox_rings_limit),
			 attempt_run(try_platform_ring, NULL));
}

/* ---- what goes on working ---- */

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(2, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,              \
				strerror(errno));                                                  \
			_exit(BROKEN);                                                             \
		}                                                                                  \
	} while (0)

static void *thread_end(void *arg)
{
	(void)arg;
	return malloc(1);
}

static void threads_work(void)
{
	pthread_t threads[3];
	void *result = NULL;

	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < XT_LEN(threads); i++)
			MUST(pthread_create(&threads[i], NULL, thread_end, NULL) == 0);
		for (size_t i = 0; i < XT_LEN(threads); i++) {
			MUST(pthread_join(threads[i], &result) == 0 && result);
			free(result);
		}
	}
}

struct ends {
	int listener, client, channel[2], udp, pipe[2];
};

static struct ends ends_new(void)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX,
					 .sun_path = "\0xtunnel-test-sandbox"};
	struct ends ends = {.listener = socket(AF_UNIX, SOCK_STREAM, 0),
			    .client = socket(AF_UNIX, SOCK_STREAM, 0),
			    .udp = socket(AF_INET, SOCK_DGRAM, 0)};
	int on = 1;

	MUST(pipe(ends.pipe) == 0);
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.channel) == 0);
	MUST(bind(ends.listener, (const struct sockaddr *)&name, 40) == 0);
	MUST(listen(ends.listener, 1) == 0);
	MUST(connect(ends.client, (const struct sockaddr *)&name, 40) == 0);
	MUST(setsockopt(ends.udp, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) == 0);
	return ends;
}

static void descriptor_send(int channel, int fd)
{
	char byte = 1;
	struct iovec vec = {&byte, 1};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct msghdr msg = {.msg_iov = &vec,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	MUST(sendmsg(channel, &msg, 0) == 1);
}

static void descriptor_receive(int channel)
{
	char byte;
	struct iovec vec = {&byte, 1};
	char control[CMSG_SPACE(sizeof(int))];
	struct msghdr msg = {.msg_iov = &vec,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	int fd;

	MUST(recvmsg(channel, &msg, MSG_CMSG_CLOEXEC) == 1);
	MUST(msg.msg_controllen == sizeof(control) && !(msg.msg_flags & MSG_CTRUNC));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	MUST(write(fd, "x", 1) == 1);
	MUST(close(fd) == 0);
}

static void sockets_work(const struct ends *ends)
{
	const int discover = IP_PMTUDISC_PROBE;
	struct stat stat_of;
	struct msghdr msg = {0};
	int client = accept4(ends->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), copy;

	MUST(client >= 0 && send(client, "x", 1, 0) == 1);
	MUST(fstat(client, &stat_of) == 0);
	MUST(setsockopt(ends->udp, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)) == 0);
	MUST(recvmsg(ends->udp, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 && errno == EAGAIN);
	copy = fcntl(ends->udp, F_DUPFD_CLOEXEC, 0);
	MUST(copy >= 0 && close(copy) == 0);
	descriptor_send(ends->channel[0], ends->pipe[1]);
	descriptor_receive(ends->channel[1]);
}

static void what_a_tunnel_process_needs_works(void **test)
{
	int status;
	pid_t pid;

	(void)test;
	pid = fork();
	if (pid == 0) {
		struct ends ends = ends_new();
		struct xt_sandbox_state state = lock(XT_SANDBOX_TUNNEL);
		char *bytes = malloc(1 << 20);
		struct timespec now;

		for (unsigned i = 0; i < XT_LOCKS; i++)
			if (state.locks[i].state == XT_LOCK_FAILED)
				dprintf(2, "%s: %s\n", xt_lock_name((enum xt_lock)i),
					xt_lock_text(&state.locks[i], (char[XT_LOCK_TEXT]){0}));
		MUST(bytes);
		free(bytes);
		MUST(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
		threads_work();
		sockets_work(&ends);
		exit(DONE); /* what runs at exit works as well */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- threads from before ---- */

struct early {
	int go[2], over[2];
};

/* open(2) of a thread that waited in read(2) while the locks were taken. */
static void *early_run(void *arg)
{
	const struct early *early = arg;
	char byte;

	if (read(early->go[0], &byte, 1) == 1) {
		byte = try_open() < 0 ? 'n' : 'y';
		(void)!write(early->over[1], &byte, 1);
	}
	return NULL;
}

static void early_start(struct early *early, unsigned threads)
{
	pthread_t thread;

	MUST(pipe(early->go) == 0 && pipe(early->over) == 0);
	for (unsigned i = 0; i < threads; i++)
		MUST(pthread_create(&thread, NULL, early_run, early) == 0);
}

static void task_has(pid_t pid, const char *tid, const char *line)
{
	char path[64], text[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	if (!strstr(text, line))
		fail_msg("a thread lacks \"%s\"", line);
}

static void every_thread_from_before_is_locked(void **test)
{
	char path[32], byte = 0;
	struct dirent *entry;
	unsigned threads = 0;
	int ready[2];
	pid_t pid;
	DIR *tasks;

	(void)test;
	if (geteuid() != 0 || !filter_is_built())
		skip();
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct early early;

		early_start(&early, 3);
		(void)lock(XT_SANDBOX_TUNNEL);
		MUST(write(ready[1], "x", 1) == 1);
		for (;;)
			nanosleep(&(struct timespec){1, 0}, NULL);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		threads++;
		task_has(pid, entry->d_name, "Seccomp:\t2");
		task_has(pid, entry->d_name, "NoNewPrivs:\t1");
		task_has(pid, entry->d_name, "CapPrm:\t0000000000000000");
		task_has(pid, entry->d_name, "CapEff:\t0000000000000000");
		task_has(pid, entry->d_name, "CapInh:\t0000000000000000");
		task_has(pid, entry->d_name, "CapBnd:\t0000000000000000");
		task_has(pid, entry->d_name, "CapAmb:\t0000000000000000");
		task_has(pid, entry->d_name, "Uid:\t61999\t61999\t61999\t61999");
		task_has(pid, entry->d_name, "Gid:\t61999\t61999\t61999\t61999");
	}
	closedir(tasks);
	assert_int_equal(threads, 4);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
}

/* Where seccomp(2) is refused, Landlock alone holds a thread that was made before. */
static void landlock_reaches_threads_from_before(void **test)
{
	int status;
	pid_t pid;

	(void)test;
	pid = fork();
	if (pid == 0) {
		struct xt_sandbox_state state;
		struct early early;
		char byte = 0;

		user_become_ordinary();
		syscall_refuse(SYS_seccomp, EPERM);
		early_start(&early, 2);
		state = lock(XT_SANDBOX_TUNNEL);
		MUST(state.locks[XT_LOCK_SECCOMP].state == XT_LOCK_FAILED);
		if (state.locks[XT_LOCK_LANDLOCK].error == -ENOSYS)
			_exit(DONE);
		MUST(state.locks[XT_LOCK_LANDLOCK].state == XT_LOCK_TAKEN);
		for (unsigned i = 0; i < 2; i++) {
			MUST(write(early.go[1], "x", 1) == 1);
			MUST(read(early.over[0], &byte, 1) == 1);
			MUST(byte == 'n');
		}
		_exit(DONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void *masked_run(void *arg)
{
	char byte;

	(void)!read(*(const int *)arg, &byte, 1);
	return NULL;
}

static void a_thread_that_takes_no_signal_is_reported(void **test)
{
	int status;
	pid_t pid;

	(void)test;
	pid = fork();
	if (pid == 0) {
		struct xt_sandbox_state state;
		pthread_t thread;
		sigset_t all;
		int wait[2];

		user_become_ordinary();
		sigfillset(&all);
		MUST(pipe(wait) == 0);
		MUST(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
		MUST(pthread_create(&thread, NULL, masked_run, wait) == 0);
		state = lock(XT_SANDBOX_TUNNEL);
		MUST(state.locks[XT_LOCK_LANDLOCK].state == XT_LOCK_FAILED);
		MUST(xt_sandbox_summary(&state) == XT_SANDBOX_PARTIAL);
		MUST(try_open() < 0);
		_exit(DONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- a lock that cannot be taken ---- */

/* 32-bit processors have older calls too, for users of 16 bits. */
#ifdef SYS_setresuid32
#define CALL_SETRESUID SYS_setresuid32
#define CALL_SETGROUPS SYS_setgroups32
#else
#define CALL_SETRESUID SYS_setresuid
#define CALL_SETGROUPS SYS_setgroups
#endif

/* Linux before 5.13 has no Landlock; later ones may be built or booted without it. */
static bool landlock_is_there(void)
{
	return syscall(444 /* landlock_create_ruleset */, NULL, (size_t)0, 1u /* its version */) >
	       0;
}

static void state_without(int number, int error, enum xt_lock missing)
{
	bool landlock = landlock_is_there();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct xt_sandbox_state state;

		syscall_refuse(number, error);
		state = lock(XT_SANDBOX_TUNNEL);
		for (unsigned i = 0; i < XT_LOCKS; i++)
			MUST((state.locks[i].state == XT_LOCK_FAILED) ==
			     (i == missing || (i == XT_LOCK_LANDLOCK && !landlock)));
		MUST(state.locks[missing].error == -error || missing == XT_LOCK_SECCOMP);
		MUST(xt_sandbox_summary(&state) == XT_SANDBOX_PARTIAL);
		MUST(try_open() < 0);
		_exit(DONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_lock_that_is_missing_is_reported_and_the_others_hold(void **test)
{
	(void)test;
	if (!filter_is_built())
		skip();
	state_without(444, ENOSYS, XT_LOCK_LANDLOCK);
	state_without(SYS_seccomp, EPERM, XT_LOCK_SECCOMP);
	if (geteuid() == 0) {
		state_without(SYS_chroot, EPERM, XT_LOCK_ROOT);
		state_without(CALL_SETRESUID, EPERM, XT_LOCK_USER);
		state_without(CALL_SETGROUPS, EPERM, XT_LOCK_USER);
	}
}

static void a_failed_lock_names_its_step_and_error(void **test)
{
	struct xt_lock_result result = {XT_LOCK_FAILED, -EPERM, "setgroups"};
	char text[XT_LOCK_TEXT];

	(void)test;
	assert_string_equal(xt_lock_text(&result, text),
			    "not available here: setgroups: Operation not permitted");
	result = (struct xt_lock_result){.state = XT_LOCK_TAKEN};
	assert_string_equal(xt_lock_text(&result, text), "taken");
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
	puts("skip: a thread of the thread sanitizer takes no signal, so it cannot be locked");
	return 77;
#endif
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_attempt_works_without_a_lock),
	    cmocka_unit_test(a_tunnel_process_reaches_nothing_outside),
	    cmocka_unit_test(an_ordinary_user_is_locked_as_well),
	    cmocka_unit_test(a_resolver_writes_nothing_and_runs_nothing),
	    cmocka_unit_test(a_monitor_runs_no_program),
	    cmocka_unit_test(a_library_makes_no_ring_and_goes_on),
	    cmocka_unit_test(what_a_tunnel_process_needs_works),
	    cmocka_unit_test(every_thread_from_before_is_locked),
	    cmocka_unit_test(landlock_reaches_threads_from_before),
	    cmocka_unit_test(a_thread_that_takes_no_signal_is_reported),
	    cmocka_unit_test(a_lock_that_is_missing_is_reported_and_the_others_hold),
	    cmocka_unit_test(a_failed_lock_names_its_step_and_error),
	};

	/* A locked process writes no file; what a child has to say may go into one. */
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
