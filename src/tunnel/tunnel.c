/* SPDX-License-Identifier: MIT */
/* One running tunnel: its parts, opened in order and closed in reverse. */
#include "tunnel/tunnel_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/startup.h"
#include "core/apply.h"
#include "core/peer.h"
#include "core/snapshot.h"
#include "platform/cache.h"
#include "platform/clock.h"
#include "platform/processors.h"
#include "tunnel/cipher.h"

/* Bytes of a pass. */
#define CACHE_PASS_MIN ((size_t)128 << 10)
#define CACHE_PASS_MAX ((size_t)512 << 10)

static void env_event(void *ctx, enum xt_event event, const struct xt_public *peer,
		      const struct xt_endpoint *endpoint)
{
	const struct xt_tunnel *tunnel = ctx;

	if (tunnel->callbacks.event)
		tunnel->callbacks.event(tunnel->callbacks.ctx, event, peer, endpoint);
}

static void env_keylog(void *ctx, const struct xt_keylog *keys)
{
	const struct xt_tunnel *tunnel = ctx;

	if (tunnel->keylog >= 0)
		xt_keylog_write(tunnel->keylog, keys);
	if (tunnel->capture)
		xt_capture_keys(tunnel->capture, keys);
}

static void env_handshake(void *ctx, const struct xt_path *from, const uint8_t *message, size_t len,
			  enum xt_verdict verdict)
{
	const struct xt_tunnel *tunnel = ctx;

	if (tunnel->capture)
		xt_capture_handshake(tunnel->capture, from, message, len, verdict);
}

static void env_random(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	randombytes_buf(buf, n);
}

static void env_removed(void *ctx, const struct xt_peer *peer)
{
	const struct xt_tunnel *tunnel = ctx;

	if (tunnel->scheduler)
		xt_scheduler_forget(tunnel->scheduler, peer);
}

static void env_mtu_changed(void *ctx, struct xt_peer *peer, uint16_t before, uint16_t after)
{
	const struct xt_tunnel *tunnel = ctx;

	if (tunnel->scheduler)
		xt_scheduler_mtu_changed(tunnel->scheduler, peer, before, after);
	if (tunnel->callbacks.mtu_changed) {
		struct xt_public key = xt_peer_key(peer);

		tunnel->callbacks.mtu_changed(tunnel->callbacks.ctx, &key, before, after);
	}
}

static uint64_t env_clock(void *ctx)
{
	(void)ctx;
	return xt_clock_now().mono;
}

int xt_tunnel_new(struct xt_tunnel **out, struct xt_tun *tun,
		  const struct xt_tunnel_callbacks *callbacks)
{
	struct xt_tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel)
		return XT_E_NOMEM;
	tunnel->callbacks = *callbacks;
	tunnel->keylog = -1;
	tunnel->memory_due = tunnel->review_due = XT_NEVER;
	tunnel->tun = tun;
	*out = tunnel;
	return 0;
}

static int timestamp_start(struct xt_tunnel *tunnel)
{
	struct xt_time now = xt_clock_now();
	struct xt_report *report;
	int rc;

	if (tunnel->timestamp) /* restored; the records of peers are read */
		return xt_tunnel_identity_read(tunnel);
	rc = xt_device_report(tunnel->dev, now, &report);

	if (rc < 0)
		return rc;
	rc = xt_tunnel_identity(tunnel, report->has_key ? &report->public_key : NULL);
	xt_report_free(report);
	return rc;
}

#define APPLY_STEP 512u /* entries between two counts */

/* The device is new, and no packet waits. Each entry is gone through twice. */
static int device_configure(struct xt_device *dev, const struct xt_change *change)
{
	struct xt_time now = xt_clock_now();
	struct xt_apply apply;

	xt_apply_begin(&apply, dev, change);
	while (xt_apply_step(&apply, now, APPLY_STEP)) {
		if (apply.phase == XT_APPLY_PREPARE)
			xt_startup_count(XT_STARTUP_PEERS, apply.at / 2, change->n_peers);
		else if (apply.phase == XT_APPLY_COMMIT)
			xt_startup_count(XT_STARTUP_PEERS, (change->n_peers + apply.at) / 2,
					 change->n_peers);
	}
	return apply.error;
}

