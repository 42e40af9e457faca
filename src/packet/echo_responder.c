/* SPDX-License-Identifier: MIT */
/* The echo responder of one tunnel. Steps of each packet:
 *
 *   classify    headers only: most packets are no ICMP and end here
 *   rules       is the destination answered on this side?
 *   fragments   to the reassembler, until a datagram is whole
 *   checksums   the only pass over all bytes
 *   rate        per source
 *   reflect     in place, or fragment by fragment */
#include "packet/echo_responder.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "packet/echo.h"
#include "packet/fragment.h"
#include "packet/room.h"
#include "packet/source_rate.h"

#define MTU_DEFAULT 1420

struct xt_echo {
	unsigned sides;
	struct xt_echo_rules rules[XT_ECHO_SIDES];
	struct xt_echo_local *local;
	struct xt_cidr *addresses;
	struct xt_reassembler *reassembler;
	struct xt_source_rate *rate;
	uint8_t *before; /* a request as it came, for observe */
	uint32_t mtu;
	bool exclusive, swap_only;
	void (*observe)(void *ctx, enum xt_echo_side side, const uint8_t *request,
			uint32_t request_len, const uint8_t *reply, uint32_t reply_len);
	void *observe_ctx;
	struct xt_echo_counters counters;
};

/* One call of xt_echo_process, and its current packet. */
struct pass {
	struct xt_echo *echo;
	enum xt_echo_side side;
	uint64_t now;
	struct xt_pkt *pkt;
	struct xt_batch *replies, *released;
};

static int list_copy(void *out, const void *list, size_t n, size_t size)
{
	void *copy = n ? calloc(n, size) : NULL;

	if (n && !copy)
		return XT_E_NOMEM;
	if (n)
		memcpy(copy, list, n * size);
	*(void **)out = copy;
	return 0;
}

static int echo_allocate(struct xt_echo *echo, const struct xt_echo_config *config)
{
	int err = list_copy(&echo->local, config->local, config->n_local, sizeof(*config->local));

	if (!err)
		err = list_copy(&echo->addresses, config->addresses, config->n_addresses,
				sizeof(*config->addresses));
	if (!err)
		err = xt_reassembler_new(&echo->reassembler);
	if (!err && config->rate)
		err = xt_source_rate_new(&echo->rate, config->rate);
	if (!err && config->observe) {
		echo->before = malloc(XT_REASSEMBLE_MAX);
		err = echo->before ? 0 : XT_E_NOMEM;
	}
	return err;
}

int xt_echo_new(struct xt_echo **out, const struct xt_echo_config *config)
{
	struct xt_echo *echo = calloc(1, sizeof(*echo));
	int err;

	if (!echo)
		return XT_E_NOMEM;
	err = echo_allocate(echo, config);
	if (err) {
		xt_echo_free(echo);
		return err;
	}
	for (int side = 0; side < XT_ECHO_SIDES; side++)
		echo->rules[side] = (struct xt_echo_rules){.side = (enum xt_echo_side)side,
							   .local = echo->local,
							   .n_local = config->n_local,
							   .addresses = echo->addresses,
							   .n_addresses = config->n_addresses,
							   .covered = config->covered,
							   .ctx = config->covered_ctx};
	echo->sides = config->sides;
	echo->exclusive = config->exclusive;
	echo->swap_only = config->swap_only;
	echo->observe = config->observe;
	echo->observe_ctx = config->observe_ctx;
	xt_echo_set_mtu(echo, config->mtu ? config->mtu : MTU_DEFAULT);
	*out = echo;
	return 0;
}

void xt_echo_free(struct xt_echo *echo)
{
	if (!echo)
		return;
	xt_reassembler_free(echo->reassembler);
	xt_source_rate_free(echo->rate);
	free(echo->before);
	free(echo->local);
	free(echo->addresses);
	free(echo);
}

void xt_echo_set_mtu(struct xt_echo *echo, uint32_t mtu)
{
	echo->mtu = mtu < XT_MTU_MIN ? XT_MTU_MIN : mtu > XT_PACKET_MAX ? XT_PACKET_MAX : mtu;
}

