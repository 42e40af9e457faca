/* SPDX-License-Identifier: MIT */
/* A tunnel that goes on in another process: the device's snapshot (core/snapshot.h), and before it
 * what the tunnel keeps beside the device.
 *
 *   4 bytes  "xtts"
 *   4 bytes  version, little endian
 *   8 bytes  length of the tunnel's own fields, little endian
 *            fields, by core/snapshot_coder.h
 *            the snapshot of the device */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "core/snapshot.h"
#include "core/snapshot_coder.h"
#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

#define HEAD_LEN       16u
#define TUNNEL_VERSION 1u

static const uint8_t magic[4] = {'x', 't', 't', 's'};

bool xt_tunnel_park(struct xt_tunnel *tunnel)
{
	return xt_scheduler_park(tunnel->scheduler, xt_clock_now());
}

void xt_tunnel_resume(struct xt_tunnel *tunnel)
{
	xt_scheduler_resume(tunnel->scheduler);
}

void xt_tunnel_release(struct xt_tunnel *tunnel)
{
	(void)xt_timestamp_close(tunnel->timestamp, XT_NEVER);
	tunnel->timestamp = NULL;
	xt_tunnel_memory_clear(tunnel);
	xt_tun_hand_over(tunnel->tun, true);
}

void xt_tunnel_take_over(struct xt_tunnel *tunnel)
{
	xt_tun_hand_over(tunnel->tun, false);
}

bool xt_tunnel_old_sockets(const struct xt_tunnel *tunnel, struct xt_udp_sockets *out)
{
	return xt_udp_old(tunnel->udp, out);
}

/* The bound of timestamps, and its identity. Before the bound was read there is nothing to keep:
 * the other process reads it. */
static void timestamp_code(struct xt_coder *c, struct xt_tunnel *tunnel)
{
	struct xt_timestamp *timestamp = tunnel->timestamp;
	bool known = timestamp && xt_timestamp_bound(timestamp) != 0, stored = false;
	uint64_t floor = 0, bound = 0;

	if (known) {
		floor = xt_timestamp_floor(timestamp);
		bound = xt_timestamp_bound(timestamp);
		stored = xt_timestamp_stored(timestamp);
	}
	xt_coder_flag(c, &known);
	if (!known)
		return;
	xt_coder_bytes(c, tunnel->identity.b, sizeof(tunnel->identity.b));
	xt_coder_u64(c, &floor);
	xt_coder_u64(c, &bound);
	xt_coder_flag(c, &stored);
	xt_coder_check(c, bound != 0);
	if (c->out || c->error || !tunnel->callbacks.bound_read)
		return;
	if (xt_timestamp_new(&tunnel->timestamp)) {
		xt_coder_fail(c, XT_E_NOMEM);
		return;
	}
	xt_timestamp_restore(tunnel->timestamp, floor, bound, stored);
	tunnel->restored = true;
}

static void totals_code(struct xt_coder *c, struct xt_tunnel *tunnel)
{
	xt_coder_u64(c, &tunnel->udp->refused);
	xt_coder_u64(c, &tunnel->udp->errors);
	xt_coder_u64(c, &tunnel->udp->fallbacks);
	xt_coder_u64(c, &tunnel->tun->fallbacks);
}

static void tunnel_code(struct xt_coder *c, struct xt_tunnel *tunnel)
{
	timestamp_code(c, tunnel);
	totals_code(c, tunnel);
}

static void head_write(uint8_t *at, size_t len)
{
	xt_le32 version = xt_le32_of(TUNNEL_VERSION);
	xt_le64 rest = xt_le64_of(len - HEAD_LEN);

	memcpy(at, magic, sizeof(magic));
	memcpy(at + 4, version.b, sizeof(version.b));
	memcpy(at + 8, rest.b, sizeof(rest.b));
}

int xt_tunnel_snapshot(struct xt_tunnel *tunnel, struct xt_secbuf *out)
{
	const uint8_t head[HEAD_LEN] = {0};
	size_t start = out->len;
	struct xt_coder c;
	int err;

	xt_coder_encode(&c, out);
	xt_coder_put(&c, head, sizeof(head));
	tunnel_code(&c, tunnel);
	err = xt_coder_end(&c);
	if (!err) {
		head_write((uint8_t *)out->p + start, out->len - start);
		err = xt_snapshot_encode(tunnel->dev, xt_clock_now(), out);
	}
	if (err && out->len > start) {
		xt_wipe(out->p + start, out->len - start);
		out->len = start;
	}
	return err;
}

static int head_read(const uint8_t *bytes, size_t len, size_t *fields)
{
	xt_le32 version;
	xt_le64 rest;

	if (len < HEAD_LEN || memcmp(bytes, magic, sizeof(magic)) != 0)
		return XT_E_INVALID;
	memcpy(version.b, bytes + 4, sizeof(version.b));
	memcpy(rest.b, bytes + 8, sizeof(rest.b));
	if (xt_le32_load(version) != TUNNEL_VERSION)
		return XT_E_UNSUPPORTED;
	if (xt_le64_load(rest) > len - HEAD_LEN)
		return XT_E_INVALID;
	*fields = (size_t)xt_le64_load(rest);
	return 0;
}

int xt_tunnel_restore(struct xt_tunnel *tunnel, const struct xt_env *env, const void *bytes,
		      size_t len)
{
	const uint8_t *at = bytes;
	struct xt_time now = xt_clock_now();
	struct xt_coder c;
	size_t fields;
	int err = head_read(at, len, &fields);

	if (err)
		return err;
	xt_coder_decode(&c, at + HEAD_LEN, fields, now.mono);
	tunnel_code(&c, tunnel);
	err = xt_coder_end(&c);
	at += HEAD_LEN + fields;
	if (!err)
		err = xt_snapshot_decode(&tunnel->dev, env, now, at, len - HEAD_LEN - fields, NULL);
	if (!err) {
		xt_device_set_mtu(tunnel->dev, tunnel->tun->mtu);
		return 0;
	}
	(void)xt_timestamp_close(tunnel->timestamp, XT_NEVER);
	tunnel->timestamp = NULL;
	return err;
}
