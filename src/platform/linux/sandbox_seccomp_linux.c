/* SPDX-License-Identifier: MIT */
/* The filters of system calls. A process that reads packets has a list of what it may call, and is
 * killed, with a record in the audit log, for anything else; what libraries try and do without is
 * refused by an error. The monitor and the resolver, whose libraries are free to call what they
 * need, have a list of what they may not. */
#include "platform/linux/sandbox_linux.h"

#include <asm/termbits.h> /* on PowerPC the number TCGETS holds the size of this one */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "platform/linux/ring_linux.h"

/* Numbers from here on are the same on every machine. */
#define FIRST_COMMON 424
#define LAST_COMMON  511

/* libseccomp's numbers of what socketcall(2) alone can do on some machines (send, recv, accept). */
#define FIRST_SOCKETCALL (-101)
#define LAST_SOCKETCALL	 (-120)

#define IO_URING_ENABLE_RINGS 12
#define ARG_EQ(n, value)      arg_compare(n, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value))
#define ARG_NE(n, value)      arg_compare(n, SCMP_CMP_NE, (uint32_t)(value), 0)
#define ARG_BITS(n, mask, value)                                                                   \
	arg_compare(n, SCMP_CMP_MASKED_EQ, (uint32_t)(mask), (uint32_t)(value))

/* Masked, because the kernel ignores the upper half of an int. */
static struct scmp_arg_cmp arg_compare(unsigned n, enum scmp_compare op, uint64_t a, uint64_t b)
{
	return (struct scmp_arg_cmp){.arg = n, .op = op, .datum_a = a, .datum_b = b};
}

/* Tasks of this process share its memory; a new process, or namespace, does not. */
#define THREAD_MASK                                                                                \
	(CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VFORK | CLONE_PTRACE | CLONE_NEWNS |      \
	 CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |            \
	 CLONE_NEWNET)
#define THREAD (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

/* A sanitizer's runtime makes calls of its own, which a kill would turn into a failed test. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KILL SCMP_ACT_ERRNO(EPERM)
#else
#define KILL SCMP_ACT_KILL_PROCESS
#endif

/* A filter under construction: the first error stays. */
struct filter {
	scmp_filter_ctx rules;
	int rc;
};

/* True where the C library makes its sockets by one call, socketcall(2), with the arguments in
 * memory, where a filter cannot see them: rules of libseccomp then hold whatever they are. */
static bool machine_has_socketcall(void)
{
	uint32_t machine = seccomp_arch_native();

	return machine == SCMP_ARCH_X86 || machine == SCMP_ARCH_S390 || machine == SCMP_ARCH_S390X;
}

static void filter_add(struct filter *filter, uint32_t action, int number, unsigned n,
		       const struct scmp_arg_cmp *args)
{
	int rc = filter->rc;
	bool has = number >= 0 || (number <= FIRST_SOCKETCALL && number >= LAST_SOCKETCALL &&
				   machine_has_socketcall());

	/* Otherwise this machine has no such call. */
	if (rc == 0 && has)
		rc = seccomp_rule_add_array(filter->rules, action, number, n, args);
	filter->rc = rc;
}

static void filter_add_if(struct filter *filter, uint32_t action, int number,
			  struct scmp_arg_cmp arg)
{
	filter_add(filter, action, number, 1, &arg);
}

static void filter_add_list(struct filter *filter, uint32_t action, const int *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		filter_add(filter, action, numbers[i], 0, NULL);
}

/* On descriptors that are open, on memory of this process, on time: none reaches further. 32-bit
 * processors have calls of their own for 64-bit times, offsets and users. */
