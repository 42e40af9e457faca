/* What both paths do to the TUN and with the echo responder. */
#include "tunnel/data_path.h"

#include "packet/split.h"

void xt_data_path_write(struct xt_data_path *data, struct xt_batch *batch)
{
	uint32_t dropped = 0;
	int n = data->config.tun->ops->send(data->config.tun, batch);

	if (n < 0)
		data->error = n;
	for (uint32_t i = 0; i < batch->n; i++)
		if (batch->pkts[i].verdict == XT_DROP_TUN)
			dropped += xt_split_count(&batch->pkts[i]);
	xt_device_count(data->config.dev, XT_DROP_TUN, dropped);
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
