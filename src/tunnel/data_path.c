/* SPDX-License-Identifier: MIT */
/* What both paths do to the TUN and with the echo responder. */
#include "tunnel/data_path.h"

#include "packet/split.h"

#define BIT(state) (1u << XT_PATH_##state)

/* BLOCKED leads back to READING when tx resumes, and to READY when rx delivers. READY leads to
 * PLANNED when tx plans more, and when rx has read the next batch. */
static const unsigned transitions[XT_PATH_STATES] = {
    [XT_PATH_IDLE] = BIT(READING),
    [XT_PATH_READING] = BIT(PLANNED) | BIT(IDLE),
    [XT_PATH_PLANNED] = BIT(CRYPTING) | BIT(READY),
    [XT_PATH_CRYPTING] = BIT(READY),
    [XT_PATH_READY] = BIT(PLANNED) | BIT(IDLE) | BIT(BLOCKED),
    [XT_PATH_BLOCKED] = BIT(READING) | BIT(READY),
};

bool xt_path_may_enter(enum xt_path_state from, enum xt_path_state to)
{
	return transitions[from] & (1u << to);
}

void xt_data_path_write_merged(struct xt_data_path *data, struct xt_batch *batch,
			       const struct xt_batch *plain)
{
	uint32_t dropped = 0;
	int n = data->config.tun->ops->send(data->config.tun, batch);

	if (n < 0)
		data->error = n;
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->pkts[i].verdict == XT_DROP_TUN)
			dropped += xt_split_count(&batch->pkts[i]);
	xt_device_count(data->config.dev, XT_DROP_TUN, dropped);
	if (data->capture)
		xt_capture_host_written(data->capture, batch, plain);
}

void xt_data_path_write(struct xt_data_path *data, struct xt_batch *batch)
{
	xt_data_path_write_merged(data, batch, batch);
}

void xt_data_path_echo(struct xt_data_path *data, enum xt_echo_side side, struct xt_time now,
		       struct xt_batch *batch, struct xt_batch *replies, struct xt_batch *released)
{
	xt_echo_process(data->config.echo, side, now.mono, batch, replies, released);
	for (uint32_t i = 0; i < batch->n; i++) {
		switch (batch->pkts[i].verdict) {
		case XT_TAKEN_ECHO:
		case XT_TAKEN_FRAGMENT:
		case XT_DROP_FRAGMENT:
		case XT_DROP_ECHO_RATE:
		case XT_DROP_ECHO_FULL:
		case XT_DROP_ECHO_OTHER:
			xt_device_count(data->config.dev, batch->pkts[i].verdict, 1);
			break;
		default:
			break;
		}
	}
}
