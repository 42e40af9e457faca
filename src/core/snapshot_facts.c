/* SPDX-License-Identifier: MIT */
/* What was seen, in a snapshot: facts of peers, strangers, path MTU. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "core/mtu_probe.h"
#include "core/snapshot_impl.h"

#define PROBE_FORMS 8u /* more than there are */

static void times_code(struct xt_coder *c, struct xt_facts_state *f)
{
	uint64_t *const times[] = {
	    &f->first_initiation, &f->gave_up,	    &f->response_bad_at, &f->cookie_at,
	    &f->answered_at,	  &f->old_at,	    &f->unknown_at,	 &f->source_at,
	    &f->request_at,	  &f->too_large_at, &f->icmp_at,	 &f->send_error_at,
	};

	for (size_t i = 0; i < XT_LEN(times); i++)
		xt_coder_past(c, times[i]);
}

static void counts_code(struct xt_coder *c, struct xt_facts_state *f)
{
	uint32_t *const counts[] = {
	    &f->initiations, &f->initiations_heard, &f->response_bad,	&f->cookies,   &f->answered,
	    &f->old,	     &f->unknown,	    &f->source_refused, &f->too_large, &f->icmp,
	    &f->send_errors,
	};

	for (size_t i = 0; i < XT_LEN(counts); i++)
		xt_coder_u32(c, counts[i]);
	for (size_t i = 0; i < XT_LEN(f->verdicts); i++)
		xt_coder_u32(c, &f->verdicts[i]);
}

static void traffic_code(struct xt_coder *c, struct xt_traffic_state *t)
{
	xt_coder_u64(c, &t->sent);
	xt_coder_u64(c, &t->received);
	xt_coder_past(c, &t->data_sent);
	xt_coder_past(c, &t->data_received);
	xt_coder_past(c, &t->heard);
	xt_coder_due(c, &t->request_next);
	xt_coder_u32(c, &t->requests);
	xt_coder_u32(c, &t->span);
	xt_coder_flag(c, &t->network);
	for (size_t i = 0; i < XT_TRAFFIC_SPANS; i++) {
		xt_coder_u32(c, &t->sent_before[i]);
		xt_coder_u32(c, &t->received_before[i]);
	}
}

void xt_snapshot_facts(struct xt_coder *c, struct xt_peer *peer)
{
	struct xt_facts_state *f = &peer->facts;
	uint16_t send_error = (uint16_t)f->send_error;

	times_code(c, f);
	counts_code(c, f);
	xt_coder_u64(c, &f->rtt);
	xt_coder_u64(c, &f->old_back);
	xt_coder_i64(c, &f->clock);
	xt_coder_flag(c, &f->has_clock);
	xt_coder_endpoint(c, &f->answered_from);
	xt_coder_u16(c, &send_error);
	f->send_error = send_error;
	xt_coder_u16(c, &f->too_large_len);
	xt_coder_ip(c, &f->source);
	xt_coder_ip(c, &f->icmp_from);
	xt_coder_u8_up_to(c, &f->icmp_kind, XT_UNREACHABLES - 1);
	xt_coder_flag(c, &f->unanswered);
	traffic_code(c, &peer->traffic);
}

/* A search under way begins again: its probes may be answered by no process. */
static void search_code(struct xt_coder *c, struct xt_mtu_search *search)
{
	struct xt_path_mtu *s = &search->state;
	bool idle = s->phase == XT_PATH_MTU_IDLE;
	uint64_t due = idle ? s->due : 0, check = idle ? s->check : 0;

	xt_coder_due(c, &due);
	xt_coder_due(c, &check);
	xt_coder_past(c, &s->since);
	xt_coder_due(c, &s->suspect_after);
	xt_coder_u64(c, &s->rtt);
	xt_coder_check(c, s->rtt <= XT_CODER_AHEAD);
	xt_coder_u16(c, &s->found);
	xt_coder_u16(c, &s->top);
	xt_coder_u16(c, &s->check_s);
	xt_coder_u8_up_to(c, &s->source, XT_PATH_MTU_SILENT);
	xt_coder_u8_up_to(c, &s->forms, PROBE_FORMS);
	xt_coder_u8_up_to(c, &s->single_forms, s->forms);
	xt_coder_u8_up_to(c, &s->form, s->forms ? s->forms - 1 : 0);
	xt_coder_flag(c, &s->known_form);
	xt_coder_ip(c, &search->from);
	xt_coder_ip(c, &search->to);
	xt_coder_ip(c, &search->group);
	xt_coder_check(c, (!s->found || s->found >= XT_PATH_MTU_LEAST) &&
			      (!search->to.family || search->from.family == search->to.family) &&
			      search->group.family != 4);
	if (c->out)
		return;
	s->due = due;
	s->check = check;
}

void xt_snapshot_path_mtu(struct xt_coder *c, struct xt_peer *peer)
{
	bool present = peer->search != NULL;
	struct xt_mtu_search *search;

	xt_coder_flag(c, &present);
	xt_coder_flag(c, &peer->path_moved);
	xt_coder_flag(c, &peer->path_suspected);
	xt_coder_u16(c, &peer->sample_least);
	xt_coder_u16(c, &peer->mtu);
	if (!c->out && present && !c->error) {
		peer->search = calloc(1, sizeof(*peer->search));
		if (!peer->search)
			xt_coder_fail(c, XT_E_NOMEM);
		else
			xt_path_mtu_init(&peer->search->state);
	}
	search = peer->search;
	if (search)
		search_code(c, search);
	/* Samples are compared with a search; one that was not begun has no size to ask for. */
	xt_coder_check(c, search ? search->state.top || peer->path_moved
				 : peer->sample_least == UINT16_MAX && !peer->mtu);
	xt_coder_check(c, !peer->mtu || peer->mtu >= XT_PATH_MTU_LEAST);
}

static void stranger_code(struct xt_coder *c, struct xt_stranger_slot *slot)
{
	xt_coder_u64(c, &slot->messages);
	if (!slot->messages)
		return;
	xt_coder_sparse(c, slot->key.b, sizeof(slot->key.b));
	xt_coder_endpoint(c, &slot->from);
	xt_coder_past(c, &slot->at);
}

void xt_snapshot_strangers(struct xt_coder *c, struct xt_strangers *strangers)
{
	for (size_t i = 0; i < XT_STRANGER_SLOTS; i++) {
		stranger_code(c, &strangers->known[i]);
		stranger_code(c, &strangers->other[i]);
	}
	for (size_t i = 0; i < XT_NO_ROUTES; i++) {
		struct xt_no_route_slot *slot = &strangers->no_routes[i];

		xt_coder_u64(c, &slot->packets);
		if (!slot->packets)
			continue;
		xt_coder_ip(c, &slot->to);
		xt_coder_past(c, &slot->at);
	}
}
