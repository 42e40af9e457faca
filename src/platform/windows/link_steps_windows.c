/* SPDX-License-Identifier: MIT */
/* The single steps of a link plan on Windows. A default route through the tunnel is a real one, of
 * metric 0 on an interface of metric 0: Windows has no policy routing, and the tunnel's own
 * datagrams name the link that they leave by (egress_windows.h). */
#include "platform/windows/link_windows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/addr.h"
#include "platform/windows/names_windows.h"
#include "platform/windows/tap_windows.h"

int xt_link_fail(const struct xt_link_error *error, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, error->len, format, args);
	va_end(args);
	return rc;
}

int xt_link_index(const char *name, unsigned *ifindex)
{
	return xt_names_find(name, ifindex) ? 0 : xt_net()->alias_index(name, ifindex);
}

int xt_link_steps_reserve(struct xt_link_steps *steps, size_t more)
{
	struct xt_link_step *v;

	if (steps->cap - steps->n >= more)
		return 0;
	if (more > SIZE_MAX / sizeof(*v) - steps->n)
		return XT_E_NOMEM;
	v = realloc(steps->v, (steps->n + more) * sizeof(*v));
	if (!v)
		return XT_E_NOMEM;
	steps->v = v;
	steps->cap = steps->n + more;
	return 0;
}

static int cidr_order(const struct xt_cidr *a, const struct xt_cidr *b)
{
	if (a->bits != b->bits)
		return a->bits > b->bits ? -1 : 1;
	if (a->ip.family != b->ip.family)
		return a->ip.family < b->ip.family ? -1 : 1;
	return memcmp(a->ip.b, b->ip.b, sizeof(a->ip.b));
}

static int route_order(const void *a, const void *b)
{
	return cidr_order(&((const struct xt_link_step *)a)->cidr,
			  &((const struct xt_link_step *)b)->cidr);
}

bool xt_link_steps_have(const struct xt_link_steps *steps, const struct xt_link_step *step)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->v[i].kind == step->kind &&
		    cidr_order(&steps->v[i].cidr, &step->cidr) == 0)
			return true;
	return false;
}

/* --- a plan as steps --- */

static void route_put(struct xt_link_steps *out, const struct xt_cidr *network)
{
	struct xt_link_step *step = &out->v[out->n++];

	*step = (struct xt_link_step){XT_LINK_STEP_ROUTE, *network};
	xt_cidr_mask(&step->cidr);
}

/* Windows has no pairs of addresses: the local one is alone in its network, and a route leads to
 * the peer's. */
static int addresses_plan(struct xt_link_steps *out, const struct xt_link_plan *plan,
			  const struct xt_link_error *error)
{
	for (size_t i = 0; i < plan->n_addresses; i++) {
		const struct xt_link_address *address = &plan->addresses[i];
		struct xt_link_step step = {XT_LINK_STEP_ADDRESS, address->cidr};
		char text[XT_CIDR_TEXT];

		xt_cidr_print(&address->cidr, text);
		if (address->peer.family != 0 && address->peer.family != address->cidr.ip.family)
			return xt_link_fail(error, -EINVAL,
					    "address %s: IPv4 and IPv6 do not make a pair", text);
		if (address->peer.family != 0)
			step.cidr.bits = (uint8_t)xt_ip_bits(&step.cidr.ip);
		if (!xt_link_steps_have(out, &step))
			out->v[out->n++] = step;
	}
	for (size_t i = 0; i < plan->n_addresses; i++)
		if (plan->addresses[i].peer.family != 0)
			route_put(out, &(struct xt_cidr){plan->addresses[i].peer,
							 plan->addresses[i].cidr.bits});
	return 0;
}

/* The network of an address, which Windows routes by itself. */
static bool address_covers(const struct xt_link_steps *steps, const struct xt_cidr *network)
{
	for (size_t i = 0; i < steps->n; i++) {
		struct xt_cidr cidr = steps->v[i].cidr;

		xt_cidr_mask(&cidr);
		if (steps->v[i].kind == XT_LINK_STEP_ADDRESS && cidr.bits <= network->bits &&
		    cidr.ip.family == network->ip.family && xt_cidr_contains(&cidr, &network->ip))
			return true;
	}
	return false;
}

