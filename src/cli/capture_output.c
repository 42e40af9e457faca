/* SPDX-License-Identifier: MIT */
/* Blocks go on as they are; runs of them that are written are one write. */
#include "cli/capture_output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "cli/capture_print.h"
#include "cli/term.h"
#include "ipc/pcapng.h"

static int bytes_write(const struct xt_capture_output *output, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(output->fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0 && *output->interrupts > 1)
			return -EINTR;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Is the packet written? */
static bool packet_take(struct xt_capture_output *output, const struct xt_pcapng_packet *packet)
{
	if (output->complete ||
	    !xt_capture_filter_matches(output->filter, packet->bytes, packet->len))
		return false;
	output->packets++;
	output->complete = output->packets == output->most;
	if (output->fd < 0)
		xt_capture_print(stdout, packet, packet->interface != 0);
	return true;
}

/* 1: the block is written, 0: it is not; XT_E_SYNTAX. */
static int block_take(struct xt_capture_output *output, const struct xt_pcapng_block *block)
{
	struct xt_pcapng_statistics statistics;
	struct xt_pcapng_packet packet;

	switch (block->type) {
	case XT_PCAPNG_PACKET:
		if (!xt_pcapng_packet_get(&packet, block))
			return XT_E_SYNTAX;
		return packet_take(output, &packet);
	case XT_PCAPNG_STATISTICS:
		if (!xt_pcapng_statistics_get(&statistics, block))
			return XT_E_SYNTAX;
		output->dropped += statistics.dropped;
		output->over = true;
		return 1;
	case XT_PCAPNG_SECRETS:
		return !output->complete;
	default:
		return 1;
	}
}

int xt_capture_output_take(struct xt_capture_output *output, const uint8_t *bytes, size_t len)
{
	size_t from = 0, at = 0; /* what is to be written, and how far the blocks were taken */
	struct xt_pcapng_block block;
	int n, rc = 0;

	while (rc == 0 && (n = xt_pcapng_block_get(&block, bytes + at, len - at)) != 0) {
		int take = n < 0 ? n : block_take(output, &block);

		if (take < 0)
			return take;
		if (!take && output->fd >= 0 && at > from)
			rc = bytes_write(output, bytes + from, at - from);
		at += (size_t)n;
		if (!take)
			from = at;
	}
	if (rc == 0 && output->fd >= 0 && at > from)
		rc = bytes_write(output, bytes + from, at - from);
	if (output->fd < 0 && !xt_term_flush())
		rc = -EPIPE;
	return rc ? rc : (int)at;
}
