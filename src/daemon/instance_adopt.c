/* SPDX-License-Identifier: MIT */
/* The tunnel of another process is taken over: the side of the new one, which has nothing else to
 * do until it is there, so it waits. Its locks are taken before it reads a snapshot. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/message.h"
#include "base/text.h"
#include "host/handover.h"
#include "platform/memory_file.h"
#include "platform/watch.h"

#define WAIT_MS	   10000
#define FILE_LEAST (1u << 20)
#define FILE_MAX   (1u << 30)

/* XT_E_INVALID when another kind comes. */
static int packet_await(const struct xt_instance *instance, enum xt_handover_kind kind,
			struct xt_handover_packet *packet)
{
	int rc = xt_handover_recv(instance->options.adoption->tunnel, packet, WAIT_MS);

	if (rc < 0)
		return rc == -EAGAIN ? -ETIMEDOUT : rc;
	if (packet->kind == kind)
		return 0;
	xt_handover_close_fds(packet);
	return packet->kind == XT_HANDOVER_FAILED && packet->error < 0 ? packet->error
								       : XT_E_INVALID;
}

static int explain(const struct xt_instance *instance, int error)
{
	xt_message("%s: the instance does not give its tunnel away: %s", instance->conf->name,
		   error == -EPIPE ? "it has closed the connection" : xt_strerror(error));
	return error;
}

/* --- descriptors --- */

static void descriptors_take(struct xt_instance *instance, struct xt_handover_packet *packet)
{
	int *const at[XT_HANDOVER_FDS] = {
	    &instance->sockets.fd[0],
	    &instance->sockets.fd[1],
	    &instance->old_sockets.fd[0],
	    &instance->old_sockets.fd[1],
	    &instance->listen_fd[XT_SOCKET_CONTROL],
	    &instance->listen_fd[XT_SOCKET_UAPI],
	};
	size_t n = 0;

	for (size_t i = 0; i < XT_LEN(at) && n < packet->n_fds; i++)
		if (packet->value[XT_HANDOVER_WHICH] & UINT64_C(1) << i)
			*at[i] = packet->fds[n++];
	for (; n < packet->n_fds; n++)
		close(packet->fds[n]);
	instance->sockets.port = (uint16_t)packet->value[XT_HANDOVER_PORTS];
	instance->old_sockets.port = (uint16_t)(packet->value[XT_HANDOVER_PORTS] >> 16);
	if (packet->value[XT_HANDOVER_DISPOSITION] <= XT_TUN_KEPT)
		instance->disposition =
		    (enum xt_tun_disposition)packet->value[XT_HANDOVER_DISPOSITION];
	if (packet->value[XT_HANDOVER_SINCE] <= uv_hrtime())
		instance->since_ns = packet->value[XT_HANDOVER_SINCE];
	instance->mark = (uint32_t)packet->value[XT_HANDOVER_MARK];
	if (packet->value[XT_HANDOVER_LOG_LEVEL] < XT_LOG_LEVELS)
		xt_log_set_level((enum xt_log_level)packet->value[XT_HANDOVER_LOG_LEVEL]);
	instance->snapshot_size = (size_t)XT_MIN(packet->value[XT_HANDOVER_SIZE], FILE_MAX);
}

void xt_instance_adopt_sockets(struct xt_instance *instance)
{
	struct xt_handover_packet packet;
	int rc = packet_await(instance, XT_HANDOVER_DESCRIPTORS, &packet);

	if (rc == 0)
		descriptors_take(instance, &packet);
	if (rc == 0 && instance->sockets.fd[0] < 0 && instance->sockets.fd[1] < 0)
		rc = XT_E_INVALID;
	if (rc < 0)
		explain(instance, rc);
	instance->post(instance, rc < 0 ? XT_INSTANCE_FAILED : XT_INSTANCE_DONE);
}

/* --- the snapshot --- */

/* Of the size that the other process has measured, and more; with its memory, because writing to a
 * mapping of it must not fail. Descriptor or -errno. */
static int snapshot_file(const struct xt_instance *instance, size_t *size)
{
	int fd = xt_memory_file("xtunnel-snapshot"), rc;

	if (fd < 0)
		return fd;
	*size = XT_MIN(instance->snapshot_size, FILE_MAX / 2);
	*size += *size / 2 + FILE_LEAST;
	rc = xt_memory_file_size(fd, *size);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Copied once: what is read cannot change meanwhile. */
static int snapshot_copy(struct xt_instance *instance, int file, size_t size, uint64_t value)
{
	size_t len = (size_t)value;
	void *memory;

	if (value == 0 || value > size)
		return XT_E_INVALID;
	instance->snapshot = malloc(len);
	if (!instance->snapshot)
		return XT_E_NOMEM;
	memory = mmap(NULL, len, PROT_READ, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		return -errno;
	instance->snapshot_size = len;
	memcpy(instance->snapshot, memory, len);
	munmap(memory, len);
	return 0;
}

void xt_instance_adopt_forget(struct xt_instance *instance)
{
	if (instance->snapshot)
		xt_wipe(instance->snapshot, instance->snapshot_size);
	free(instance->snapshot);
	instance->snapshot = NULL;
}

static int snapshot_await(struct xt_instance *instance, int file, size_t size)
{
	struct xt_handover_packet packet = {
	    .kind = XT_HANDOVER_PREPARED, .value = {size}, .fds = {file}, .n_fds = 1};
	int rc = xt_handover_send(instance->options.adoption->tunnel, &packet);

	if (rc == 0)
		rc = packet_await(instance, XT_HANDOVER_SNAPSHOT, &packet);
	if (rc == 0) {
		xt_handover_close_fds(&packet);
		rc = snapshot_copy(instance, file, size, packet.value[0]);
	}
	return rc < 0 ? explain(instance, rc) : 0;
}

int xt_instance_adopt_fetch(void *ctx, const void **snapshot, size_t *len)
{
	struct xt_instance *instance = ctx;
	size_t size = 0;
	int file, rc = xt_watch_open(&instance->watch, xt_tunnel_tun(instance->tunnel)->ifindex);

	if (rc < 0)
		return rc;
	file = snapshot_file(instance, &size);
	rc = file < 0 ? file : xt_instance_lock(instance);
	if (rc == 0)
		rc = snapshot_await(instance, file, size);
	if (file >= 0)
		close(file);
	*snapshot = instance->snapshot;
	*len = instance->snapshot_size;
	return rc;
}

/* --- the point of no return --- */

static void on_taken(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error == 0) {
		instance->taken = true;
		xt_tunnel_take_over(instance->tunnel);
	}
	instance->post(instance, reply->error < 0 ? XT_INSTANCE_FAILED : XT_INSTANCE_DONE);
}

int xt_instance_adopt_confirm(struct xt_instance *instance)
{
	struct xt_handover_packet packet = {.kind = XT_HANDOVER_CONFIRM};
	int rc = xt_handover_send(instance->options.adoption->tunnel, &packet);

	if (rc == 0)
		rc = packet_await(instance, XT_HANDOVER_GO, &packet);
	if (rc < 0)
		return explain(instance, rc);
	xt_request(instance->requests, &(struct xt_request){.kind = XT_REQUEST_TAKE_OVER}, on_taken,
		   instance);
	return 0;
}
