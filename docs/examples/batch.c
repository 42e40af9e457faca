/* SPDX-License-Identifier: MIT */
/* The batch interface: two WireGuard devices joined by memory, a handshake, then one packet each way.
 * Each step of the data path is a call here, so a program can carry many packets a call and seal and
 * open them on other threads.  A UDP socket would send the runs of each device's xt_tx.
 *
 *   cc batch.c $(pkg-config --cflags --libs xtunnel) && ./a.out */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <xtunnel/xtunnel.h>

struct side {
	const char *name;
	struct xt_device *dev;
	struct xt_batch *batch; /* packets on the data path */
	struct xt_tx *tx;	/* datagrams to be sent */
	struct xt_public key;
	struct xt_path path; /* how the other side sees this one */
};

static struct xt_aead *aead;
/* A program reads the clock here. */
static struct xt_time now = {.mono = 1000000000, .wall = 1767225600000000000};

static void check(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, xt_strerror(err));
		exit(1);
	}
}

static void random_bytes(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	if (getrandom(buf, n, 0) != (ssize_t)n)
		abort();
}

static void open_side(struct side *side, const char *name, uint8_t last_octet)
{
	struct xt_env env = {.random = random_bytes};
	struct xt_report *report;
	struct xt_change change;

	side->name = name;
	side->path.remote = (struct xt_endpoint){{4, {198, 18, 0, last_octet}}, 51820, 0};
	check(xt_device_new(&side->dev, &env), "device");
	check(xt_batch_new(&side->batch, 16, 2 * XT_SLOT_MAX), "batch");
	check(xt_tx_new(&side->tx, 16, 4096), "tx");

	xt_change_init(&change);
	change.set = XT_SET_PRIVATE_KEY;
	random_bytes(NULL, change.private_key.b, sizeof(change.private_key.b));
	check(xt_device_apply(side->dev, now, &change), "private key");
	xt_change_clear(&change);

	check(xt_device_report(side->dev, now, &report), "report");
	side->key = report->public_key;
	xt_report_free(report);
}

/* Make other a peer of side: its key, endpoint and inner address. */
static void introduce(struct side *side, const struct side *other, uint8_t last_octet)
{
	struct xt_cidr inner = {{4, {10, 7, 0, last_octet}}, 32};
	struct xt_peer_change *peer;
	struct xt_change change;

	xt_change_init(&change);
	peer = xt_change_peer(&change, &other->key);
	if (!peer)
		check(XT_E_NOMEM, "peer");
	peer->set = XT_PEER_ENDPOINT;
	peer->endpoint = other->path.remote;
	check(xt_change_allowed(peer, &inner, false), "allowed IP");
	check(xt_device_apply(side->dev, now, &change), "peer");
	xt_change_clear(&change);
}

/* Device traffic: handshake messages, staged packets, keepalives. */
static void send_device_traffic(struct side *side)
{
	struct xt_batch *batch = side->batch;

	xt_device_tick(side->dev, now, side->tx);
	xt_batch_reset(batch);
	xt_send_device_traffic(side->dev, now, batch);
	xt_aead_seal(aead, batch->jobs, batch->n_jobs);
	xt_send_finish(side->dev, now, batch, side->tx);
}

/* The datagrams of one side are received by the other, whose packets are shown. */
static void deliver(const struct side *from, struct side *to)
{
	struct xt_batch *batch = to->batch;

	xt_batch_reset(batch);
	for (uint32_t i = 0; i < from->tx->n_vecs; i++) {
		const struct xt_vec *datagram = &from->tx->vecs[i];
		struct xt_pkt *pkt = xt_batch_add(batch, datagram->len);

		if (!pkt)
			check(XT_E_FULL, "batch");
		memcpy(pkt->data, datagram->base, datagram->len);
		pkt->len = (uint32_t)datagram->len;
		pkt->from = &from->path;
		xt_batch_trim(batch);
		printf("%s sends %zu bytes, message type %u\n", from->name, datagram->len,
		       datagram->base[0]);
	}
	xt_recv_plan(to->dev, now, batch);
	xt_aead_open(aead, batch->jobs, batch->n_jobs);
	xt_recv_finish(to->dev, now, batch);
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->pkts[i].verdict == XT_PASS)
			printf("%s receives \"%s\"\n", to->name,
			       (const char *)batch->pkts[i].data + 20);
}

/* An IPv4 header and a text. */
static void send_text(struct side *side, uint8_t src, uint8_t dst, const char *text)
{
	size_t len = 20 + strlen(text) + 1;
	uint8_t header[20] = {0x45, 0, 0, (uint8_t)len, 0,  0, 0, 0,  64, 17, 0, 0,
			      10,   7, 0, src,		10, 7, 0, dst};
	struct xt_batch *batch = side->batch;
	struct xt_pkt *pkt;

	xt_batch_reset(batch);
	pkt = xt_batch_add(batch, len);
	if (!pkt)
		check(XT_E_FULL, "batch");
	memcpy(pkt->data, header, sizeof(header));
	memcpy(pkt->data + 20, text, len - 20);
	pkt->len = (uint32_t)len;
	xt_send_plan(side->dev, now, batch, side->tx);
	xt_aead_seal(aead, batch->jobs, batch->n_jobs);
	xt_send_finish(side->dev, now, batch, side->tx);
}

/* Deliver until neither side has a datagram left. At first a alone has some: datagrams lie in the
 * batch of their sender, which is reset when it receives. */
static void deliver_all(struct side *a, struct side *b)
{
	while (a->tx->n_vecs || b->tx->n_vecs) {
		deliver(a, b);
		xt_tx_reset(a->tx);
		send_device_traffic(b);
		deliver(b, a);
		xt_tx_reset(b->tx);
		send_device_traffic(a);
	}
}

static void close_side(struct side *side)
{
	xt_tx_free(side->tx);
	xt_batch_free(side->batch);
	xt_device_free(side->dev);
}

int main(void)
{
	struct side left, right;

	check(xt_aead_new(&aead, NULL), "AEAD");
	open_side(&left, "left", 1);
	open_side(&right, "right", 2);
	introduce(&left, &right, 2);
	introduce(&right, &left, 1);

	send_text(&left, 1, 2,
		  "hello, right"); /* is staged until the handshake that it starts is done */
	deliver_all(&left, &right);
	send_text(&right, 2, 1, "hello, left");
	deliver_all(&right, &left);

	close_side(&left);
	close_side(&right);
	xt_aead_free(aead);
	return 0;
}
