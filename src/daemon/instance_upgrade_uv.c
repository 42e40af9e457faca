/* SPDX-License-Identifier: MIT */
/* The tunnel is handed over to new processes: the side of the one that has it. The order of
 * messages is that of host/handover.h; until GO this process can go on at any time, and from then
 * on never. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/secbuf.h"
#include "base/text.h"
#include "core/snapshot.h"
#include "daemon/exit.h"
#include "host/handover.h"
#include "platform/memory_file.h"

/* The new processes start and load libraries in the first one. Then packets wait. */
#define PREPARE_MS   10000
#define CONFIRM_MS   2000
#define BYTES_PER_MS 4096 /* of a snapshot that is decoded, on a busy machine */
#define BUSY_MS	     5	  /* a change is under way: look again */
#define SNAPSHOT_MAX (1u << 30)

/* PREPARES  the new process starts
 * PARKS     what was read goes on; then nothing is read or sent
 * JUDGED    it has the snapshot
 * GONE      it has the tunnel; the host's answer is awaited */
enum upgrade_state { PREPARES, PARKS, JUDGED, GONE };

/* file    for the snapshot, -1: not there yet
 * memory  the snapshot in it
 * parked_ns, waited_ns  since when packets wait, and how long they did */
struct xt_instance_upgrade {
	struct xt_instance *instance;
	enum upgrade_state state;
	int fd, file;
	void *memory;
	size_t len;
	uint64_t until_ms, parked_ns, waited_ns;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned handles;
};

static void on_closed(uv_handle_t *handle)
{
	struct xt_instance_upgrade *upgrade = handle->data;

	if (--upgrade->handles > 0)
		return;
	close(upgrade->fd);
	free(upgrade);
}

static void upgrade_close(struct xt_instance_upgrade *upgrade)
{
	upgrade->instance->upgrade = NULL;
	if (upgrade->memory) {
		xt_wipe(upgrade->memory, upgrade->len);
		munmap(upgrade->memory, upgrade->len);
	}
	upgrade->memory = NULL;
	if (upgrade->file >= 0)
		close(upgrade->file);
	upgrade->handles = 2;
	uv_close((uv_handle_t *)&upgrade->poll, on_closed);
	uv_close((uv_handle_t *)&upgrade->timer, on_closed);
}

/* --- this process goes on --- */

static void servers_pause(struct xt_instance *instance, bool pause)
{
	if (instance->control)
		xt_control_pause(instance->control, pause);
	if (instance->uapi)
		xt_uapi_pause(instance->uapi, pause);
}

static void instance_resume(struct xt_instance *instance)
{
	if (!instance->parked)
		return;
	instance->parked = false;
	servers_pause(instance, false);
	xt_loop_resume(instance->loop);
	xt_instance_work_resume(instance);
}

/* Begins a reload that came meanwhile. */
static void reload_resume(struct xt_instance *instance)
{
	if (instance->reloads || instance->routes_due)
		instance->post(instance, XT_INSTANCE_RELOAD);
}

static void upgrade_fail(struct xt_instance_upgrade *upgrade, int error)
{
	const struct xt_handover_packet failed = {.kind = XT_HANDOVER_FAILED, .error = error};
	struct xt_instance *instance = upgrade->instance;

	(void)xt_handover_send(upgrade->fd, &failed);
	upgrade_close(upgrade);
	instance_resume(instance);
	xt_log_warning("%s: the upgrade has failed: %s; this process goes on", instance->conf->name,
		       error == -EPIPE ? "the new process has ended" : xt_strerror(error));
	reload_resume(instance);
}

bool xt_instance_upgrade_cancel(struct xt_instance *instance)
{
	struct xt_instance_upgrade *upgrade = instance->upgrade;

	if (upgrade && upgrade->state == GONE)
		return true;
	if (upgrade)
		upgrade_fail(upgrade, -ECANCELED);
	return false;
}

/* --- the other one does --- */

