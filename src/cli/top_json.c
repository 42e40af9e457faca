/* SPDX-License-Identifier: MIT */
/* A sample of `top` as one object. */
#include "cli/top_model.h"

static json_t *number_or_null(double value, bool known)
{
	return known ? json_real(value) : json_null();
}

static json_t *peer_json(const struct xt_top_peer *peer)
{
	return json_pack(
	    "{s:s,s:s,s:s,s:b,s:f,s:f,s:I,s:I,s:o,s:o,s:o,s:i,s:s,s:s,s:f,s:I,s:s}", "instance",
	    peer->instance, "peer", peer->name, "code", peer->code, "up", (int)peer->up, "rx_rate",
	    peer->rx_rate, "tx_rate", peer->tx_rate, "rx_bytes", (json_int_t)peer->rx, "tx_bytes",
	    (json_int_t)peer->tx, "rtt_ms",
	    number_or_null((double)peer->rtt_us / 1000, peer->rtt_us >= 0), "loss_percent",
	    number_or_null(peer->loss, peer->loss >= 0), "handshake_age_s",
	    peer->age_s >= 0 ? json_integer(peer->age_s) : json_null(), "path_mtu", (int)peer->mtu,
	    "endpoint", peer->endpoint, "link", peer->link, "drop_rate", peer->drop_rate, "drops",
	    (json_int_t)peer->drops, "sentence", peer->sentence);
}

static json_t *instance_json(const struct xt_top_instance *instance)
{
	json_t *drops = json_object();

	for (size_t i = 0; i < instance->n_drops; i++)
		json_object_set_new(drops, instance->drops[i].name,
				    json_integer((json_int_t)instance->drops[i].n));
	return json_pack("{s:s,s:o,s:i,s:i,s:f,s:f,s:f,s:o,s:s?}", "name", instance->name,
			 "cpu_percent", number_or_null(instance->cpu, instance->cpu >= 0), "peers",
			 (int)instance->n_peers, "up", (int)instance->n_up, "rx_rate",
			 instance->rx_rate, "tx_rate", instance->tx_rate, "drop_rate",
			 instance->drop_rate, "drops", drops, "error",
			 *instance->error ? instance->error : NULL);
}

json_t *xt_top_json(struct xt_top *top, enum xt_top_order order, bool reverse, const char *filter)
{
	const struct xt_top_instance *const *instances;
	const struct xt_top_peer *const *peers;
	json_t *out_instances = json_array(), *out_peers = json_array();
	size_t n = xt_top_instances(top, &instances);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out_instances, instance_json(instances[i]));
	n = xt_top_peers(top, order, reverse, filter, &peers);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out_peers, peer_json(peers[i]));
	return json_pack("{s:i,s:I,s:o,s:o}", "schema", 1, "time", (json_int_t)xt_top_time(top),
			 "instances", out_instances, "peers", out_peers);
}