static int routes_plan(struct xt_link_steps *out, const struct xt_link_plan *plan,
		       const struct xt_link_error *error)
{
	char text[XT_CIDR_TEXT];

	if (plan->routes && plan->table != 0)
		return xt_link_fail(error, -EOPNOTSUPP, "Table = %u: Windows has one routing table",
				    plan->table);
	for (size_t i = 0; plan->routes && i < plan->n_networks; i++) {
		const struct xt_cidr *network = &plan->networks[i];

		if (network->bits == 0 && plan->policy.table == 0) {
			xt_cidr_print(network, text);
			return xt_link_fail(error, -EINVAL,
					    "route %s: would catch the datagrams of the tunnel",
					    text);
		}
		if (!address_covers(out, network))
			route_put(out, network);
	}
	return 0;
}

int xt_link_steps_plan(struct xt_link_steps *out, const struct xt_link_plan *plan,
		       const struct xt_link_error *error)
{
	size_t first, n = 0;
	int rc = xt_link_steps_reserve(out, 2 * plan->n_addresses + plan->n_networks + 1);

	if (rc < 0)
		return xt_link_fail(error, rc, "%s", xt_strerror(rc));
	rc = addresses_plan(out, plan, error);
	if (rc == 0)
		rc = routes_plan(out, plan, error);
	for (first = 0; first < out->n && out->v[first].kind == XT_LINK_STEP_ADDRESS;)
		first++;
	qsort(out->v + first, out->n - first, sizeof(*out->v), route_order);
	n = first;
	for (size_t i = first; i < out->n; i++)
		if (n == first || route_order(&out->v[n - 1], &out->v[i]) != 0)
			out->v[n++] = out->v[i];
	out->n = n;
	return rc;
}

/* --- the interface --- */

static bool plan_has_default(const struct xt_link_plan *plan, uint8_t family)
{
	for (size_t i = 0; plan->routes && i < plan->n_networks; i++)
		if (plan->networks[i].ip.family == family && plan->networks[i].bits <= 1)
			return true;
	return false;
}

bool xt_link_plan_has_family(const struct xt_link_plan *plan, uint8_t family)
{
	for (size_t i = 0; i < plan->n_addresses; i++)
		if (plan->addresses[i].cidr.ip.family == family)
			return true;
	return false;
}

int xt_link_settings_plan(const struct xt_link *link, const struct xt_link_plan *plan, uint32_t mtu,
			  struct xt_net_interface in[2], const struct xt_link_error *error)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t family = i == 0 ? 4 : 6;
		bool needed = xt_link_plan_has_family(plan, family);

		in[i] = link->before[i];
		if (needed && !link->family[i])
			return xt_link_fail(error, -EAFNOSUPPORT,
					    "interface %s: IPv%u is switched off on it", plan->name,
					    family);
		if (i == 1 && needed && mtu < XT_LINK_MTU_V6)
			return xt_link_fail(error, -EINVAL,
					    "MTU %u: too small for IPv6, which needs %u", mtu,
					    XT_LINK_MTU_V6);
		if (i == 0 || mtu >= XT_LINK_MTU_V6)
			in[i].mtu = mtu;
		if (plan_has_default(plan, family)) {
			in[i].automatic = false;
			in[i].metric = 0;
		}
	}
	return 0;
}

static bool settings_equal(const struct xt_net_interface *a, const struct xt_net_interface *b)
{
	return a->mtu == b->mtu && a->automatic == b->automatic &&
	       (a->automatic || a->metric == b->metric);
}

int xt_link_settings_apply(struct xt_link *link, const struct xt_net_interface in[2],
			   const struct xt_link_error *error)
{
	struct xt_net_interface was = link->now[0];

	for (unsigned i = 0; i < 2; i++) {
		int rc;

		if (!link->family[i] || settings_equal(&link->now[i], &in[i]))
			continue;
		rc = xt_net()->interface_set(link->ifindex, i == 0 ? 4 : 6, &in[i]);
		if (rc < 0) {
			if (i == 1 && link->family[0] && !settings_equal(&was, &link->now[0])) {
				(void)xt_net()->interface_set(link->ifindex, 4, &was);
				link->now[0] = was;
			}
			return xt_link_fail(error, rc, "MTU %u of IPv%u: %s", in[i].mtu,
					    i == 0 ? 4 : 6, xt_strerror(rc));
		}
		link->now[i] = in[i];
	}
	return 0;
}