static const int tunnel_allowed[] = {
    SCMP_SYS(_llseek),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_getres_time64),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(fsync),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(getcpu),
    SCMP_SYS(getegid),
    SCMP_SYS(getegid32),
    SCMP_SYS(geteuid),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid),
    SCMP_SYS(getgid32),
    SCMP_SYS(getpeername),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(getuid32),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(mremap),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pread64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmmsg_time64),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigtimedwait_time64),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(send),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sysinfo),
    SCMP_SYS(time),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_settime64),
    SCMP_SYS(umask),
    SCMP_SYS(uname),
    SCMP_SYS(wait4),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* Paths and new sockets. Libraries try them (zone files, /dev/urandom, names of interfaces) and do
 * without. */
static const int tunnel_refused[] = {
    SCMP_SYS(access),	  SCMP_SYS(bind),      SCMP_SYS(chmod),	     SCMP_SYS(chown),
    SCMP_SYS(connect),	  SCMP_SYS(creat),     SCMP_SYS(faccessat),  SCMP_SYS(fchmodat),
    SCMP_SYS(fchownat),	  SCMP_SYS(getcwd),    SCMP_SYS(getdents64), SCMP_SYS(link),
    SCMP_SYS(linkat),	  SCMP_SYS(listen),    SCMP_SYS(lstat),	     SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),	  SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2),
    SCMP_SYS(rmdir),	  SCMP_SYS(socket),    SCMP_SYS(socketpair), SCMP_SYS(stat),
    SCMP_SYS(statfs),	  SCMP_SYS(symlink),   SCMP_SYS(symlinkat),  SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),	  SCMP_SYS(lstat64),   SCMP_SYS(stat64),     SCMP_SYS(statfs64),
    SCMP_SYS(chown32),	  SCMP_SYS(fstatat64),
};

static const int tunnel_fcntl[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,	 F_SETFD,
				   F_GETFL, F_SETFL,	     F_ADD_SEALS};

/* Not TUNSETPERSIST and TUNSETOWNER, which need no right. By TIOCGWINSZ musl learns at the first
 * write to a stream whether that is a terminal; glibc asks by TCGETS. */
static const unsigned long tunnel_ioctl[] = {FIONBIO,	  FIONREAD,	SIOCGIFINDEX, SIOCGIFMTU,
					     SIOCGIFNAME, SIOCOUTQ,	TCGETS,	      TIOCGWINSZ,
					     TUNGETIFF,	  TUNSETOFFLOAD};

static const struct {
	int level, name;
} tunnel_setsockopt[] = {
    {SOL_UDP, UDP_SEGMENT},
    {SOL_UDP, UDP_GRO},
    {SOL_SOCKET, SO_SNDBUF},
    {SOL_SOCKET, SO_RCVBUF},
    {SOL_SOCKET, SO_PASSCRED},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_PKTINFO},
    {IPPROTO_IP, IP_RECVERR},
    {IPPROTO_IP, IP_RECVTOS},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    {IPPROTO_IPV6, IPV6_RECVERR},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {IPPROTO_IPV6, IPV6_RECVTCLASS},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {SOL_NETLINK, NETLINK_ADD_MEMBERSHIP},
    {SOL_NETLINK, NETLINK_LISTEN_ALL_NSID},
};

static void tunnel_arguments(struct filter *filter)
{
	static const int memory[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};

	for (size_t i = 0; i < XT_LEN(memory); i++)
		filter_add_if(filter, SCMP_ACT_ALLOW, memory[i], ARG_BITS(2, PROT_EXEC, 0));
	for (size_t i = 0; i < XT_LEN(tunnel_fcntl); i++) {
		filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), ARG_EQ(1, tunnel_fcntl[i]));
		filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl64),
			      ARG_EQ(1, tunnel_fcntl[i]));
	}
	for (size_t i = 0; i < XT_LEN(tunnel_ioctl); i++)
		filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), ARG_EQ(1, tunnel_ioctl[i]));
	if (machine_has_socketcall())
		filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 0, NULL);
	for (size_t i = 0; i < XT_LEN(tunnel_setsockopt); i++) {
		const struct scmp_arg_cmp args[] = {ARG_EQ(1, tunnel_setsockopt[i].level),
						    ARG_EQ(2, tunnel_setsockopt[i].name)};

		filter_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), XT_LEN(args), args);
	}
	/* fstat(2) of the C library, by one of these; with a path they look it up. */
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat),
		      ARG_BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH));
	filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat),
		      ARG_BITS(3, AT_EMPTY_PATH, 0));
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(statx),
		      ARG_BITS(2, AT_EMPTY_PATH, AT_EMPTY_PATH));
	filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(statx),
		      ARG_BITS(2, AT_EMPTY_PATH, 0));
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), ARG_EQ(0, getpid()));
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), ARG_BITS(0, THREAD_MASK, THREAD));
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), ARG_EQ(0, PR_SET_NAME));
	filter_add_if(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), ARG_NE(0, PR_SET_NAME));
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64),
		      arg_compare(2, SCMP_CMP_EQ, 0, 0)); /* reading it */
	filter_add_if(filter, SCMP_ACT_ALLOW, SCMP_SYS(io_uring_register),
		      ARG_EQ(1, IO_URING_ENABLE_RINGS));
}

