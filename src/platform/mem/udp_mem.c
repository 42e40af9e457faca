/* SPDX-License-Identifier: MIT */
/* UDP sockets without a network: sent datagrams go to the host's callback, delivered ones wait in a
 * queue for recv. */
#include "platform/mem/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "platform/mem/queue.h"

struct udp_mem {
	struct xt_udp udp; /* first member: what the callers hold */
	struct xt_udp_mem_host host;
	struct xt_mem_queue in;
};

static struct udp_mem *udp_mem_of(struct xt_udp *udp)
{
	return XT_CONTAINER(udp, struct udp_mem, udp);
}

static int udp_mem_recv(struct xt_udp *udp, struct xt_batch *batch, size_t budget_bytes)
{
	struct udp_mem *mem = udp_mem_of(udp);
	const struct xt_mem_item *item;
	size_t read = 0;
	int n = 0;

	while (read < budget_bytes && (item = xt_mem_queue_head(&mem->in)) != NULL) {
		struct xt_pkt *pkt;
		struct xt_path *path;

		if (batch->n_paths == batch->cap)
			break;
		pkt = xt_batch_add(batch, item->len);
		if (!pkt)
			break;
		if (item->len > 0)
			memcpy(pkt->data, item->bytes, item->len);
		pkt->len = item->len;
		xt_batch_trim(batch);
		path = &batch->paths[batch->n_paths++];
		*path = item->path;
		pkt->from = path;
		pkt->ecn = item->ecn;
		read += item->len;
		n++;
		xt_mem_queue_pop(&mem->in);
	}
	return n;
}

static bool local_failed(int rc)
{
	return rc == -EADDRNOTAVAIL || rc == -EINVAL || rc == -ENETUNREACH;
}

/* Send the first datagram of run; without its source address if that was the cause of a refusal. */
static int udp_mem_send_one(struct udp_mem *mem, const struct xt_tx *tx, struct xt_run *run)
{
	const struct xt_vec *vec = &tx->vecs[run->first];
	struct xt_path path = run->path;
	int rc;

	if (run->unstuck)
		memset(&path.local, 0, sizeof(path.local));
	rc = mem->host.send(mem->host.ctx, &path, run->tos, vec->base, vec->len);
	if (path.local.family == 0 || !local_failed(rc))
		return rc;
	run->unstuck = true;
	memset(&path.local, 0, sizeof(path.local));
	return mem->host.send(mem->host.ctx, &path, run->tos, vec->base, vec->len);
}

static int udp_mem_send(struct xt_udp *udp, struct xt_tx *tx, uint32_t *next)
{
	struct udp_mem *mem = udp_mem_of(udp);

	while (*next < tx->n_runs) {
		struct xt_run *run = &tx->runs[*next];

		while (run->n > 0) {
			int rc = udp_mem_send_one(mem, tx, run);

			if (rc == -EAGAIN)
				return -EAGAIN;
			if (rc < 0)
				udp->refused++;
			run->bytes -= (uint32_t)tx->vecs[run->first].len;
			run->first++;
			run->n--;
		}
		(*next)++;
	}
	return 0;
}

static void udp_mem_close(struct xt_udp *udp)
{
	struct udp_mem *mem = udp_mem_of(udp);

	xt_mem_queue_clear(&mem->in);
	free(mem);
}

static const struct xt_udp_ops udp_mem_ops = {
    .recv = udp_mem_recv,
    .send = udp_mem_send,
    .close = udp_mem_close,
};

int xt_udp_mem_new(struct xt_udp **out, uint16_t port, uint32_t cap,
		   const struct xt_udp_mem_host *host)
{
	struct udp_mem *mem = calloc(1, sizeof(*mem));
	int rc;

	if (!mem)
		return XT_E_NOMEM;
	rc = xt_mem_queue_init(&mem->in, cap);
	if (rc < 0) {
		free(mem);
		return rc;
	}
	mem->udp.ops = &udp_mem_ops;
	mem->udp.fd[0] = mem->udp.fd[1] = -1;
	mem->udp.port = port;
	mem->host = *host;
	*out = &mem->udp;
	return 0;
}

int xt_udp_mem_deliver(struct xt_udp *udp, const struct xt_path *path, uint8_t ecn,
		       const void *bytes, size_t len)
{
	if (len > XT_PACKET_MAX)
		return XT_E_INVALID;
	return xt_mem_queue_put(&udp_mem_of(udp)->in, bytes, len, path, ecn);
}

uint32_t xt_udp_mem_waiting(const struct xt_udp *udp)
{
	const struct udp_mem *mem = (const void *)udp;

	return mem->in.n;
}