static int device_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start)
{
	struct xt_env env = {
	    .ctx = tunnel,
	    .random = env_random,
	    .event = env_event,
	    .removed = env_removed,
	    .mtu_changed = env_mtu_changed,
	    .clock = env_clock,
	    .keylog = env_keylog,
	    .handshake = env_handshake,
	};
	const void *snapshot = start->snapshot;
	size_t len = start->snapshot_len;
	struct xt_change bound;
	int rc = start->fetch ? start->fetch(start->fetch_ctx, &snapshot, &len) : 0;

	if (rc < 0)
		return rc;
	if (snapshot) {
		rc = xt_tunnel_restore(tunnel, &env, snapshot, len);
		if (rc == 0 && start->n_local_nets)
			xt_device_search_mtu(tunnel->dev, start->local_nets, start->n_local_nets);
		return rc;
	}
	bound = *start->change;
	rc = xt_device_new(&tunnel->dev, &env);
	if (rc < 0)
		return rc;
	bound.listen_port = tunnel->udp->port;
	bound.set |= XT_SET_LISTEN_PORT;
	xt_device_set_mtu(tunnel->dev, tunnel->tun->mtu);
	if (start->n_local_nets)
		xt_device_search_mtu(tunnel->dev, start->local_nets, start->n_local_nets);
	rc = device_configure(tunnel->dev, &bound);
	sodium_memzero(&bound, sizeof(bound));
	return rc;
}

/* Asked once, before the process is confined. */
static unsigned processors_count(void)
{
	static unsigned n;

	if (!n)
		n = xt_processors();
	return n;
}

int xt_tunnel_workers_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads)
{
	unsigned processors = processors_count();

	if (!threads)
		threads = xt_worker_pool_auto(processors);
	return xt_worker_pool_new(out, aead, threads);
}

/* The kernel reads what a pass holds back once more when it is sent: it should still be in the
 * cache. */
static size_t pass_bytes(void)
{
	size_t cache = xt_cache_bytes();

	return cache ? XT_MIN(XT_MAX(cache / 2, CACHE_PASS_MIN), CACHE_PASS_MAX)
		     : XT_PASS_BYTES_DEFAULT;
}

static int scheduler_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start)
{
	struct xt_data_path_config config = {
	    .dev = tunnel->dev,
	    .tun = tunnel->tun,
	    .udp = tunnel->udp,
	    .aead = tunnel->aead,
	    .workers = tunnel->workers,
	    .echo = start->echo,
	    .local4 = start->local4,
	    .local6 = start->local6,
	    .pong = tunnel->callbacks.pong,
	    .ctx = tunnel->callbacks.ctx,
	    .search_mtu = start->n_local_nets > 0,
	    .pass_bytes = pass_bytes(),
	};

	int rc;

	tunnel->local4 = start->local4;
	tunnel->local6 = start->local6;
	tunnel->echo = start->echo != NULL;
	rc = xt_scheduler_new(&tunnel->scheduler, &config);
	if (rc < 0 || (!start->snapshot && !start->fetch))
		return rc;
	xt_snapshot_publish(tunnel->dev);
	xt_tunnel_network_changed(tunnel); /* it was not watched meanwhile */
	return 0;
}

const char *xt_tunnel_step_text(enum xt_tunnel_step step)
{
	static const char *const texts[] = {
	    [XT_TUNNEL_UDP] = "UDP sockets",	  [XT_TUNNEL_CIPHER] = "cryptography",
	    [XT_TUNNEL_WORKERS] = "threads",	  [XT_TUNNEL_DEVICE] = "device",
	    [XT_TUNNEL_TIMESTAMP] = "state file", [XT_TUNNEL_DATA_PATH] = "data path",
	};

	return texts[step];
}

