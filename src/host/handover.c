/* SPDX-License-Identifier: MIT */
/* Packets with descriptors, and the description of an instance that goes on. */
#include "host/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "host/conf_wire.h"
#include "host/descriptors.h"
#include "platform/fd.h"

#define MAGIC 0x78746831u

/* A packet as it is sent: fields of one size on every machine, in host order. */
struct wire {
	uint32_t magic, kind;
	int32_t error;
	uint32_t n_fds;
	uint64_t value[XT_HANDOVER_VALUES];
};

union control {
	struct cmsghdr head;
	uint8_t bytes[CMSG_SPACE(XT_HANDOVER_FDS * sizeof(int))];
};

int xt_handover_send(int fd, const struct xt_handover_packet *packet)
{
	struct wire wire = {.magic = MAGIC,
			    .kind = packet->kind,
			    .error = packet->error,
			    .n_fds = (uint32_t)packet->n_fds};
	struct iovec vec = {&wire, sizeof(wire)};
	union control control;
	struct msghdr msg = {.msg_iov = &vec, .msg_iovlen = 1};
	ssize_t sent;

	memcpy(wire.value, packet->value, sizeof(wire.value));
	if (packet->n_fds > 0)
		xt_descriptors_attach(&msg, &control, sizeof(control), packet->fds, packet->n_fds);
	do
		sent = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

void xt_handover_close_fds(struct xt_handover_packet *packet)
{
	for (size_t i = 0; i < packet->n_fds; i++)
		if (packet->fds[i] >= 0)
			close(packet->fds[i]);
	packet->n_fds = 0;
}

static int packet_read(int fd, struct xt_handover_packet *packet)
{
	struct wire wire;
	struct iovec vec = {&wire, sizeof(wire)};
	union control control;
	struct msghdr msg = {.msg_iov = &vec,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t got;

	memset(packet, 0, sizeof(*packet));
	do
		got = xt_fd_recvmsg(fd, &msg, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	(void)xt_descriptors_take(&msg, packet->fds, &packet->n_fds, XT_LEN(packet->fds));
	if (got == 0 && packet->n_fds == 0)
		return -EPIPE;
	if (got != sizeof(wire) || wire.magic != MAGIC || wire.n_fds != packet->n_fds ||
	    (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) || wire.kind < XT_HANDOVER_HELLO ||
	    wire.kind > XT_HANDOVER_FAILED) {
		xt_handover_close_fds(packet);
		return XT_E_INVALID;
	}
	packet->kind = (enum xt_handover_kind)wire.kind;
	packet->error = wire.error;
	memcpy(packet->value, wire.value, sizeof(wire.value));
	return 0;
}

int xt_handover_recv(int fd, struct xt_handover_packet *packet, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int rc;

	do
		rc = poll(&wait, 1, timeout_ms);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return -EAGAIN;
	return rc < 0 ? -errno : packet_read(fd, packet);
}

/* --- the description --- */

static void state_wire(struct xt_wire *w, struct xt_host_adoption *host)
{
	struct xt_host_state *state = &host->state;

	xt_wire_u32(w, &state->policy.table);
	xt_wire_u32(w, &state->policy.priority[0]);
	xt_wire_u32(w, &state->policy.priority[1]);
	xt_wire_bool(w, &state->firewall);
	xt_wire_unsigned(w, &state->dns);
	xt_wire_text(w, state->resolv, sizeof(state->resolv));
	xt_wire_unsigned(w, &host->dns_way);
	xt_wire_bool(w, &host->without_ipv6);
}

static void adoption_wire(struct xt_wire *w, struct xt_adoption *adoption)
{
	state_wire(w, &adoption->host);
	xt_wire_bool(w, &adoption->dropin);
	xt_wire_u32(w, &adoption->watchdog_ms);
	xt_wire_text(w, adoption->notify, sizeof(adoption->notify));
	xt_wire_text(w, adoption->cgroup, sizeof(adoption->cgroup));
	xt_wire_text(w, adoption->credentials, sizeof(adoption->credentials));
	xt_conf_wire(w, &adoption->conf);
}

int xt_adoption_encode(struct xt_secbuf *out, const struct xt_adoption *adoption)
{
	struct xt_wire w = {.out = out};
	struct xt_adoption view = *adoption; /* nothing is written to what it points to */

	adoption_wire(&w, &view);
	xt_wipe(&view, sizeof(view));
	return xt_wire_finish(&w);
}

int xt_adoption_decode(struct xt_adoption *out, const void *data, size_t len)
{
	struct xt_wire_in in = XT_WIRE_IN(data, len);
	struct xt_wire w = {.in = &in};
	int rc;

	memset(out, 0, sizeof(*out));
	adoption_wire(&w, out);
	out->monitor = out->tunnel = out->tun = out->state_file = -1;
	rc = xt_wire_finish(&w);
	if (rc == 0 && !out->dropin && !xt_conf_name_valid(out->conf.name))
		rc = XT_E_INVALID;
	if (rc < 0)
		xt_adoption_clear(out);
	return rc;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void xt_adoption_close_monitors(struct xt_adoption *adoption)
{
	fd_close(&adoption->monitor);
	fd_close(&adoption->tun);
	fd_close(&adoption->state_file);
}

void xt_adoption_clear(struct xt_adoption *adoption)
{
	xt_adoption_close_monitors(adoption);
	fd_close(&adoption->tunnel);
	xt_conf_clear(&adoption->conf);
}

bool xt_handover_path(char *out, size_t cap, const char *control_path)
{
	static const char end[] = ".sock";
	size_t len = strlen(control_path);
	int n;

	if (len < sizeof(end) || strcmp(control_path + len - (sizeof(end) - 1), end) != 0)
		return false;
	n = snprintf(out, cap, "%.*s.next", (int)(len - (sizeof(end) - 1)), control_path);
	return n > 0 && (size_t)n < cap;
}

void xt_handover_cgroup(char *out, size_t cap)
{
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, cap - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}