bool xt_echo_answers(const struct xt_echo *echo, enum xt_echo_side side, const struct xt_ip *dst)
{
	return (echo->sides >> side & 1) && xt_echo_rules_answers(&echo->rules[side], dst);
}

/* Not answered: passed on, unless the responder is the only reader. */
static enum xt_verdict verdict_other(struct pass *pass)
{
	if (!pass->echo->exclusive)
		return XT_PASS;
	pass->echo->counters.other++;
	return XT_DROP_ECHO_OTHER;
}

static enum xt_verdict verdict_full(struct pass *pass)
{
	pass->echo->counters.full++;
	return XT_DROP_ECHO_FULL;
}

static bool rate_allows(struct pass *pass, const struct xt_ip_view *view)
{
	struct xt_ip source;

	if (!pass->echo->rate)
		return true;
	xt_ip_source(view, &source);
	if (xt_source_rate_allow(pass->echo->rate, pass->now, &source))
		return true;
	pass->echo->counters.rate++;
	return false;
}

static void request_reflect(struct pass *pass, struct xt_ip_view *view)
{
	struct xt_echo *echo = pass->echo;

	if (echo->observe)
		memcpy(echo->before, view->bytes, view->len);
	if (echo->swap_only)
		xt_ip_swap(view);
	else
		xt_echo_reflect(view);
}

static enum xt_verdict request_answered(struct pass *pass, const struct xt_ip_view *view)
{
	struct xt_echo *echo = pass->echo;

	echo->counters.answered[pass->side]++;
	if (echo->observe)
		echo->observe(echo->observe_ctx, pass->side, echo->before, view->len, view->bytes,
			      view->len);
	return XT_TAKEN_ECHO;
}

/* The reply's place: where its request lies, or a slot when the request has not the room that
 * sending needs, because other datagrams adjoin it. NULL: no room. */
static struct xt_pkt *reply_place(struct pass *pass, const struct xt_ip_view *view)
{
	struct xt_pkt *reply;

	if (xt_pkt_has_room(pass->pkt, view->len)) {
		reply = xt_batch_alias(pass->replies, pass->pkt);
	} else {
		reply = xt_batch_add(pass->replies, view->len);
		if (reply)
			reply->peer = pass->pkt->peer;
	}
	if (reply)
		reply->len = view->len;
	return reply;
}

static enum xt_verdict request_process(struct pass *pass, struct xt_ip_view *view)
{
	struct xt_pkt *reply;

	if (!xt_echo_right(view))
		return verdict_other(pass);
	if (!rate_allows(pass, view))
		return XT_DROP_ECHO_RATE;
	reply = reply_place(pass, view);
	if (!reply)
		return verdict_full(pass);
	request_reflect(pass, view);
	if (reply->data != view->bytes)
		memcpy(reply->data, view->bytes, view->len);
	return request_answered(pass, view);
}

/* The datagram is not answered: its fragments are passed on unchanged. */
static enum xt_verdict datagram_release(struct pass *pass, const struct xt_datagram *d)
{
	uint32_t n = xt_datagram_pieces(d);
	size_t bytes = 0;

	if (pass->echo->exclusive)
		return verdict_other(pass);
	for (uint32_t i = 0; i < n; i++)
		if (xt_datagram_piece_len(d, i) > bytes)
			bytes = xt_datagram_piece_len(d, i);
	if (!xt_fragment_room(pass->released, n, bytes))
		return verdict_full(pass);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = xt_datagram_piece_len(d, i);
		struct xt_pkt *piece = xt_batch_add(pass->released, len);

		if (!piece)
			return verdict_full(pass);
		xt_datagram_piece(d, i, piece->data);
		piece->len = len;
		piece->peer = pass->pkt->peer;
	}
	pass->echo->counters.released++;
	return XT_TAKEN_FRAGMENT;
}

static enum xt_verdict datagram_process(struct pass *pass, struct xt_datagram *d)
{
	struct xt_ip_view view;

