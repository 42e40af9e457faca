/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* A hostile snapshot. It is refused, or gives a device that works: its snapshot gives the same
 * device again, and packets and time do it no harm.
 *
 * Input: the length of a snapshot in four bytes, little endian, the snapshot, and records of a mode
 * byte, a length byte (of 8), and bytes. An input that begins as a snapshot is one as a whole. */
#include "core/device_impl.h"
#include "core/snapshot.h"
#include "fuzz/ends.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The corpus has snapshots of test_snapshot (XT_SNAPSHOT_DIR), whose clock begins as that of ends.h
 * does. */
#define AFTER (59 * XT_SECOND)

static void counters_take_back(struct xt_device *dev)
{
	for (struct xt_peer *peer = dev->peers; peer; peer = peer->next) {
		struct xt_keypair *slots[] = {peer->keypairs.current, peer->keypairs.previous,
					      peer->keypairs.next};

		for (size_t i = 0; i < XT_LEN(slots); i++)
			if (slots[i])
				slots[i]->send_counter -= XT_SNAPSHOT_SKIP;
	}
}

static struct xt_device *device_decode(struct ends *ends, const void *data, size_t len)
{
	struct xt_env env = {.ctx = ends, .random = ends_random};
	struct xt_device *dev = NULL;
	int err = xt_snapshot_decode(&dev, &env, ends->now, data, len, NULL);

	MUST(!err == (dev != NULL));
	return dev;
}

static void device_again(struct ends *ends, struct xt_device *dev)
{
	struct xt_secbuf one = XT_SECBUF_INIT(XT_SECBUF_MAX), two = XT_SECBUF_INIT(XT_SECBUF_MAX);
	struct xt_report *report;
	struct xt_device *copy;

	counters_take_back(dev);
	MUST(!xt_snapshot_encode(dev, ends->now, &one));
	copy = device_decode(ends, one.p, one.len);
	MUST(copy);
	counters_take_back(copy);
	MUST(!xt_snapshot_encode(copy, ends->now, &two));
	MUST(one.len == two.len && !memcmp(one.p, two.p, one.len));
	MUST(!xt_device_report(copy, ends->now, &report));
	xt_report_free(report);
	xt_device_free(copy);
	xt_secbuf_clear(&one);
	xt_secbuf_clear(&two);
}

/* Timers, at most so many rounds: a hostile snapshot may have thousands that are due. */
static void device_tick(struct ends *ends, struct end *end)
{
	for (unsigned i = 0; i < 20 && xt_device_deadline(end->dev) <= ends->now.mono; i++) {
		xt_device_tick(end->dev, ends->now, end->tx);
		xt_tx_reset(end->tx);
		if (xt_send_device_traffic(end->dev, ends->now, end->batch))
			ends_seal(end);
		xt_batch_reset(end->batch);
	}
	xt_tx_reset(end->tx);
}

static void packet_send(struct ends *ends, struct end *end, const uint8_t *data, size_t len)
{
	struct xt_pkt *pkt = xt_batch_add(end->batch, len);

	MUST(pkt);
	memcpy(pkt->data, data, len);
	pkt->len = (uint32_t)len;
	xt_send_plan(end->dev, ends->now, end->batch, end->tx);
	ends_seal(end);
}

static void device_use(struct ends *ends, struct end *end, const uint8_t *data, size_t len)
{
	size_t at = 0;

	device_tick(ends, end);
	while (at + 2 <= len) {
		uint8_t mode = data[at];
		size_t n = 8u * data[at + 1];

		at += 2;
		n = n < len - at ? n : len - at;
		ends->now.mono += (uint64_t)1 << (mode >> 2);
		if (mode & 1)
			packet_send(ends, end, data + at, n);
		else
			ends_hear(end, &other(end)->path, mode, data + at, n);
		if (mode & 2)
			device_tick(ends, end);
		while (ends->n_wire)
			ends_lose(ends, 0);
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ends ends;
	struct end *end = &ends.end[0];
	struct xt_device *dev;
	size_t n = len;

	ends_open(&ends);
	ends.now.mono += AFTER;
	if (len > 4 && data[0] != 'x') {
		n = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
		data += 4;
		len -= 4;
		n = n < len ? n : len;
	}
	dev = device_decode(&ends, data, n);
	if (dev) {
		device_again(&ends, dev);
		xt_device_free(end->dev);
		end->dev = dev;
		device_use(&ends, end, data + n, len - n);
	}
	ends_close(&ends);
	return 0;
}