static bool tunnel_has_rule(int number)
{
	for (size_t i = 0; i < XT_LEN(tunnel_allowed); i++)
		if (tunnel_allowed[i] == number)
			return true;
	return number == SCMP_SYS(io_uring_register);
}

static void tunnel_filter(struct filter *filter)
{
	filter_add_list(filter, SCMP_ACT_ALLOW, tunnel_allowed, XT_LEN(tunnel_allowed));
	filter_add_list(filter, SCMP_ACT_ERRNO(EACCES), tunnel_refused, XT_LEN(tunnel_refused));
	tunnel_arguments(filter);
	/* Libraries try a newer call first (clone3, openat2) and fall back to the older one. */
	for (int i = FIRST_COMMON; i <= LAST_COMMON; i++)
		if (!tunnel_has_rule(i))
			filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), i, 0, NULL);
}

/* What no role calls, and an intruder would. */
static const int common_forbidden[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(finit_module),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsopen),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kcmp),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(move_mount),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(personality),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(quotactl),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname),
    SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(umount2),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vhangup),
};

/* A resolver writes nothing, changes nothing, and signals no other process. */
static const int resolver_forbidden[] = {
    SCMP_SYS(chmod),	       SCMP_SYS(chown),
    SCMP_SYS(creat),	       SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),	       SCMP_SYS(fchown),
    SCMP_SYS(fchownat),	       SCMP_SYS(kill),
    SCMP_SYS(lchown),	       SCMP_SYS(link),
    SCMP_SYS(linkat),	       SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),	       SCMP_SYS(mknod),
    SCMP_SYS(mknodat),	       SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(rename),	       SCMP_SYS(renameat),
    SCMP_SYS(renameat2),       SCMP_SYS(rmdir),
    SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(setgid),	       SCMP_SYS(setgroups),
    SCMP_SYS(setns),	       SCMP_SYS(setregid),
    SCMP_SYS(setresgid),       SCMP_SYS(setresuid),
    SCMP_SYS(setreuid),	       SCMP_SYS(setuid),
    SCMP_SYS(symlink),	       SCMP_SYS(symlinkat),
    SCMP_SYS(tkill),	       SCMP_SYS(truncate),
    SCMP_SYS(unlink),	       SCMP_SYS(unlinkat),
    SCMP_SYS(chown32),	       SCMP_SYS(fchown32),
    SCMP_SYS(lchown32),	       SCMP_SYS(setgid32),
    SCMP_SYS(setgroups32),     SCMP_SYS(setregid32),
    SCMP_SYS(setresgid32),     SCMP_SYS(setresuid32),
    SCMP_SYS(setreuid32),      SCMP_SYS(setuid32),
    SCMP_SYS(truncate64),
};

/* The four families that names, links and logs need. With socketcall(2) they cannot be told apart:
 * there only the rights, which are gone, refuse packet and raw sockets. */