/* Without the new process the sessions are lost: its counters may have been used. */
static void on_end(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance *instance = ctx;

	if (reply->error == 0) {
		instance->handed_over = true;
		xt_log_notice("%s: another process goes on with the tunnel; packets waited %.1f ms",
			      instance->conf->name,
			      (double)instance->upgrade->waited_ns / 1000000.0);
	} else {
		xt_log_warning("%s: the process that took the tunnel over has ended",
			       instance->conf->name);
		instance->status = XT_EXIT_FAILURE;
	}
	upgrade_close(instance->upgrade);
	instance->post(instance, XT_INSTANCE_END);
}

static void tunnel_give(struct xt_instance_upgrade *upgrade)
{
	const struct xt_handover_packet go = {.kind = XT_HANDOVER_GO};
	int rc = xt_handover_send(upgrade->fd, &go);

	if (rc < 0) {
		upgrade_fail(upgrade, rc);
		return;
	}
	upgrade->state = GONE;
	upgrade->waited_ns = uv_hrtime() - upgrade->parked_ns;
	uv_timer_stop(&upgrade->timer);
	uv_poll_stop(&upgrade->poll);
	xt_wipe(upgrade->memory, upgrade->len);
	xt_request(upgrade->instance->requests,
		   &(struct xt_request){.kind = XT_REQUEST_UPGRADE_END}, on_end, upgrade->instance);
}

static void on_timer(uv_timer_t *timer);

/* --- the snapshot --- */

/* This process may write no file, but what another one has sized is memory. It is sealed so that
 * the other one cannot write it, and this one can still wipe it. */
