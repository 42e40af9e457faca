/* SPDX-License-Identifier: MIT */
/* The values that why.def names. Each is printed by one function, which is false when it is not
 * known. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/why_impl.h"
#include "platform/link_name.h"

typedef const struct xt_why_view *view_t;

#define PROBES 64 /* that one search of a path's MTU loses, about */

/* --- the peer and the way to it --- */

static bool print_name(view_t v, char *buf)
{
	struct xt_status_name name;

	return xt_why_unresolved(v->status, v->peer, &name) && xt_why_put(buf, "%s", name.name);
}

static bool print_state(view_t v, char *buf)
{
	struct xt_status_name name;

	return xt_why_unresolved(v->status, v->peer, &name) && *name.state &&
	       xt_why_put(buf, "%s", name.state);
}

static bool print_host(view_t v, char *buf)
{
	bool known = print_name(v, buf);
	char *colon = known ? strrchr(buf, ':') : NULL;

	if (colon)
		*colon = '\0';
	return known;
}

static bool print_endpoint(view_t v, char *buf)
{
	return xt_why_put_endpoint(buf, &v->peer->endpoint);
}

/* Of a list of endpoints, what was tried as well. */
static bool print_others(view_t v, char *buf)
{
	const struct xt_peer_report *p = v->peer;
	uint64_t n = 0;

	for (size_t i = 0; i < p->n_candidates; i++) {
		const struct xt_candidate_report *c =
		    &v->report->candidates[p->first_candidate + i];

		n += (c->state == XT_CANDIDATE_HELD || c->state == XT_CANDIDATE_TRYING) &&
		     !xt_endpoint_equal(&c->endpoint, &p->endpoint);
	}
	return n > 0 && xt_why_put(buf, "%" PRIu64 " other address%s", n, n == 1 ? "" : "es");
}

static bool print_ip(view_t v, char *buf)
{
	return xt_why_put_ip(buf, &v->peer->endpoint.ip);
}

static bool print_port(view_t v, char *buf)
{
	return xt_why_put(buf, "%u", v->peer->endpoint.port);
}

static bool print_listen_port(view_t v, char *buf)
{
	uint64_t port = v->status->udp_port ? v->status->udp_port : v->report->listen_port;

	return port && xt_why_put(buf, "%" PRIu64, port);
}

static bool print_family(view_t v, char *buf)
{
	return xt_why_put(buf, "IPv%u", v->peer->endpoint.ip.family);
}

static bool print_source(view_t v, char *buf)
{
	return xt_why_put_ip(buf, &v->local);
}

static bool print_link(view_t v, char *buf)
{
	char link[XT_LINK_NAME];

	return v->ifindex && xt_link_name(v->ifindex, link) && xt_why_put(buf, "%s", link);
}

static bool print_cover(view_t v, char *buf)
{
	char text[XT_LOOP_TEXT];

	return xt_why_put(buf, "%s", xt_loop_text(v->peer, text));
}

static bool print_key(view_t v, char *buf)
{
	return xt_why_put_key(buf, &v->peer->key);
}

static bool print_local_key(view_t v, char *buf)
{
	return v->report->has_key && xt_why_put_key(buf, &v->report->public_key);
}

/* --- counts and ages --- */

static bool print_times(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t n = v->code == XT_WHY_SEND_ERROR    ? f->send_error_count
		     : v->code == XT_WHY_ICMP	     ? f->icmp_count
		     : v->code == XT_WHY_ALLOWED_IPS ? f->source_refused
						     : f->cookies;

	return n == 1 ? xt_why_put(buf, "once") : xt_why_put_count(buf, n, "time");
}

static bool print_age(view_t v, char *buf)
{
	const struct xt_peer_facts *f = v->peer ? &v->peer->facts : NULL;

	if (!f)
		return v->stranger && xt_why_put_duration(buf, v->stranger->age);
	switch (v->code) {
	case XT_WHY_SEND_ERROR:
		return xt_why_put_duration(buf, f->send_error_age);
	case XT_WHY_ICMP:
		return xt_why_put_duration(buf, f->icmp_age);
	case XT_WHY_PSK:
		return xt_why_put_duration(buf, f->response_bad_age);
	case XT_WHY_CLOCK:
		return xt_why_put_duration(buf, f->old_age);
	case XT_WHY_LOAD:
		return xt_why_put_duration(buf, f->cookie_age);
	case XT_WHY_HALF:
	case XT_WHY_IDLE:
		return xt_why_put_duration(buf, f->answered_age);
	case XT_WHY_ALLOWED_IPS:
		return xt_why_put_duration(buf, f->source_age);
	case XT_WHY_MTU:
		return xt_why_put_duration(buf, f->too_large_age);
	case XT_WHY_RESTARTED:
		return xt_why_put_duration(buf, f->unknown_age);
	default:
		return false;
	}
}

