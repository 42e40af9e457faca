/* SPDX-License-Identifier: MIT */
/* The values that why.def names. Each is printed by one function, which is false when it is not
 * known. */
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/why_impl.h"

typedef const struct xt_why_view *view_t;

static bool put(char *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool put(char *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(buf, XT_WHY_VALUE, format, args);
	va_end(args);
	return true;
}

/* "1 packet", "2 packets" */
static bool count_put(char *buf, uint64_t n, const char *noun)
{
	return put(buf, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

/* As `show` prints it. */
static bool duration_put(char *buf, uint64_t ns)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = {{365 * 24 * 60 * 60, "year"},
		     {24 * 60 * 60, "day"},
		     {60 * 60, "hour"},
		     {60, "minute"},
		     {1, "second"}};
	uint64_t s = ns / XT_WHY_SECOND;
	size_t used = 0;

	if (ns == XT_NEVER)
		return false;
	if (!s)
		return put(buf, "less than 1 second");
	for (size_t i = 0; i < XT_LEN(units); i++) {
		uint64_t n = s / units[i].unit;

		s %= units[i].unit;
		if (n)
			used +=
			    (size_t)snprintf(buf + used, XT_WHY_VALUE - used, "%s%" PRIu64 " %s%s",
					     used ? ", " : "", n, units[i].name, n == 1 ? "" : "s");
	}
	return true;
}

static bool key_put(char *buf, const struct xt_public *key)
{
	xt_key_to_base64(buf, key->b);
	return true;
}

static bool ip_put(char *buf, const struct xt_ip *ip)
{
	if (!ip->family)
		return false;
	xt_ip_print(ip, buf);
	return true;
}

static bool endpoint_put(char *buf, const struct xt_endpoint *endpoint)
{
	if (!endpoint->ip.family)
		return false;
	xt_endpoint_print_named(endpoint, buf);
	return true;
}

/* --- the peer and the way to it --- */

static bool print_name(view_t v, char *buf)
{
	struct xt_status_name name;

	return xt_why_unresolved(v->status, v->peer, &name) && put(buf, "%s", name.name);
}

static bool print_state(view_t v, char *buf)
{
	struct xt_status_name name;

	return xt_why_unresolved(v->status, v->peer, &name) && *name.state &&
	       put(buf, "%s", name.state);
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
	return endpoint_put(buf, &v->peer->endpoint);
}

static bool print_ip(view_t v, char *buf)
{
	return ip_put(buf, &v->peer->endpoint.ip);
}

static bool print_port(view_t v, char *buf)
{
	return put(buf, "%u", v->peer->endpoint.port);
}

static bool print_listen_port(view_t v, char *buf)
{
	uint64_t port = v->status->udp_port ? v->status->udp_port : v->report->listen_port;

	return port && put(buf, "%" PRIu64, port);
}

static bool print_family(view_t v, char *buf)
{
	return put(buf, "IPv%u", v->peer->endpoint.ip.family);
}

static bool print_source(view_t v, char *buf)
{
	return ip_put(buf, &v->peer->local);
}

static bool print_link(view_t v, char *buf)
{
	char link[IF_NAMESIZE];

	return v->peer->ifindex && if_indextoname(v->peer->ifindex, link) && put(buf, "%s", link);
}

static bool print_cover(view_t v, char *buf)
{
	char text[XT_LOOP_TEXT];

	return put(buf, "%s", xt_loop_text(v->peer, text));
}

static bool print_key(view_t v, char *buf)
{
	return key_put(buf, &v->peer->key);
}

static bool print_local_key(view_t v, char *buf)
{
	return v->report->has_key && key_put(buf, &v->report->public_key);
}

/* --- counts and ages --- */

static bool print_times(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t n = v->code == XT_WHY_SEND_ERROR    ? f->send_error_count
		     : v->code == XT_WHY_ICMP	     ? f->icmp_count
		     : v->code == XT_WHY_ALLOWED_IPS ? f->source_refused
						     : f->cookies;

	return n == 1 ? put(buf, "once") : count_put(buf, n, "time");
}

static bool print_age(view_t v, char *buf)
{
	const struct xt_peer_facts *f = v->peer ? &v->peer->facts : NULL;

	if (!f)
		return v->stranger && duration_put(buf, v->stranger->age);
	switch (v->code) {
	case XT_WHY_SEND_ERROR:
		return duration_put(buf, f->send_error_age);
	case XT_WHY_ICMP:
		return duration_put(buf, f->icmp_age);
	case XT_WHY_PSK:
		return duration_put(buf, f->response_bad_age);
	case XT_WHY_CLOCK:
		return duration_put(buf, f->old_age);
	case XT_WHY_LOAD:
		return duration_put(buf, f->cookie_age);
	case XT_WHY_HALF:
		return duration_put(buf, f->answered_age);
	case XT_WHY_ALLOWED_IPS:
		return duration_put(buf, f->source_age);
	case XT_WHY_MTU:
		return duration_put(buf, f->too_large_age);
	case XT_WHY_RESTARTED:
		return duration_put(buf, f->unknown_age);
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
		return duration_put(buf, f->asked_age);
	if (f->gave_up <= time)
		time -= f->gave_up;
	return duration_put(buf, time);
}

static bool print_initiations(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.initiations, "initiation");
}

static bool print_gave_up(view_t v, char *buf)
{
	return duration_put(buf, v->peer->facts.gave_up);
}

static bool print_heard(view_t v, char *buf)
{
	return duration_put(buf, v->peer->facts.heard);
}

static bool print_answered(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.answered, "initiation");
}

static bool print_answered_from(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;

	return endpoint_put(buf,
			    f->answered_from.ip.family ? &f->answered_from : &v->peer->endpoint);
}

static bool print_responses(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.response_bad, "response");
}

