/* SPDX-License-Identifier: MIT */
/* layers: host crypto base */
/* What processes say to each other in an upgrade: what was sent is read, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "host/handover.h"
#include "test_main.h"

static int ends[2];

static int pair_open(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int pair_close(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* The lowest number that is free: descriptors that leak raise it. */
static int fd_next(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void a_packet_comes_as_it_was_sent(void **state)
{
	struct xt_handover_packet sent = {.kind = XT_HANDOVER_DESCRIPTORS, .error = -EBUSY}, got;
	int next = fd_next();

	(void)state;
	for (size_t i = 0; i < XT_HANDOVER_VALUES; i++)
		sent.value[i] = UINT64_MAX - i;
	for (; sent.n_fds < XT_HANDOVER_FDS; sent.n_fds++)
		sent.fds[sent.n_fds] = STDIN_FILENO;
	assert_int_equal(xt_handover_recv(ends[1], &got, 0), -EAGAIN);
	assert_int_equal(xt_handover_send(ends[0], &sent), 0);
	assert_int_equal(xt_handover_recv(ends[1], &got, 1000), 0);
	assert_int_equal(got.kind, sent.kind);
	assert_int_equal(got.error, sent.error);
	assert_memory_equal(got.value, sent.value, sizeof(got.value));
	assert_int_equal(got.n_fds, XT_HANDOVER_FDS);
	for (size_t i = 0; i < got.n_fds; i++)
		assert_int_equal(fcntl(got.fds[i], F_GETFD), FD_CLOEXEC);
	xt_handover_close_fds(&got);
	assert_int_equal(fd_next(), next);
	close(ends[0]);
	ends[0] = fd_next();
	assert_int_equal(xt_handover_recv(ends[1], &got, 1000), -EPIPE);
	assert_int_equal(xt_handover_send(ends[1], &sent), -EPIPE);
}

/* bytes with n descriptors, as no process of ours sends them. */
static void raw_send(const void *bytes, size_t len, size_t n)
{
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(32 * sizeof(int))];
	} control = {0};
	struct iovec vec = {(void *)(uintptr_t)bytes, len};
	struct msghdr msg = {.msg_iov = &vec, .msg_iovlen = 1};
	int fds[32] = {0};

	if (n > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(ends[0], &msg, 0), (int)len);
}

static void anything_else_is_refused_and_leaves_no_descriptor(void **state)
{
	const struct xt_handover_packet good = {.kind = XT_HANDOVER_GO};
	struct xt_handover_packet got;
	uint8_t bytes[256];
	ssize_t len;
	int next = fd_next();

	(void)state;
	assert_int_equal(xt_handover_send(ends[0], &good), 0);
	len = recv(ends[1], bytes, sizeof(bytes), 0);
	assert_true(len > 16);
	for (size_t cut = 1; cut < (size_t)len; cut++) {
		raw_send(bytes, cut, cut % 9);
		assert_int_equal(xt_handover_recv(ends[1], &got, 0), XT_E_INVALID);
	}
	raw_send(bytes, (size_t)len + 1, 0);
	assert_int_equal(xt_handover_recv(ends[1], &got, 0), XT_E_INVALID);
	for (size_t n = 1; n <= 32; n++) { /* more than it says, and than there is room for */
		raw_send(bytes, (size_t)len, n);
		assert_int_equal(xt_handover_recv(ends[1], &got, 0), XT_E_INVALID);
	}
	for (unsigned at = 0; at < 8; at++) { /* magic, kind */
		uint8_t wrong[sizeof(bytes)];

		memcpy(wrong, bytes, (size_t)len);
		wrong[at] ^= 0x40;
		raw_send(wrong, (size_t)len, 0);
		assert_int_equal(xt_handover_recv(ends[1], &got, 0), XT_E_INVALID);
	}
	assert_int_equal(fd_next(), next);
	raw_send(bytes, (size_t)len, 0);
	assert_int_equal(xt_handover_recv(ends[1], &got, 0), 0);
	assert_int_equal(got.kind, XT_HANDOVER_GO);
}