/* Of the attempt, or since its beginning. */
static bool print_time(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t time = f->first_initiation;

	if (v->code == XT_WHY_ONE_WAY)
		return xt_why_put_duration(buf, f->requests_age);
	if (f->gave_up <= time)
		time -= f->gave_up;
	return xt_why_put_duration(buf, time);
}

static bool print_initiations(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.initiations, "initiation");
}

static bool print_gave_up(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;

	return f->gave_up <= f->first_initiation && xt_why_put_duration(buf, f->gave_up);
}

static bool print_heard(view_t v, char *buf)
{
	return xt_why_put_duration(buf, v->peer->facts.heard);
}

static bool print_answered(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.answered, "initiation");
}

static bool print_answered_from(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;

	return xt_why_put_endpoint(buf, f->answered_from.ip.family ? &f->answered_from
								   : &v->peer->endpoint);
}

static bool print_responses(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.response_bad, "response");
}

static bool print_refused(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.old, "initiation");
}

static bool print_back(view_t v, char *buf)
{
	return xt_why_put_duration(buf, v->peer->facts.old_back_ns);
}

static bool print_offset(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t ns = f->clock_ns < 0 ? 0 - (uint64_t)f->clock_ns : (uint64_t)f->clock_ns;
	const char *side = f->clock_ns < 0 ? "behind" : "ahead of";
	char text[XT_WHY_VALUE];

	return f->has_clock && ns >= XT_WHY_SECOND && xt_why_put_duration(text, ns) &&
	       xt_why_put(buf, "%.400s %s", text, side);
}

static bool print_behind(view_t v, char *buf)
{
	return v->status->clock_behind_ns > 0 &&
	       xt_why_put_duration(buf, v->status->clock_behind_ns);
}

/* --- what the host and the network say --- */

static bool print_error(view_t v, char *buf)
{
	int number = v->peer->facts.send_error;
	const struct xt_why_errno *e = xt_why_errno(number);

	return e->number ? xt_why_put(buf, "%s", e->text)
			 : xt_why_put(buf, "%s %d", e->text, number);
}

static bool print_router(view_t v, char *buf)
{
	const struct xt_ip *from = &v->peer->facts.icmp_from;
	char text[XT_IP_TEXT];

	if (!from->family)
		return xt_why_put(buf, "a router");
	xt_ip_print(from, text);
	return xt_ip_equal(from, &v->peer->endpoint.ip)
		   ? xt_why_put(buf, "the peer's host (%s)", text)
		   : xt_why_put(buf, "router %s", text);
}

static bool print_what(view_t v, char *buf)
{
	static const char *const kinds[] = {[XT_UNREACHABLE_NETWORK] = "network unreachable",
					    [XT_UNREACHABLE_HOST] = "host unreachable",
					    [XT_UNREACHABLE_PORT] = "port unreachable",
					    [XT_UNREACHABLE_ADMIN] = "prohibited by a filter",
					    [XT_UNREACHABLE_HOPS] = "time exceeded on the way",
					    [XT_UNREACHABLE_OTHER] = "unreachable"};
	unsigned kind = v->peer->facts.icmp_kind;

	return xt_why_put(buf, "%s", kinds[kind < XT_LEN(kinds) ? kind : XT_UNREACHABLE_OTHER]);
}

/* --- inside a session --- */

static bool print_inner(view_t v, char *buf)
{
	return xt_why_put_ip(buf, &v->peer->facts.source);
}

static bool print_prefix(view_t v, char *buf)
{
	const struct xt_ip *ip = &v->peer->facts.source;

	xt_cidr_print(&(struct xt_cidr){*ip, (uint8_t)xt_ip_bits(ip)}, buf);
	return true;
}

static bool print_network(view_t v, char *buf)
{
	if (v->network)
		xt_cidr_print(v->network, buf);
	return v->network != NULL;
}

static bool print_holder(view_t v, char *buf)
{
	char key[XT_KEY_BASE64];

	if (!v->holder)
		return false;
	xt_key_to_base64(key, v->holder->key.b);
	return *v->holder->name ? xt_why_put(buf, "%s (%s)", v->holder->name, key)
				: xt_why_put(buf, "%s", key);
}

static bool print_path_mtu(view_t v, char *buf)
{
	return v->peer->path_mtu_source == XT_PATH_MTU_PROBED && v->peer->path_mtu &&
	       xt_why_put(buf, "%u", v->peer->path_mtu);
}

static bool print_mtu(view_t v, char *buf)
{
	return xt_why_put(buf, "%" PRIu64, v->status->mtu);
}

static bool print_too_large(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.too_large, "packet");
}

static bool print_len(view_t v, char *buf)
{
	return xt_why_put(buf, "%" PRIu32, v->peer->facts.too_large_len);
}

static bool print_requests(view_t v, char *buf)
{
	return xt_why_put(buf, "the first of %" PRIu64 " requests", v->peer->facts.requests);
}

#define TRAFFIC(field)                                                                             \
	static bool print_##field(view_t v, char *buf)                                             \
	{                                                                                          \
		return xt_why_put(buf, "%" PRIu64, v->peer->facts.traffic.field);                  \
	}