static bool print_refused(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.old, "initiation");
}

static bool print_back(view_t v, char *buf)
{
	return duration_put(buf, v->peer->facts.old_back_ns);
}

static bool print_offset(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t ns = f->clock_ns < 0 ? 0 - (uint64_t)f->clock_ns : (uint64_t)f->clock_ns;
	const char *side = f->clock_ns < 0 ? "behind" : "ahead of";
	char text[XT_WHY_VALUE];

	return f->has_clock && ns >= XT_WHY_SECOND && duration_put(text, ns) &&
	       put(buf, "%.400s %s", text, side);
}

/* --- what the host and the network say --- */

static bool print_error(view_t v, char *buf)
{
	int number = v->peer->facts.send_error;
	const struct xt_why_errno *e = xt_why_errno(number);

	return e->number ? put(buf, "%s", e->text) : put(buf, "%s %d", e->text, number);
}

static bool print_router(view_t v, char *buf)
{
	const struct xt_ip *from = &v->peer->facts.icmp_from;
	char text[XT_IP_TEXT];

	if (!from->family)
		return put(buf, "a router");
	xt_ip_print(from, text);
	return xt_ip_equal(from, &v->peer->endpoint.ip) ? put(buf, "the peer's host (%s)", text)
							: put(buf, "router %s", text);
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

	return put(buf, "%s", kinds[kind < XT_LEN(kinds) ? kind : XT_UNREACHABLE_OTHER]);
}

/* --- inside a session --- */

static bool print_inner(view_t v, char *buf)
{
	return ip_put(buf, &v->peer->facts.source);
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
	return *v->holder->name ? put(buf, "%s (%s)", v->holder->name, key) : put(buf, "%s", key);
}

static bool print_path_mtu(view_t v, char *buf)
{
	return v->peer->path_mtu_source == XT_PATH_MTU_PROBED && v->peer->path_mtu &&
	       put(buf, "%u", v->peer->path_mtu);
}

static bool print_mtu(view_t v, char *buf)
{
	return put(buf, "%" PRIu64, v->status->mtu);
}

