/* Checks of the Echo keys against addresses and AllowedIPs. */
#include "base/addr.h"
#include "config/conf_check.h"

static bool overlap(const struct xt_cidr *a, const struct xt_cidr *b)
{
	return a->ip.family == b->ip.family &&
	       (a->bits <= b->bits ? xt_cidr_contains(a, &b->ip) : xt_cidr_contains(b, &a->ip));
}

static const struct xt_conf_peer *claimed(const struct xt_conf *conf, const struct xt_cidr *net)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		for (size_t j = 0; j < conf->peers[i].n_allowed; j++)
			if (overlap(net, &conf->peers[i].allowed[j]))
				return &conf->peers[i];
	return NULL;
}

void xt_check_echo(struct xt_conf_check *c)
{
	const struct xt_conf *conf = c->conf;

	if (conf->echo == XT_ECHO_OFF) {
		if (conf->n_echo_addresses)
			xt_check_warn(c, conf->echo_addresses_line,
				      "EchoAddresses do nothing without Echo = host, peer or both");
		return;
	}
	if (!conf->n_addresses && !conf->n_echo_addresses) {
		if (conf->echo & XT_ECHO_PEER)
			xt_check_error(c, conf->echo_line,
				       "Echo needs an Address or EchoAddresses to answer for");
		else
			xt_check_warn(c, conf->echo_line,
				      "Echo answers nothing: no Address, no EchoAddresses");
	}
	if (!(conf->echo & XT_ECHO_HOST))
		return;
	for (size_t i = 0; i < conf->n_echo_addresses; i++) {
		const struct xt_conf_peer *peer = claimed(conf, &conf->echo_addresses[i]);
		char text[XT_CIDR_TEXT];

		if (peer)
			xt_check_warn(
			    c, conf->echo_addresses_line,
			    "EchoAddresses %s: this host will answer for addresses of the "
			    "peer on line %u",
			    xt_cidr_print(&conf->echo_addresses[i], text), peer->line);
	}
}
