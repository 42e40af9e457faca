/* SPDX-License-Identifier: MIT */
/* The addresses that the echo responder answers for. Lists are short and searched linearly. */
#include "packet/echo_rules.h"

#include "base/addr.h"

static bool local_is_pair(const struct xt_echo_local *local)
{
	return local->peer.family != 0;
}

static bool address_is_local(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_local; i++)
		if (xt_ip_equal(&rules->local[i].cidr.ip, ip))
			return true;
	return false;
}

static bool network_is_local(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_local; i++) {
		const struct xt_echo_local *local = &rules->local[i];

		if (local_is_pair(local) ? xt_ip_equal(&local->peer, ip)
					 : xt_cidr_contains(&local->cidr, ip))
			return true;
	}
	return false;
}

/* Are the bits of ip behind the first n all equal to bit? */
static bool address_tail_is(const struct xt_ip *ip, unsigned n, bool bit)
{
	unsigned all = xt_ip_bits(ip);

	for (unsigned i = n; i < all; i++)
		if ((bool)(ip->b[i / 8] >> (7 - i % 8) & 1) != bit)
			return false;
	return true;
}

/* Is ip the address of the network whose host bits all equal bit, and reserved there? */
static bool address_is_edge(const struct xt_echo_local *local, const struct xt_ip *ip, bool bit)
{
	const struct xt_cidr *net = &local->cidr;

	if (local_is_pair(local) || !xt_cidr_contains(net, ip))
		return false;
	if (ip->family == 6)
		return !bit && net->bits < 128 && address_tail_is(ip, net->bits, false);
	return net->bits <= 30 && address_tail_is(ip, net->bits, bit);
}

bool xt_echo_rules_broadcast(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_local; i++)
		if (address_is_edge(&rules->local[i], ip, true))
			return true;
	return false;
}

static bool address_is_network(const struct xt_echo_rules *rules, const struct xt_ip *ip)
{
	for (size_t i = 0; i < rules->n_local; i++)
		if (address_is_edge(&rules->local[i], ip, false))
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
		return address_is_local(rules, dst);
	if (!network_is_local(rules, dst) || address_is_local(rules, dst) ||
	    address_is_network(rules, dst) || xt_echo_rules_broadcast(rules, dst))
		return false;
	return !rules->covered || !rules->covered(rules->ctx, dst);
}
