/* Whom the echo endpoint answers for. Lists are short (a handful of networks): they are walked. */
#include "packet/echo_rules.h"

#include "base/addr.h"

static bool is_pair(const struct xt_echo_local *own)
{
	return own->peer.family != 0;
}

static bool is_own(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_own; i++)
		if (xt_ip_equal(&rules->own[i].cidr.ip, ip))
			return true;
	return false;
}

static bool in_own_network(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_own; i++) {
		const struct xt_echo_local *own = &rules->own[i];

		if (is_pair(own) ? xt_ip_equal(&own->peer, ip) : xt_cidr_contains(&own->cidr, ip))
			return true;
	}
	return false;
}

/* Are the bits of ip behind the first n all equal to bit? */
static bool tail_is(const struct xt_ip *ip, unsigned n, bool bit)
{
	unsigned all = xt_ip_bits(ip);

	for (unsigned i = n; i < all; i++)
		if ((bool)(ip->b[i / 8] >> (7 - i % 8) & 1) != bit)
			return false;
	return true;
}

/* Is ip the address of net whose host bits are all equal to bit, where that one is no host's? */
static bool is_edge(const struct xt_echo_local *own, const struct xt_ip *ip, bool bit)
{
	const struct xt_cidr *net = &own->cidr;

	if (is_pair(own) || !xt_cidr_contains(net, ip))
		return false;
	if (ip->family == 6)
		return !bit && net->bits < 128 && tail_is(ip, net->bits, false);
	return net->bits <= 30 && tail_is(ip, net->bits, bit);
}

bool xt_echo_rules_broadcast(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_own; i++)
		if (is_edge(&rules->own[i], ip, true))
			return true;
	return false;
}

static bool is_network(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_own; i++)
		if (is_edge(&rules->own[i], ip, false))
			return true;
	return false;
}

bool xt_echo_rules_answers(const struct xt_echo_rules *rules, const struct xt_ip *dst)
{
	if (rules->n_addresses) {
		for (size_t i = 0; i < rules->n_addresses; i++)
			if (xt_cidr_contains(&rules->addresses[i], dst))
				return true;
		return false;
	}
	if (rules->side == XT_ECHO_SIDE_PEER)
		return is_own(rules, dst);
	if (!in_own_network(rules, dst) || is_own(rules, dst) || is_network(rules, dst) ||
	    xt_echo_rules_broadcast(rules, dst))
		return false;
	return !rules->covered || !rules->covered(rules->ctx, dst);
}