static int udp_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start)
{
	int rc = xt_udp_new(&tunnel->udp, start->sockets);

	if (rc == 0)
		tunnel->udp->avoid = tunnel->tun->ifindex;
	if (rc == 0 && start->offload_off)
		xt_udp_offload(tunnel->udp, false);
	if (rc == 0 && start->old_sockets)
		xt_udp_keep(tunnel->udp, start->old_sockets);
	if (rc == 0)
		xt_tunnel_ways_start(tunnel);
	return rc;
}

static int step_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start,
		      enum xt_tunnel_step step)
{
	switch (step) {
	case XT_TUNNEL_UDP:
		return udp_start(tunnel, start);
	case XT_TUNNEL_CIPHER:
		return xt_cipher_open(&tunnel->aead, start->aead, &tunnel->cipher);
	case XT_TUNNEL_WORKERS:
		return xt_tunnel_workers_new(&tunnel->workers, tunnel->aead, start->threads);
	case XT_TUNNEL_DEVICE:
		return device_start(tunnel, start);
	case XT_TUNNEL_TIMESTAMP:
		return timestamp_start(tunnel);
	case XT_TUNNEL_DATA_PATH:
		return scheduler_start(tunnel, start);
	}
	return XT_E_INVALID;
}

int xt_tunnel_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start,
		    enum xt_tunnel_step *step)
{
	int rc = 0;

	tunnel->keylog = start->keylog;
	for (unsigned at = XT_TUNNEL_UDP; rc == 0 && at <= XT_TUNNEL_DATA_PATH; at++) {
		if (step)
			*step = (enum xt_tunnel_step)at;
		rc = step_start(tunnel, start, (enum xt_tunnel_step)at);
	}
	return rc;
}

void xt_tunnel_close(struct xt_tunnel *tunnel)
{
	if (!tunnel)
		return;
	xt_scheduler_free(tunnel->scheduler);
	xt_capture_free(tunnel->capture);
	tunnel->capture = NULL;
	tunnel->scheduler = NULL; /* the device reports its peers' end once more */
	xt_tunnel_identity_release(tunnel);
	xt_device_free(tunnel->dev);
	xt_worker_pool_free(tunnel->workers);
	xt_aead_free(tunnel->aead);
	if (tunnel->udp)
		tunnel->udp->ops->close(tunnel->udp);
	tunnel->tun->ops->close(tunnel->tun);
	if (tunnel->keylog >= 0)
		close(tunnel->keylog);
	free(tunnel);
}

const struct xt_tun *xt_tunnel_tun(const struct xt_tunnel *tunnel)
{
	return tunnel->tun;
}

const struct xt_udp *xt_tunnel_udp(const struct xt_tunnel *tunnel)
{
	return tunnel->udp;
}

const char *xt_tunnel_aead(const struct xt_tunnel *tunnel)
{
	return xt_aead_name(tunnel->aead);
}

unsigned xt_tunnel_threads(const struct xt_tunnel *tunnel)
{
	return xt_worker_pool_threads(tunnel->workers);
}

const struct xt_aead_report *xt_tunnel_cipher(const struct xt_tunnel *tunnel)
{
	return &tunnel->cipher;
}

void xt_tunnel_search_mtu(struct xt_tunnel *tunnel, const struct xt_cidr *local, size_t n)
{
	xt_device_search_mtu(tunnel->dev, local, n);
}

void xt_tunnel_set_mtu(struct xt_tunnel *tunnel, uint32_t mtu)
{
	tunnel->tun->mtu = mtu;
	if (tunnel->dev)
		xt_device_set_mtu(tunnel->dev, mtu);
}

/* The time of this pass. Any pass may send an initiation: move the bound of timestamps before. */
static struct xt_time pass_begin(struct xt_tunnel *tunnel)
{
	struct xt_time now = xt_clock_now();
	uint64_t bound = 0;

	if (now.mono - tunnel->last_pass >= XT_TUNNEL_IDLE)
		xt_tunnel_awake(tunnel, now);
	tunnel->last_pass = now.mono;
	if (tunnel->timestamp)
		bound = xt_timestamp_advance(tunnel->timestamp, now.wall,
					     xt_device_timestamp(tunnel->dev));
	if (bound)
		tunnel->callbacks.bound_write(tunnel->callbacks.ctx, bound, true);
	return now;
}