static bool print_too_large(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.too_large, "packet");
}

static bool print_len(view_t v, char *buf)
{
	return put(buf, "%" PRIu32, v->peer->facts.too_large_len);
}

static bool print_requests(view_t v, char *buf)
{
	return put(buf, "the first of %" PRIu64 " requests", v->peer->facts.asked);
}

#define TRAFFIC(field)                                                                             \
	static bool print_##field(view_t v, char *buf)                                             \
	{                                                                                          \
		return put(buf, "%" PRIu64, v->peer->facts.traffic.field);                         \
	}
TRAFFIC(sent_10s)
TRAFFIC(received_10s)
TRAFFIC(sent_60s)
TRAFFIC(received_60s)

static bool print_datagrams(view_t v, char *buf)
{
	return count_put(buf, v->peer->facts.unknown_sessions, "datagram");
}

static bool print_handshake(view_t v, char *buf)
{
	uint64_t then = v->peer->last_handshake_wall_ns / XT_WHY_SECOND;

	return v->status->now_s && then && then <= v->status->now_s &&
	       duration_put(buf, (v->status->now_s - then) * XT_WHY_SECOND);
}

static bool print_rtt(view_t v, char *buf)
{
	double ms = (double)v->peer->facts.rtt_ns / 1e6;

	return v->peer->facts.rtt_ns && put(buf, "%.*f ms", ms < 1 ? 2 : ms < 100 ? 1 : 0, ms);
}

static bool print_loss(view_t v, char *buf)
{
	const struct xt_peer_facts *f = &v->peer->facts;
	uint64_t lost = f->expected > f->received ? f->expected - f->received : 0;
	double percent = f->expected ? 100 * (double)lost / (double)f->expected : 0;

	return f->expected && put(buf, "%.*f %%", lost && percent < 10 ? 1 : 0, percent);
}

/* --- callers and the device --- */

static bool print_from(view_t v, char *buf)
{
	return v->stranger && endpoint_put(buf, &v->stranger->from);
}

static bool print_stranger_key(view_t v, char *buf)
{
	return v->stranger && key_put(buf, &v->stranger->key);
}

static bool print_messages(view_t v, char *buf)
{
	return v->stranger && count_put(buf, v->stranger->messages,
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
	return count_put(buf, xt_why_overruns(v->status, v->report), "datagram");
}

static bool print_tun_drops(view_t v, char *buf)
{
	return count_put(buf, xt_why_tun_drops(v->report), "packet");
}

static const struct {
	const char *word;
	bool (*print)(view_t v, char *buf);
} values[] = {
#define VALUES(X)                                                                                  \
	X(name)                                                                                    \
	X(state)                                                                                   \
	X(host)                                                                                    \
	X(endpoint) X(ip) X(port) X(listen_port) X(family) X(source) X(link) X(cover) X(key)       \
	    X(local_key) X(times) X(age) X(time) X(initiations) X(gave_up) X(heard) X(answered)    \
		X(answered_from) X(responses) X(refused) X(back) X(offset) X(error) X(router)      \
		    X(what) X(inner) X(prefix) X(network) X(holder) X(path_mtu) X(mtu)             \
			X(too_large) X(len) X(requests) X(sent_10s) X(received_10s) X(sent_60s)    \
			    X(received_60s) X(datagrams) X(handshake) X(rtt) X(loss) X(from)       \
				X(stranger_key) X(messages) X(destinations) X(overruns)            \
				    X(tun_drops)
#define X(word) {#word, print_##word},
    VALUES(X)
#undef X
};

bool xt_why_value(const struct xt_why_view *view, const char *word, size_t word_len,
		  char buf[XT_WHY_VALUE])
{
	for (size_t i = 0; i < XT_LEN(values); i++)
		if (strlen(values[i].word) == word_len &&
		    strncmp(values[i].word, word, word_len) == 0)
			return values[i].print(view, buf);
	return false;
}