static int snapshot_put(struct xt_instance_upgrade *upgrade, const struct xt_secbuf *snapshot)
{
	struct stat st;

	if (fstat(upgrade->file, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size < snapshot->len)
		return XT_E_FULL;
	upgrade->memory =
	    mmap(NULL, snapshot->len, PROT_READ | PROT_WRITE, MAP_SHARED, upgrade->file, 0);
	if (upgrade->memory == MAP_FAILED) {
		upgrade->memory = NULL;
		return -errno;
	}
	upgrade->len = snapshot->len;
	xt_memory_hide(upgrade->memory, upgrade->len);
	memcpy(upgrade->memory, snapshot->p, snapshot->len);
	return xt_memory_file_seal(upgrade->file, XT_MEMORY_SEAL_OTHERS);
}

void xt_instance_parked(void *ctx)
{
	struct xt_instance *instance = ctx;
	struct xt_instance_upgrade *upgrade = instance->upgrade;
	struct xt_secbuf snapshot = XT_SECBUF_INIT(SNAPSHOT_MAX);
	struct xt_handover_packet packet = {.kind = XT_HANDOVER_SNAPSHOT};
	int rc;

	if (!upgrade)
		return;
	rc = xt_tunnel_snapshot(instance->tunnel, &snapshot);
	if (rc == 0)
		rc = snapshot_put(upgrade, &snapshot);
	packet.value[0] = snapshot.len;
	uv_timer_start(&upgrade->timer, on_timer, CONFIRM_MS + snapshot.len / BYTES_PER_MS, 0);
	xt_secbuf_clear(&snapshot);
	if (rc == 0)
		rc = xt_handover_send(upgrade->fd, &packet);
	if (rc < 0)
		upgrade_fail(upgrade, rc);
	else
		upgrade->state = JUDGED;
}

static bool instance_is_busy(const struct xt_instance *instance)
{
	return instance->state != XT_STATE_RUN || instance->work || instance->saves ||
	       instance->events;
}

static void tunnel_park(struct xt_instance_upgrade *upgrade)
{
	struct xt_instance *instance = upgrade->instance;

	if (instance_is_busy(instance) && uv_now(&instance->uv) < upgrade->until_ms) {
		uv_timer_start(&upgrade->timer, on_timer, BUSY_MS, 0);
		return;
	}
	upgrade->state = PARKS;
	uv_timer_start(&upgrade->timer, on_timer, CONFIRM_MS, 0);
	xt_instance_capture_stop(instance);
	instance->parked = true;
	upgrade->parked_ns = uv_hrtime();
	servers_pause(instance, true);
	if (instance_is_busy(instance))
		upgrade_fail(upgrade, XT_E_AGAIN);
	else if (xt_loop_park(instance->loop) < 0)
		upgrade_fail(upgrade, -ENODEV);
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_instance_upgrade *upgrade = timer->data;

	if (upgrade->state == PREPARES && upgrade->file >= 0)
		tunnel_park(upgrade);
	else
		upgrade_fail(upgrade, -ETIMEDOUT);
}

/* --- messages --- */

static void file_take(struct xt_instance_upgrade *upgrade, struct xt_handover_packet *packet)
{
	upgrade->file = packet->fds[0];
	packet->fds[0] = -1;
	tunnel_park(upgrade);
}

static void on_message(uv_poll_t *poll, int status, int events)
{
	struct xt_instance_upgrade *upgrade = poll->data;
	struct xt_handover_packet packet;
	int rc = xt_handover_recv(upgrade->fd, &packet, 0);

	(void)status;
	(void)events;
	if (rc == -EAGAIN)
		return;
	if (rc < 0)
		upgrade_fail(upgrade, rc);
	else if (packet.kind == XT_HANDOVER_PREPARED && upgrade->state == PREPARES &&
		 upgrade->file < 0 && packet.n_fds == 1)
		file_take(upgrade, &packet);
	else if (packet.kind == XT_HANDOVER_CONFIRM && upgrade->state == JUDGED)
		tunnel_give(upgrade);
	else
		upgrade_fail(upgrade, packet.error < 0 ? packet.error : XT_E_INVALID);
	if (rc == 0)
		xt_handover_close_fds(&packet);
}

static void fd_add(struct xt_handover_packet *packet, enum xt_handover_fd which, int fd)
{
	if (fd < 0)
		return;
	packet->value[XT_HANDOVER_WHICH] |= UINT64_C(1) << which;
	packet->fds[packet->n_fds++] = fd;
}

/* The length of a snapshot at this time, for the file; 0: not known. */
static size_t snapshot_size(const struct xt_instance *instance)
{
	struct xt_secbuf snapshot = XT_SECBUF_INIT(SNAPSHOT_MAX);
	size_t len = 0;

	if (!instance->work && xt_tunnel_snapshot(instance->tunnel, &snapshot) == 0)
		len = snapshot.len;
	xt_secbuf_clear(&snapshot);
	return len;
}

static int descriptors_send(const struct xt_instance_upgrade *upgrade)
{
	const struct xt_instance *instance = upgrade->instance;
	const struct xt_udp *udp = xt_tunnel_udp(instance->tunnel);
	struct xt_handover_packet packet = {.kind = XT_HANDOVER_DESCRIPTORS};
	struct xt_udp_sockets old = XT_NO_SOCKETS;

	(void)xt_tunnel_old_sockets(instance->tunnel, &old);
	fd_add(&packet, XT_HANDOVER_UDP4, udp->fd[0]);
	fd_add(&packet, XT_HANDOVER_UDP6, udp->fd[1]);
	fd_add(&packet, XT_HANDOVER_OLD4, old.fd[0]);
	fd_add(&packet, XT_HANDOVER_OLD6, old.fd[1]);
	fd_add(&packet, XT_HANDOVER_CONTROL,
	       instance->control ? xt_control_listen_fd(instance->control) : -1);
	fd_add(&packet, XT_HANDOVER_UAPI, instance->uapi ? xt_uapi_listen_fd(instance->uapi) : -1);
	packet.value[XT_HANDOVER_PORTS] = udp->port | (uint64_t)old.port << 16;
	packet.value[XT_HANDOVER_DISPOSITION] = instance->disposition;
	packet.value[XT_HANDOVER_SINCE] = instance->since_ns;
	packet.value[XT_HANDOVER_MARK] = instance->mark;
	packet.value[XT_HANDOVER_LOG_LEVEL] = xt_log_level();
	packet.value[XT_HANDOVER_SIZE] = snapshot_size(instance);
	return xt_handover_send(upgrade->fd, &packet);
}

static int upgrade_open(struct xt_instance *instance, int fd)
{
	struct xt_instance_upgrade *upgrade = calloc(1, sizeof(*upgrade));
	int rc = upgrade ? uv_poll_init(&instance->uv, &upgrade->poll, fd) : XT_E_NOMEM;

	if (rc < 0) {
		free(upgrade);
		close(fd);
		return rc;
	}
	uv_timer_init(&instance->uv, &upgrade->timer);
	upgrade->poll.data = upgrade->timer.data = upgrade;
	upgrade->instance = instance;
	upgrade->fd = fd;
	upgrade->file = -1;
	upgrade->until_ms = uv_now(&instance->uv) + PREPARE_MS;
	instance->upgrade = upgrade;
	rc = uv_poll_start(&upgrade->poll, UV_READABLE, on_message);
	if (rc == 0)
		rc = descriptors_send(upgrade);
	if (rc < 0)
		upgrade_close(upgrade);
	else
		uv_timer_start(&upgrade->timer, on_timer, PREPARE_MS, 0);
	return rc;
}

/* --- requests of the control socket --- */

static void on_upgrade(void *ctx, const struct xt_reply *reply)
{
	struct xt_instance_answer *answer = ctx;
	struct xt_instance *instance = answer->instance;
	struct xt_control_request *request = answer->request;
	int rc = reply->error;

	xt_instance_answer_free(answer);
	instance->upgrade_requested = false;
	if (rc == 0 && instance->state != XT_STATE_RUN) {
		close(reply->fd);
		rc = XT_E_AGAIN;
	}
	if (rc == 0)
		rc = upgrade_open(instance, reply->fd);
	if (rc < 0)
		reload_resume(instance);
	if (request && rc < 0)
		xt_control_error(request, rc, NULL);
	else if (request)
		xt_control_reply(request, json_pack("{s:b}", "upgrading", 1), true);
}

static json_t *probe_json(const struct xt_instance *instance)
{
	const struct xt_conf *conf = instance->conf;

	return json_pack("{s:i,s:i,s:i,s:i,s:s,s:s?,s:b,s:b}", "handover", (int)XT_HANDOVER_VERSION,
			 "snapshot", (int)XT_SNAPSHOT_VERSION, "pid",
			 (int)xt_instance_pid(instance), "uid", (int)instance->owner, "program",
			 instance->program, "file", conf->path, "dropin",
			 (int)instance->options.dropin, "notify", (int)xt_notify_wanted());
}

static void upgrade_ask(struct xt_instance_answer *answer)
{
	answer->instance->upgrade_requested = true;
	xt_request(answer->instance->requests, &(struct xt_request){.kind = XT_REQUEST_UPGRADE},
		   on_upgrade, answer);
}

void xt_instance_upgrade_resume(struct xt_instance *instance)
{
	struct xt_instance_answer *answer = instance->upgrade_waits;

	instance->upgrade_waits = NULL;
	if (answer && answer->request)
		upgrade_ask(answer);
	else if (answer)
		xt_instance_answer_free(answer);
}

/* During a reload it waits for the end of that. */
int xt_instance_upgrade(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg)
{
	struct xt_instance_answer *answer;

	if (json_is_true(json_object_get(msg, "probe"))) {
		xt_control_reply(request, probe_json(instance), true);
		return 0;
	}
	if (instance->upgrade || instance->upgrade_requested || instance->upgrade_waits ||
	    (instance->state != XT_STATE_RUN && instance->state != XT_STATE_RELOAD))
		return XT_E_AGAIN;
	answer = xt_instance_answer_new(instance, request);
	if (!answer)
		return XT_E_NOMEM;
	if (instance->state == XT_STATE_RELOAD)
		instance->upgrade_waits = answer;
	else
		upgrade_ask(answer);
	return 0;
}