static void pass_end(struct xt_tunnel *tunnel, struct xt_time now)
{
	xt_tunnel_ways_note(tunnel);
	xt_tunnel_memory_schedule(tunnel, now);
}

int xt_tunnel_out(struct xt_tunnel *tunnel)
{
	struct xt_time now = pass_begin(tunnel);
	int more = xt_scheduler_on_tun_readable(tunnel->scheduler, now);

	pass_end(tunnel, now);
	return more;
}

int xt_tunnel_in(struct xt_tunnel *tunnel)
{
	struct xt_time now = pass_begin(tunnel);
	int more = xt_scheduler_on_udp_readable(tunnel->scheduler, now);

	pass_end(tunnel, now);
	return more;
}

void xt_tunnel_tick(struct xt_tunnel *tunnel)
{
	uint64_t retry = xt_scheduler_retry(tunnel->scheduler);
	struct xt_time now;

	if (xt_scheduler_parked(tunnel->scheduler))
		return;
	now = pass_begin(tunnel);
	if (retry && now.mono >= retry)
		xt_scheduler_on_udp_writable(tunnel->scheduler, now);
	xt_tunnel_review(tunnel, now);
	xt_scheduler_tick(tunnel->scheduler, now);
	xt_tunnel_memory_flush(tunnel, now);
	pass_end(tunnel, now);
}

void xt_tunnel_writable(struct xt_tunnel *tunnel)
{
	xt_scheduler_on_udp_writable(tunnel->scheduler, pass_begin(tunnel));
}

void xt_tunnel_take_errors(struct xt_tunnel *tunnel, unsigned i)
{
	tunnel->udp->ops->take_errors(tunnel->udp, i);
}

bool xt_tunnel_blocked(const struct xt_tunnel *tunnel)
{
	return xt_scheduler_blocked(tunnel->scheduler);
}

bool xt_tunnel_reads(const struct xt_tunnel *tunnel)
{
	return !(tunnel->echo && xt_scheduler_blocked(tunnel->scheduler));
}

uint64_t xt_tunnel_wait(const struct xt_tunnel *tunnel)
{
	uint64_t deadline = xt_scheduler_deadline(tunnel->scheduler), now;

	if (xt_scheduler_parked(tunnel->scheduler))
		return XT_NEVER;
	deadline = XT_MIN(deadline, XT_MIN(tunnel->memory_due, tunnel->review_due));
	if (deadline == XT_NEVER)
		return XT_NEVER;
	now = xt_clock_now().mono;
	return deadline > now ? deadline - now : 0;
}

void xt_tunnel_moved(struct xt_tunnel *tunnel)
{
	tunnel->udp->avoid = 0;
}

int xt_tunnel_set_endpoints(struct xt_tunnel *tunnel, const struct xt_public *peer,
			    const struct xt_candidate_list *list)
{
	return xt_device_set_endpoints(tunnel->dev, xt_clock_now(), peer, list);
}

size_t xt_tunnel_path(const struct xt_tunnel *tunnel, const struct xt_public *peer, uint32_t *mtu,
		      size_t skip, struct xt_cidr *networks, size_t max)
{
	const struct xt_peer *found = xt_device_peer(tunnel->dev, peer);

	*mtu = found ? xt_peer_mtu(found) : 0;
	return found ? xt_peer_networks(tunnel->dev, found, skip, networks, max) : 0;
}

bool xt_tunnel_has_local(const struct xt_tunnel *tunnel, uint8_t family)
{
	return (family == 4 ? tunnel->local4 : tunnel->local6).family == family;
}

int xt_tunnel_ping(struct xt_tunnel *tunnel, const struct xt_public *peer, const struct xt_ip *dst,
		   uint16_t id, uint16_t seq, uint64_t cookie, uint32_t size)
{
	const struct xt_ip *src = dst->family == 4 ? &tunnel->local4 : &tunnel->local6;

	if (src->family != dst->family)
		return XT_E_INVALID;
	return xt_scheduler_ping(tunnel->scheduler, pass_begin(tunnel), peer, src, dst, id, seq,
				 cookie, size);
}
