/* SPDX-License-Identifier: MIT */
/* bench: all that two devices do with packets, joined by memory: no socket, no interface. */
#include <stdio.h>
#include <string.h>

#include <xtunnel/error.h>
#include <xtunnel/xtunnel.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/bench.h"
#include "platform/clock.h"
#include "platform/random.h"
#include "tunnel/cipher.h"

#define BATCH 64
#define SLAB  (256 * 1024)

static const unsigned sizes[] = {1420, 96};
/* Time stands still for the devices, so that no timer interferes. */
static const struct xt_time now = {.mono = 1000000000, .wall = 1767225600000000000};

struct side {
	struct xt_device *dev;
	struct xt_batch *batch;
	struct xt_tx *tx;
	struct xt_public key;
	struct xt_path path; /* how the other side sees this one */
};

static void random_bytes(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	while (!xt_random_bytes(buf, n))
		;
}

static int side_open(struct side *side, uint8_t octet)
{
	struct xt_env env = {.random = random_bytes};
	struct xt_report *report;
	struct xt_change change;
	int rc;

	side->path.remote = (struct xt_endpoint){{4, {198, 18, 0, octet}}, 51820, 0};
	if ((rc = xt_device_new(&side->dev, &env)) < 0 ||
	    (rc = xt_batch_new(&side->batch, BATCH, SLAB)) < 0 ||
	    (rc = xt_tx_new(&side->tx, 2 * BATCH, 4096)) < 0)
		return rc;
	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	random_bytes(NULL, change.private_key.b, sizeof(change.private_key.b));
	rc = xt_device_apply(side->dev, now, &change);
	xt_change_clear(&change);
	if (rc == 0 && (rc = xt_device_report(side->dev, now, &report)) == 0) {
		side->key = report->public_key;
		xt_report_free(report);
	}
	return rc;
}

static int side_introduce(struct side *side, const struct side *other, uint8_t octet)
{
	struct xt_cidr inner = {{4, {10, 7, 0, octet}}, 32};
	struct xt_peer_change *peer;
	struct xt_change change;
	int rc = XT_E_NOMEM;

	xt_change_init(&change);
	peer = xt_change_peer(&change, &other->key);
	if (peer) {
		peer->set = XT_PEER_ENDPOINT;
		peer->endpoint = other->path.remote;
		rc = xt_change_allowed(peer, &inner, false);
	}
	if (rc == 0)
		rc = xt_device_apply(side->dev, now, &change);
	xt_change_clear(&change);
	return rc;
}

static void side_close(struct side *side)
{
	xt_tx_free(side->tx);
	xt_batch_free(side->batch);
	xt_device_free(side->dev);
}

static void packets_send(struct side *side, struct xt_aead *aead, unsigned n, unsigned len)
{
	const uint8_t header[20] = {0x45,
				    0,
				    (uint8_t)(len >> 8),
				    (uint8_t)len,
				    0,
				    0,
				    0,
				    0,
				    64,
				    17,
				    0,
				    0,
				    10,
				    7,
				    0,
				    1,
				    10,
				    7,
				    0,
				    2};

	xt_batch_reset(side->batch);
	for (unsigned i = 0; i < n; i++) {
		struct xt_pkt *pkt = xt_batch_add(side->batch, len);

		if (!pkt)
			break;
		memcpy(pkt->data, header, sizeof(header));
		pkt->len = len;
	}
	xt_send_plan(side->dev, now, side->batch, side->tx);
	xt_aead_seal(aead, side->batch->jobs, side->batch->n_jobs);
	xt_send_finish(side->dev, now, side->batch, side->tx);
}