/* --- single steps --- */

static int address_present(unsigned ifindex, const struct xt_cidr *cidr, bool *present)
{
	struct xt_net_address *v;
	size_t n;
	int rc = xt_net()->addresses(&v, &n);

	*present = false;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		*present |= v[i].ifindex == ifindex && v[i].cidr.bits == cidr->bits &&
			    xt_ip_equal(&v[i].cidr.ip, &cidr->ip);
	free(v);
	return 0;
}

/* The interface has that very route already. */
static int route_present(unsigned ifindex, const struct xt_cidr *network, bool *present)
{
	struct xt_net_route *v;
	size_t n;
	int rc = xt_net()->routes(&v, &n);

	*present = false;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		*present |= v[i].ifindex == ifindex && cidr_order(&v[i].network, network) == 0;
	free(v);
	return 0;
}

static struct xt_net_route route_of(unsigned ifindex, const struct xt_link_step *step)
{
	return (struct xt_net_route){.network = step->cidr, .ifindex = ifindex};
}

int xt_link_step_make(unsigned ifindex, const struct xt_link_step *step, bool *made,
		      const struct xt_link_error *error)
{
	bool address = step->kind == XT_LINK_STEP_ADDRESS, present;
	const struct xt_net_route route = route_of(ifindex, step);
	char text[XT_CIDR_TEXT];
	int rc = address ? address_present(ifindex, &step->cidr, &present)
			 : route_present(ifindex, &step->cidr, &present);

	*made = false;
	xt_cidr_print(&step->cidr, text);
	if (rc == 0 && !present) {
		rc = address ? xt_net()->address_add(ifindex, &step->cidr)
			     : xt_net()->route_add(&route);
		*made = rc == 0;
	}
	if (rc == -EEXIST)
		return xt_link_fail(error, rc, "%s %s: another interface has it already",
				    address ? "address" : "route", text);
	if (rc < 0)
		return xt_link_fail(error, rc, "%s %s: %s", address ? "address" : "route", text,
				    xt_strerror(rc));
	return 0;
}

/* The driver of a TAP adapter has to know the first IPv4 address. */
static int tap_address_set(const struct xt_link *link, const struct xt_link_steps *wanted,
			   const struct xt_link_error *error)
{
	for (size_t i = 0; i < wanted->n; i++) {
		int rc;

		if (wanted->v[i].kind != XT_LINK_STEP_ADDRESS || wanted->v[i].cidr.ip.family != 4)
			continue;
		rc = xt_tap_address_set(link->ifindex, &wanted->v[i].cidr.ip);
		return rc < 0 ? xt_link_fail(error, rc, "address of the TAP adapter: %s",
					     xt_strerror(rc))
			      : 0;
	}
	return 0;
}

int xt_link_steps_make(const struct xt_link *link, const struct xt_link_steps *wanted,
		       struct xt_link_steps *made, bool lenient, const struct xt_link_error *error)
{
	int rc = tap_address_set(link, wanted, error);

	for (size_t i = 0; rc == 0 && i < wanted->n; i++) {
		const struct xt_link_step *step = &wanted->v[i];
		bool changed;

		if (xt_link_steps_have(&link->made, step))
			continue;
		rc = xt_link_step_make(link->ifindex, step, &changed, error);
		if (changed)
			made->v[made->n++] = *step;
		if (step->kind == XT_LINK_STEP_ROUTE && lenient)
			rc = 0;
	}
	return rc;
}

int xt_link_step_undo(unsigned ifindex, const struct xt_link_step *step)
{
	const struct xt_net_route route = route_of(ifindex, step);

	return step->kind == XT_LINK_STEP_ADDRESS ? xt_net()->address_remove(ifindex, &step->cidr)
						  : xt_net()->route_remove(&route);
}
