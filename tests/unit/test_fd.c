/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* Descriptors that no program inherits. test_fd_late runs the same for fd_late_posix.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/fd.h"
#include "platform/posix/fd_end_posix.h"
#include "test_main.h"
#include "unit/syscall_refuse.h"

#define CLOSE_RANGE 436

static void flags_expect(int fd, bool nonblock)
{
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(!!(fcntl(fd, F_GETFL) & O_NONBLOCK), nonblock);
	close(fd);
}

static void what_is_made_is_close_on_exec_and_blocks_as_asked(void **state)
{
	int ends[2];

	(void)state;
	for (int nonblock = 0; nonblock < 2; nonblock++) {
		flags_expect(xt_fd_socket(AF_INET, SOCK_DGRAM, nonblock), nonblock);
		assert_int_equal(xt_fd_socketpair(SOCK_SEQPACKET, nonblock, ends), 0);
		flags_expect(ends[0], nonblock);
		flags_expect(ends[1], nonblock);
		assert_int_equal(xt_fd_pipe(ends, nonblock), 0);
		assert_int_equal(fcntl(ends[0], F_GETFL) & O_ACCMODE, O_RDONLY);
		assert_int_equal(fcntl(ends[1], F_GETFL) & O_ACCMODE, O_WRONLY);
		flags_expect(ends[0], nonblock);
		flags_expect(ends[1], nonblock);
	}
}

static void what_the_system_refuses_is_its_error(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(xt_fd_socket(-1, SOCK_DGRAM, true), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(xt_fd_socketpair(-1, true, ends), -1);
	assert_int_equal(xt_fd_accept(-1, true), -1);
	assert_int_equal(errno, EBADF);
}

static void an_accepted_connection_says_who_has_connected(void **state)
{
	struct sockaddr_storage to;
	socklen_t len = sizeof(to);
	struct xt_fd_peer peer = {0};
	int listener = xt_fd_socket(AF_UNIX, SOCK_STREAM, false), client, end;

	(void)state;
	/* Linux gives it a name in no file system. */
	assert_int_equal(
	    bind(listener, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
	client = xt_fd_socket(AF_UNIX, SOCK_STREAM, false);
	assert_int_equal(connect(client, (struct sockaddr *)&to, len), 0);
	end = xt_fd_accept(listener, true);
	assert_int_equal(xt_fd_peer(end, &peer), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(xt_fd_peer(client, &peer), 0);
	assert_int_equal(peer.pid, getpid());
	flags_expect(end, true);
	close(client);
	close(listener);
	assert_true(xt_fd_peer(-1, &peer) < 0);
}

static void descriptors_of_a_message_are_close_on_exec(void **state)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {0};
	char byte = 1;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	const int sent[3] = {0, 1, 2};
	int ends[2], came[3];

	(void)state;
	assert_int_equal(xt_fd_socketpair(SOCK_SEQPACKET, false, ends), 0);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(sent));
	memcpy(CMSG_DATA(cmsg), sent, sizeof(sent));
	assert_int_equal(sendmsg(ends[0], &msg, 0), 1);
	memset(control, 0, sizeof(control));
	assert_int_equal(xt_fd_recvmsg(ends[1], &msg, 0), 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	assert_non_null(cmsg);
	memcpy(came, CMSG_DATA(cmsg), sizeof(came));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fcntl(came[i], F_GETFD), FD_CLOEXEC);
		close(came[i]);
	}
	close(ends[0]);
	close(ends[1]);
}

/* Scattered, and below the 1,024 descriptors that a process has by default. */
#define NUMBER(first, i) ((first) + (i) * (i)*2)

/* In a child, whose descriptors are its affair. */
static int child_run(int (*run)(int first))
{
	int first = fcntl(STDERR_FILENO, F_DUPFD, 100), status;
	pid_t child = fork();

	assert_true(first >= 100);
	if (child == 0) {
		for (int i = 1; i < 20; i++)
			if (dup2(first, NUMBER(first, i)) < 0)
				_exit(125);
		_exit(run(first));
	}
	close(first);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int close_from_run(int first)
{
	xt_fd_close_from(first + 1);
	for (int fd = first + 1; fd < first + 4000; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	}
	return fcntl(first, F_GETFD) == 0 ? 0 : 2;
}

static int cloexec_from_run(int first)
{
	xt_fd_cloexec_from(first + 1);
	for (int i = 1; i < 20; i++) {
		if (fcntl(NUMBER(first, i), F_GETFD) != FD_CLOEXEC)
			return 1;
	}
	return fcntl(first, F_GETFD) == 0 ? 0 : 2;
}

/* As before Linux 5.9, before 5.11 (the flag), and under a container's filter. */
static int refused_error;

static int close_from_refused(int first)
{
	syscall_refuse(CLOSE_RANGE, refused_error);
	return close_from_run(first);
}

static int cloexec_from_refused(int first)
{
	syscall_refuse(CLOSE_RANGE, refused_error);
	return cloexec_from_run(first);
}

static void a_kernel_without_close_range_leaves_no_descriptor_open(void **state)
{
	static const int errors[] = {ENOSYS, EINVAL, EPERM};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		refused_error = errors[i];
		assert_int_equal(child_run(close_from_refused), 0);
		assert_int_equal(child_run(cloexec_from_refused), 0);
	}
}

static int close_unlisted(int first)
{
	xt_fd_end_listed("/nonexistent", first + 1, false);
	for (int i = 1; i < 20; i++) {
		if (fcntl(NUMBER(first, i), F_GETFD) >= 0)
			return 1;
	}
	return fcntl(first, F_GETFD) == 0 ? 0 : 2;
}

static void without_a_list_every_number_up_to_the_limit_is_tried(void **state)
{
	(void)state;
	assert_int_equal(child_run(close_unlisted), 0);
}

static void every_descriptor_from_one_on_is_closed(void **state)
{
	(void)state;
	assert_int_equal(child_run(close_from_run), 0);
}

static void every_descriptor_from_one_on_is_not_inherited(void **state)
{
	(void)state;
	assert_int_equal(child_run(cloexec_from_run), 0);
}

TEST_MAIN(cmocka_unit_test(what_is_made_is_close_on_exec_and_blocks_as_asked),
	  cmocka_unit_test(what_the_system_refuses_is_its_error),
	  cmocka_unit_test(an_accepted_connection_says_who_has_connected),
	  cmocka_unit_test(descriptors_of_a_message_are_close_on_exec),
	  cmocka_unit_test(every_descriptor_from_one_on_is_closed),
	  cmocka_unit_test(every_descriptor_from_one_on_is_not_inherited),
	  cmocka_unit_test(a_kernel_without_close_range_leaves_no_descriptor_open),
	  cmocka_unit_test(without_a_list_every_number_up_to_the_limit_is_tried))