/* Returns how many packets arrived. */
static unsigned datagrams_receive(const struct side *from, struct side *to, struct xt_aead *aead)
{
	unsigned n = 0;

	xt_batch_reset(to->batch);
	for (uint32_t i = 0; i < from->tx->n_vecs; i++) {
		struct xt_pkt *pkt = xt_batch_view_bare(to->batch, from->tx->vecs[i].base,
							(uint32_t)from->tx->vecs[i].len);

		if (!pkt)
			break;
		pkt->from = &from->path;
	}
	xt_recv_plan(to->dev, now, to->batch);
	xt_aead_open(aead, to->batch->jobs, to->batch->n_jobs);
	xt_recv_finish(to->dev, now, to->batch);
	for (uint32_t i = 0; i < to->batch->n; i++)
		n += to->batch->pkts[i].verdict == XT_PASS;
	return n;
}

/* Handshake messages and staged packets. */
static void device_traffic_send(struct side *side, struct xt_aead *aead)
{
	xt_tx_reset(side->tx);
	xt_device_tick(side->dev, now, side->tx);
	xt_batch_reset(side->batch);
	xt_send_device_traffic(side->dev, now, side->batch);
	xt_aead_seal(aead, side->batch->jobs, side->batch->n_jobs);
	xt_send_finish(side->dev, now, side->batch, side->tx);
}

static bool session_begin(struct side side[2], struct xt_aead *aead)
{
	unsigned arrived;

	packets_send(&side[0], aead, 1, sizes[1]); /* staged: it starts the handshake */
	(void)datagrams_receive(&side[0], &side[1], aead);
	device_traffic_send(&side[1], aead);
	(void)datagrams_receive(&side[1], &side[0], aead);
	device_traffic_send(&side[0], aead);
	arrived = datagrams_receive(&side[0], &side[1], aead);
	xt_tx_reset(side[0].tx);
	xt_tx_reset(side[1].tx);
	return arrived > 0;
}

static void size_measure(struct xt_bench *bench, struct side side[2], struct xt_aead *aead,
			 struct xt_bench_row *row)
{
	uint64_t tx = 0, rx = 0, sent = 0, arrived = 0, advanced = 0;

	while (tx + rx < bench->span_ns) {
		uint64_t start = xt_clock_now().mono, middle, end;

		packets_send(&side[0], aead, BATCH, row->bytes);
		middle = xt_clock_now().mono;
		sent += BATCH;
		arrived += datagrams_receive(&side[0], &side[1], aead);
		xt_tx_reset(side[0].tx);
		end = xt_clock_now().mono;
		tx += middle - start;
		rx += end - middle;
		if (tx + rx - advanced > bench->span_ns / 20) {
			xt_bench_advance(bench, tx + rx - advanced, "in memory");
			advanced = tx + rx;
		}
	}
	if (arrived != sent)
		snprintf(row->reason, sizeof(row->reason), "%llu of %llu packets arrived",
			 (unsigned long long)arrived, (unsigned long long)sent);
	row->tx_ns = (double)tx / (double)sent;
	row->rx_ns = (double)rx / (double)sent;
	xt_bench_row_finish(row);
}

void xt_bench_memory(struct xt_bench *bench)
{
	struct xt_aead_report report;
	struct xt_aead *aead = NULL;
	struct side side[2] = {0};
	int rc = xt_cipher_open(&aead, NULL, &report);

	for (uint8_t i = 0; i < 2 && rc == 0; i++)
		rc = side_open(&side[i], i + 1);
	for (uint8_t i = 0; i < 2 && rc == 0; i++)
		rc = side_introduce(&side[i], &side[!i], i ? 1 : 2);
	if (rc == 0 && !session_begin(side, aead))
		rc = XT_E_AGAIN;
	for (size_t i = 0; i < XT_LEN(sizes); i++) {
		struct xt_bench_row *row = xt_bench_row_add(
		    bench, XT_BENCH_MEMORY, aead ? xt_aead_name(aead) : "auto", sizes[i]);

		if (rc == 0)
			size_measure(bench, side, aead, row);
		else
			snprintf(row->reason, sizeof(row->reason), "%s", xt_strerror(rc));
	}
	side_close(&side[0]);
	side_close(&side[1]);
	xt_aead_free(aead);
}