static struct xt_conf_peer peer = {.keepalive_s = 25};

static void adoption_make(struct xt_adoption *adoption)
{
	memset(adoption, 0, sizeof(*adoption));
	adoption->host.state.policy = (struct xt_link_policy){51820, {100, 101}};
	adoption->host.state.firewall = true;
	adoption->host.state.dns = 3;
	strcpy(adoption->host.state.resolv, "/etc/resolv.conf");
	adoption->host.dns_way = 2;
	adoption->host.without_ipv6 = true;
	adoption->watchdog_ms = 15000;
	strcpy(adoption->notify, "@notify");
	strcpy(adoption->cgroup, "0::/system.slice");
	strcpy(adoption->credentials, "/run/credentials/x");
	strcpy(adoption->conf.name, "left");
	adoption->conf.peers = &peer;
	adoption->conf.n_peers = 1;
}

static void an_adoption_is_read_whole_or_not_at_all(void **state)
{
	struct xt_secbuf bytes = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_adoption sent, got;

	(void)state;
	adoption_make(&sent);
	assert_int_equal(xt_adoption_encode(&bytes, &sent), 0);
	assert_int_equal(xt_adoption_decode(&got, bytes.p, bytes.len), 0);
	assert_memory_equal(&got.host.state.policy, &sent.host.state.policy,
			    sizeof(got.host.state.policy));
	assert_true(got.host.state.firewall && got.host.without_ipv6);
	assert_int_equal(got.host.state.dns, 3);
	assert_int_equal(got.host.dns_way, 2);
	assert_string_equal(got.host.state.resolv, "/etc/resolv.conf");
	assert_int_equal(got.watchdog_ms, 15000);
	assert_string_equal(got.notify, "@notify");
	assert_string_equal(got.cgroup, "0::/system.slice");
	assert_string_equal(got.credentials, "/run/credentials/x");
	assert_string_equal(got.conf.name, "left");
	assert_int_equal(got.conf.n_peers, 1);
	assert_int_equal(got.conf.peers[0].keepalive_s, 25);
	assert_int_equal(got.tun, -1);
	xt_adoption_clear(&got);
	for (size_t cut = 0; cut < bytes.len; cut++) {
		assert_int_equal(xt_adoption_decode(&got, bytes.p, cut), XT_E_INVALID);
		assert_null(got.conf.peers);
	}
	assert_int_equal(xt_secbuf_append(&bytes, "", 1), 0);
	assert_int_equal(xt_adoption_decode(&got, bytes.p, bytes.len), XT_E_INVALID);
	xt_secbuf_clear(&bytes);
	strcpy(sent.conf.name, "../up");
	assert_int_equal(xt_adoption_encode(&bytes, &sent), 0);
	assert_int_equal(xt_adoption_decode(&got, bytes.p, bytes.len), XT_E_INVALID);
	xt_secbuf_clear(&bytes);
}

static void the_new_process_waits_beside_the_control_socket(void **state)
{
	char path[24];

	(void)state;
	assert_true(xt_handover_path(path, sizeof(path), "/run/x/left.sock"));
	assert_string_equal(path, "/run/x/left.next");
	assert_false(xt_handover_path(path, sizeof(path), "/run/xtunnel/interface0.sock"));
	assert_false(xt_handover_path(path, sizeof(path), "/run/x/left"));
	assert_false(xt_handover_path(path, sizeof(path), ""));
}

TEST_MAIN(cmocka_unit_test_setup_teardown(a_packet_comes_as_it_was_sent, pair_open, pair_close),
	  cmocka_unit_test_setup_teardown(anything_else_is_refused_and_leaves_no_descriptor,
					  pair_open, pair_close),
	  cmocka_unit_test(an_adoption_is_read_whole_or_not_at_all),
	  cmocka_unit_test(the_new_process_waits_beside_the_control_socket))
