/* SPDX-License-Identifier: MIT */
/* A TUN device made of two queues: inject -> recv, send -> take. */
#include "platform/mem/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/mem/queue.h"

struct tun_mem {
	struct xt_tun tun; /* first member: what the callers hold */
	struct xt_mem_queue in, out;
	bool unplugged;
};

static struct tun_mem *tun_mem_of(struct xt_tun *tun)
{
	return XT_CONTAINER(tun, struct tun_mem, tun);
}

static int tun_mem_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes)
{
	struct tun_mem *mem = tun_mem_of(tun);
	const struct xt_mem_item *item;
	size_t read = 0;
	int n = 0;

	if (mem->unplugged)
		return -ENODEV;
	while (read < budget_bytes && (item = xt_mem_queue_head(&mem->in)) != NULL) {
		struct xt_pkt *pkt = xt_batch_add(batch, item->len);

		if (!pkt)
			break;
		memcpy(pkt->data, item->bytes, item->len);
		pkt->len = item->len;
		xt_batch_trim(batch);
		read += item->len;
		n++;
		xt_mem_queue_pop(&mem->in);
	}
	return n;
}

static int tun_mem_send(struct xt_tun *tun, struct xt_batch *batch)
{
	struct tun_mem *mem = tun_mem_of(tun);
	int n = 0;

	if (mem->unplugged)
		return -ENODEV;
	for (uint32_t i = 0; i < batch->n; i++) {
		struct xt_pkt *pkt = &batch->pkts[i];

		if (pkt->verdict != XT_PASS)
			continue;
		if (xt_mem_queue_put(&mem->out, pkt->data, pkt->len, NULL, 0) < 0)
			pkt->verdict = XT_DROP_TUN;
		else
			n++;
	}
	return n;
}

static void tun_mem_close(struct xt_tun *tun)
{
	struct tun_mem *mem = tun_mem_of(tun);

	xt_mem_queue_clear(&mem->in);
	xt_mem_queue_clear(&mem->out);
	free(mem);
}

static const struct xt_tun_ops tun_mem_ops = {
    .recv = tun_mem_recv,
    .send = tun_mem_send,
    .close = tun_mem_close,
};

int xt_tun_mem_new(struct xt_tun **out, uint32_t cap, uint32_t mtu)
{
	struct tun_mem *mem = calloc(1, sizeof(*mem));
	int rc;

	if (!mem)
		return XT_E_NOMEM;
	rc = xt_mem_queue_init(&mem->in, cap);
	if (rc == 0)
		rc = xt_mem_queue_init(&mem->out, cap);
	if (rc < 0) {
		tun_mem_close(&mem->tun);
		return rc;
	}
	mem->tun.ops = &tun_mem_ops;
	mem->tun.mtu = mtu;
	snprintf(mem->tun.name, sizeof(mem->tun.name), "mem");
	*out = &mem->tun;
	return 0;
}

int xt_tun_mem_inject(struct xt_tun *tun, const void *packet, size_t len)
{
	struct tun_mem *mem = tun_mem_of(tun);

	if (mem->unplugged)
		return -ENODEV;
	if (len == 0 || len > XT_PACKET_MAX)
		return XT_E_INVALID;
	return xt_mem_queue_put(&mem->in, packet, len, NULL, 0);
}

size_t xt_tun_mem_take(struct xt_tun *tun, void *buf, size_t size)
{
	struct tun_mem *mem = tun_mem_of(tun);
	const struct xt_mem_item *item = xt_mem_queue_head(&mem->out);
	size_t len;

	if (!item)
		return 0;
	len = item->len;
	memcpy(buf, item->bytes, XT_MIN(len, size));
	xt_mem_queue_pop(&mem->out);
	return len;
}

uint32_t xt_tun_mem_waiting(const struct xt_tun *tun)
{
	const struct tun_mem *mem = (const void *)tun;

	return mem->out.n;
}

void xt_tun_mem_unplug(struct xt_tun *tun)
{
	tun_mem_of(tun)->unplugged = true;
}
