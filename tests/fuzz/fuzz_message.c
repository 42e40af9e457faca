/* SPDX-License-Identifier: MIT */
/* layers: core crypto packet base */
/* parses: src/core/handshake.c src/core/noise.c src/core/cookie.c src/core/recv.c
 * src/core/replay.c src/packet/envelope.c */
/* Hostile datagrams to a device with a session: unchanged, with a valid mac1, or sealed with the
 * peer's key, so that the code behind the tag is reached.
 *
 * Input: records of a mode byte, a length byte (of 8), and bytes. */
#include "core/cookie.h"
#include "core/device_impl.h"
#include "core/keypair.h"
#include "fuzz/ends.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What passes is an IP packet of its full length, from the peer's address. */
static void judge(struct ends *ends, struct end *end, const struct xt_pkt *pkt)
{
	const uint8_t *source = other(end)->inner.b;

	(void)ends;
	MUST(pkt->peer && pkt->len >= 20);
	MUST(pkt->data[0] >> 4 == 4);
	MUST(xt_be16_get(pkt->data + 2) == pkt->len);
	MUST(memcmp(pkt->data + 12, source, 4) == 0);
}

static void sealed(struct ends *ends, const uint8_t *data, size_t len, uint8_t mode)
{
	struct xt_keypair *kp = ends->end[1].dev->peers->keypairs.current;
	uint8_t msg[16 + 2048 + 16] = {4};
	xt_le32 index;
	xt_le64 counter;
	struct xt_job job = {.src = data, .dst = msg + 16, .len = (uint32_t)len};

	if (!kp)
		return;
	job.key = kp->send_key;
	job.counter = mode & 0x80 ? kp->send_counter - (mode >> 2 & 31) : kp->send_counter++;
	index = xt_le32_of(kp->remote_index);
	counter = xt_le64_of(job.counter);
	memcpy(msg + 4, &index, 4);
	memcpy(msg + 8, &counter, 8);
	xt_aead_seal(ends->aead, &job, 1);
	ends_hear(&ends->end[0], &ends->end[1].path, mode >> 4 & 3, msg, len + 32);
}

static void stamped(struct ends *ends, const uint8_t *data, size_t len)
{
	static const size_t lens[] = {148, 92};
	uint8_t msg[148] = {0};
	struct xt_cookie_maker maker;
	size_t want;

	if (!len)
		return;
	want = lens[data[0] & 1];
	memcpy(msg + 4, data + 1, len - 1 < want - 4 ? len - 1 : want - 4);
	msg[0] = (uint8_t)(1 + (data[0] & 1));
	xt_cookie_maker_init(&maker, &ends->end[0].public);
	xt_cookie_add_macs(&maker, ends->now.mono, msg, want);
	ends_hear(&ends->end[0], &ends->end[1].path, 0, msg, want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ends ends;
	uint8_t hello[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 7, 0, 2, 10, 7, 0, 1};
	size_t at = 0;

	ends_open(&ends);
	ends.out = judge;
	ends_send(&ends.end[1], hello, sizeof(hello));
	ends_exchange(&ends);
	while (at + 2 <= len) {
		uint8_t mode = data[at];
		size_t n = 8u * data[at + 1];

		at += 2;
		n = n < len - at ? n : len - at;
		ends.now.mono += 1000000;
		if ((mode & 3) == 0)
			ends_hear(&ends.end[0], &ends.end[1].path, mode >> 4, data + at, n);
		else if ((mode & 3) == 1)
			stamped(&ends, data + at, n);
		else
			sealed(&ends, data + at, n, mode);
		at += n;
	}
	ends_close(&ends);
	return 0;
}