	xt_datagram_view(d, &view);
	if (xt_echo_classify(&view, pass->echo->swap_only) != XT_ECHO_CLASS_REQUEST ||
	    !xt_echo_right(&view))
		return datagram_release(pass, d);
	if (!rate_allows(pass, &view))
		return XT_DROP_ECHO_RATE;
	request_reflect(pass, &view);
	if (!xt_fragment(pass->replies, pass->pkt->peer, &view, xt_datagram_id(d), pass->echo->mtu))
		return verdict_full(pass);
	return request_answered(pass, &view);
}

static enum xt_verdict fragment_process(struct pass *pass, const struct xt_ip_view *view)
{
	struct xt_datagram *d;
	enum xt_verdict verdict;

	if (!xt_ip_header_right(view))
		return verdict_other(pass);
	switch (xt_reassembler_add(pass->echo->reassembler, pass->now, pass->pkt->peer,
				   (uint8_t)pass->side, view, &d)) {
	case XT_REASSEMBLE_KEPT:
		return XT_TAKEN_FRAGMENT;
	case XT_REASSEMBLE_DROPPED:
		return XT_DROP_FRAGMENT;
	case XT_REASSEMBLE_WHOLE:
		break;
	}
	verdict = datagram_process(pass, d);
	xt_datagram_done(d);
	return verdict;
}

static bool request_is_answered(const struct pass *pass, const struct xt_ip_view *view)
{
	const struct xt_echo_rules *rules = &pass->echo->rules[pass->side];
	struct xt_ip src, dst;

	xt_ip_source(view, &src);
	xt_ip_destination(view, &dst);
	return xt_echo_rules_answers(rules, &dst) && !xt_echo_rules_broadcast(rules, &src);
}

static enum xt_verdict packet_process(struct pass *pass)
{
	struct xt_ip_view view;
	enum xt_echo_class class;

	if (!xt_ip_parse_packet(&view, pass->pkt->data, pass->pkt->len))
		return verdict_other(pass);
	class = xt_echo_classify(&view, pass->echo->swap_only);
	if (class == XT_ECHO_CLASS_OTHER || class == XT_ECHO_CLASS_BAD ||
	    !request_is_answered(pass, &view))
		return verdict_other(pass);
	if (class == XT_ECHO_CLASS_FRAGMENT)
		return fragment_process(pass, &view);
	if (class == XT_ECHO_CLASS_REQUEST)
		return request_process(pass, &view);
	/* Barred. The host decides about such packets of a peer; those of the host are dropped. */
	if (pass->side == XT_ECHO_SIDE_PEER)
		return verdict_other(pass);
	pass->echo->counters.other++;
	return XT_DROP_ECHO_OTHER;
}

void xt_echo_process(struct xt_echo *echo, enum xt_echo_side side, uint64_t now_mono,
		     struct xt_batch *in, struct xt_batch *replies, struct xt_batch *released)
{
	struct pass pass = {
	    .echo = echo, .side = side, .now = now_mono, .replies = replies, .released = released};

	if (!(echo->sides >> side & 1))
		return;
	for (uint32_t i = 0; i < in->n; i++) {
		pass.pkt = &in->pkts[i];
		if (pass.pkt->verdict == XT_PASS)
			pass.pkt->verdict = (uint8_t)packet_process(&pass);
	}
}

uint64_t xt_echo_deadline(const struct xt_echo *echo)
{
	return xt_reassembler_deadline(echo->reassembler);
}

void xt_echo_tick(struct xt_echo *echo, uint64_t now_mono)
{
	xt_reassembler_tick(echo->reassembler, now_mono);
}

void xt_echo_forget(struct xt_echo *echo, const struct xt_peer *peer)
{
	xt_reassembler_forget(echo->reassembler, peer);
}

void xt_echo_count(const struct xt_echo *echo, struct xt_echo_counters *out)
{
	*out = echo->counters;
	out->fragments = *xt_reassembler_counters(echo->reassembler);
}
