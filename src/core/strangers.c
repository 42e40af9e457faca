/* SPDX-License-Identifier: MIT */
/* Callers and destinations that belong to no peer. */
#include "core/strangers.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

/* The slot with that key (NULL: that address), else the one that is free or was not seen for the
 * longest time, empty. */
static struct xt_stranger_slot *slot_find(struct xt_stranger_slot *slots,
					  const struct xt_public *key, const struct xt_ip *ip)
{
	struct xt_stranger_slot *oldest = slots;

	for (size_t i = 0; i < XT_STRANGER_SLOTS; i++) {
		struct xt_stranger_slot *slot = &slots[i];

		if (slot->messages && (key ? !memcmp(&slot->key, key, sizeof(*key))
					   : xt_ip_equal(&slot->from.ip, ip)))
			return slot;
		if (slot->at < oldest->at)
			oldest = slot;
	}
	*oldest = (struct xt_stranger_slot){0};
	return oldest;
}

static void slot_note(struct xt_stranger_slot *slot, uint64_t now, const struct xt_endpoint *from)
{
	slot->from = *from;
	slot->messages++;
	slot->at = now;
}

void xt_strangers_key(struct xt_strangers *s, uint64_t now, const struct xt_public *key,
		      const struct xt_endpoint *from)
{
	struct xt_stranger_slot *slot = slot_find(s->known, key, NULL);

	slot->key = *key;
	slot_note(slot, now, from);
}

void xt_strangers_other(struct xt_strangers *s, uint64_t now, const struct xt_endpoint *from)
{
	slot_note(slot_find(s->other, NULL, &from->ip), now, from);
}

void xt_strangers_no_route(struct xt_strangers *s, uint64_t now, const struct xt_ip *to)
{
	struct xt_no_route_slot *found = s->no_routes;

	for (size_t i = 0; i < XT_NO_ROUTES; i++) {
		struct xt_no_route_slot *slot = &s->no_routes[i];

		if (slot->packets && xt_ip_equal(&slot->to, to)) {
			slot->packets++;
			slot->at = now;
			return;
		}
		if (slot->at < found->at)
			found = slot;
	}
	*found = (struct xt_no_route_slot){.to = *to, .packets = 1, .at = now};
}

void xt_strangers_session(struct xt_strangers *s, const struct xt_ip *ip)
{
	for (size_t i = 0; i < XT_STRANGER_SLOTS; i++)
		if (xt_ip_equal(&s->other[i].from.ip, ip))
			s->other[i] = (struct xt_stranger_slot){0};
}

void xt_strangers_forget(struct xt_strangers *s)
{
	memset(s->known, 0, sizeof(s->known));
	memset(s->other, 0, sizeof(s->other));
}

static uint64_t age_of(uint64_t at, uint64_t now)
{
	return now > at ? now - at : 0;
}

static void stranger_add(struct xt_device_facts *out, const struct xt_stranger_slot *slot,
			 bool unknown_key, uint64_t now)
{
	const uint64_t age = age_of(slot->at, now);
	size_t i = out->n_strangers;

	if (!slot->messages)
		return;
	for (; i > 0 && out->strangers[i - 1].age > age; i--)
		out->strangers[i] = out->strangers[i - 1];
	out->strangers[i] = (struct xt_stranger){.unknown_key = unknown_key,
						 .key = slot->key,
						 .from = slot->from,
						 .messages = slot->messages,
						 .age = age};
	out->n_strangers++;
}

static void no_route_add(struct xt_device_facts *out, const struct xt_no_route_slot *slot,
			 uint64_t now)
{
	const uint64_t age = age_of(slot->at, now);
	size_t i = out->n_no_routes;

	if (!slot->packets)
		return;
	for (; i > 0 && out->no_routes[i - 1].age > age; i--)
		out->no_routes[i] = out->no_routes[i - 1];
	out->no_routes[i] =
	    (struct xt_no_route){.to = slot->to, .packets = slot->packets, .age = age};
	out->n_no_routes++;
}

void xt_strangers_report(const struct xt_strangers *s, uint64_t now, struct xt_device_facts *out)
{
	for (size_t i = 0; i < XT_STRANGER_SLOTS; i++) {
		stranger_add(out, &s->known[i], true, now);
		stranger_add(out, &s->other[i], false, now);
	}
	for (size_t i = 0; i < XT_NO_ROUTES; i++)
		no_route_add(out, &s->no_routes[i], now);
}