static void sockets_filter(struct filter *filter)
{
	const uint32_t refused = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	const struct scmp_arg_cmp raw4[] = {ARG_EQ(0, AF_INET), ARG_BITS(1, 0xf, SOCK_RAW)};
	const struct scmp_arg_cmp raw6[] = {ARG_EQ(0, AF_INET6), ARG_BITS(1, 0xf, SOCK_RAW)};

	if (machine_has_socketcall())
		return;
	for (int family = 0; family < AF_MAX; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6 &&
		    family != AF_NETLINK)
			filter_add_if(filter, refused, SCMP_SYS(socket), ARG_EQ(0, family));
	filter_add_if(filter, refused, SCMP_SYS(socket), arg_compare(0, SCMP_CMP_GE, AF_MAX, 0));
	filter_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), XT_LEN(raw4), raw4);
	filter_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), XT_LEN(raw6), raw6);
}

static void common_filter(struct filter *filter)
{
	filter_add_list(filter, KILL, common_forbidden, XT_LEN(common_forbidden));
	filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
	/* libuv tries it for each loop, and does without. */
	filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0, NULL);
	for (int i = 0; i < 32; i++)
		if (NAMESPACES & (1u << i))
			filter_add_if(filter, KILL, SCMP_SYS(clone), ARG_BITS(0, 1u << i, 1u << i));
	sockets_filter(filter);
}

static void resolver_filter(struct filter *filter)
{
	const uint32_t refused = SCMP_ACT_ERRNO(EPERM);

	common_filter(filter);
	filter_add_list(filter, refused, resolver_forbidden, XT_LEN(resolver_forbidden));
	filter_add_if(filter, refused, SCMP_SYS(tgkill), ARG_NE(0, getpid()));
	for (int mode = O_WRONLY; mode <= O_RDWR; mode++) {
		filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open),
			      ARG_BITS(1, O_ACCMODE, mode));
		filter_add_if(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat),
			      ARG_BITS(2, O_ACCMODE, mode));
	}
	filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0, NULL);
}

/* Each is best effort, but for the one that reaches all threads. */
static int attributes_set(scmp_filter_ctx rules)
{
	/* Before Linux 5.16 a filter also switches on a mitigation that is slow. */
	(void)seccomp_attr_set(rules, SCMP_FLTATR_CTL_SSB, 1);
	(void)seccomp_attr_set(rules, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(rules, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return seccomp_attr_set(rules, SCMP_FLTATR_CTL_TSYNC, 1);
}

void xt_lock_seccomp(enum xt_sandbox_role role, struct xt_lock_result *result)
{
	static void (*const filters[])(struct filter *) = {
	    [XT_SANDBOX_TUNNEL] = tunnel_filter,
	    [XT_SANDBOX_MONITOR] = common_filter,
	    [XT_SANDBOX_RESOLVER] = resolver_filter,
	};
	struct filter filter = {
	    .rules = seccomp_init(role == XT_SANDBOX_TUNNEL ? KILL : SCMP_ACT_ALLOW)};

	if (!filter.rules) {
		*result = (struct xt_lock_result){XT_LOCK_FAILED, 0, "seccomp_init"};
		return;
	}
	filter.rc = attributes_set(filter.rules);
	filters[role](&filter);
	if (filter.rc < 0) {
		xt_lock_judge(result, filter.rc, "seccomp_rule_add");
	} else {
		/* A negative number also where a thread could not be reached. */
		int rc = seccomp_load(filter.rules);

		xt_lock_judge(result, rc, "seccomp_load");
	}
	seccomp_release(filter.rules);
}

void xt_sandbox_rings_limit(void)
{
	struct filter filter = {.rules = seccomp_init(SCMP_ACT_ALLOW)};

	if (!filter.rules)
		return;
	filter.rc = attributes_set(filter.rules);
	filter_add_if(&filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup),
		      ARG_NE(0, XT_RING_MAX));
	if (filter.rc == 0)
		(void)seccomp_load(filter.rules);
	seccomp_release(filter.rules);
}