TRAFFIC(sent_10s)
TRAFFIC(received_10s)
TRAFFIC(sent_60s)
TRAFFIC(received_60s)

static bool print_datagrams(view_t v, char *buf)
{
	return xt_why_put_count(buf, v->peer->facts.unknown_sessions, "datagram");
}

static bool print_handshake(view_t v, char *buf)
{
	uint64_t then = v->peer->last_handshake_wall_ns / XT_WHY_SECOND;

	return v->status->now_s && then && then <= v->status->now_s &&
	       xt_why_put_duration(buf, (v->status->now_s - then) * XT_WHY_SECOND);
}

static bool print_rtt(view_t v, char *buf)
{
	double ms = (double)v->peer->facts.rtt_ns / 1e6;

	return v->peer->facts.rtt_ns && xt_why_put(buf, "%.*f ms",
						   ms < 1     ? 2
						   : ms < 100 ? 1
							      : 0,
						   ms);
}

/* The peer's probes of a path that is smaller than its MTU are lost, as they are meant to be. They
 * may explain so few, unless this side's search says that the path carries all sizes. */
static bool loss_is_of_probes(view_t v, uint64_t lost)
{
	const struct xt_peer_report *p = v->peer;

	return lost > 0 && lost <= PROBES &&
	       !(p->path_mtu_source == XT_PATH_MTU_PROBED && p->path_mtu >= v->status->mtu);
}

static bool print_loss(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t lost = f->expected > f->received ? f->expected - f->received : 0;
	double percent = f->expected ? 100 * (double)lost / (double)f->expected : 0;

	return f->expected && !loss_is_of_probes(v, lost) &&
	       xt_why_put(buf, "%.*f %%", lost && percent < 10 ? 1 : 0, percent);
}

/* --- callers and the device --- */

static bool print_from(view_t v, char *buf)
{
	return v->stranger && xt_why_put_endpoint(buf, &v->stranger->from);
}

static bool print_stranger_key(view_t v, char *buf)
{
	return v->stranger && xt_why_put_key(buf, &v->stranger->key);
}

static bool print_messages(view_t v, char *buf)
{
	return v->stranger && xt_why_put_count(buf, v->stranger->messages,
					       v->stranger->unknown_key ? "initiation" : "message");
}

static bool print_destinations(view_t v, char *buf)
{
	const struct xt_device_facts *f = &v->report->facts;
	size_t used = 0;

	for (size_t i = 0; i < f->n_no_routes && used < XT_WHY_VALUE; i++) {
		const struct xt_no_route *n = &f->no_routes[i];
		char ip[XT_IP_TEXT];

		if (!xt_why_no_route_holds(v->report, n))
			continue;
		used +=
		    (size_t)snprintf(buf + used, XT_WHY_VALUE - used, "%s%s (%" PRIu64 " packet%s)",
				     used ? ", " : "", xt_ip_print(&n->to, ip), n->packets,
				     n->packets == 1 ? "" : "s");
	}
	return used > 0;
}

static bool print_overruns(view_t v, char *buf)
{
	return xt_why_put_count(buf, xt_why_overruns(v->status, v->report), "datagram");
}

static bool print_tun_drops(view_t v, char *buf)
{
	return xt_why_put_count(buf, xt_why_tun_drops(v->status, v->report), "packet");
}

static const struct {
	const char *word;
	bool (*print)(view_t v, char *buf);
} values[] = {
/* clang-format off */
#define V(word) {#word, print_##word}
    V(name), V(state), V(host), V(endpoint), V(ip), V(others), V(port), V(listen_port),
    V(family), V(source), V(link), V(cover), V(key), V(local_key), V(times), V(age), V(time),
    V(behind), V(initiations), V(gave_up), V(heard), V(answered), V(answered_from), V(responses),
    V(refused), V(back), V(offset), V(error), V(router), V(what), V(inner), V(prefix),
    V(network), V(holder), V(path_mtu), V(mtu), V(too_large), V(len), V(requests), V(sent_10s),
    V(received_10s), V(sent_60s), V(received_60s), V(datagrams), V(handshake), V(rtt), V(loss),
    V(from), V(stranger_key), V(messages), V(destinations), V(overruns), V(tun_drops),
#undef V
    /* clang-format on */
};

static size_t value_find(const char *word, size_t len)
{
	size_t i = 0;

	while (i < XT_LEN(values) &&
	       (strlen(values[i].word) != len || strncmp(values[i].word, word, len) != 0))
		i++;
	return i;
}

bool xt_why_value_exists(const char *word, size_t len)
{
	return value_find(word, len) < XT_LEN(values);
}

bool xt_why_value(const struct xt_why_view *view, const char *word, size_t len,
		  char buf[XT_WHY_VALUE])
{
	size_t i = value_find(word, len);

	return i < XT_LEN(values) && values[i].print(view, buf);
}
