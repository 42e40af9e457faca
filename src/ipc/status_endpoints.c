/* SPDX-License-Identifier: MIT */
/* The endpoints of a peer, as data and as words. */
#include "ipc/status_endpoints.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "ipc/endpoint_text.h"

static bool entry_find(const struct xt_status *status, const struct xt_peer_report *peer,
		       size_t entry, struct xt_status_name *out)
{
	memset(out, 0, sizeof(*out));
	return status->endpoint_entry &&
	       status->endpoint_entry(status->ctx, &peer->key, entry, out);
}

static bool text_put(json_t *object, const char *key, const char *text)
{
	return !*text || json_object_set_new(object, key, json_string(text)) == 0;
}

static bool candidate_put(json_t *list, const struct xt_status *status,
			  const struct xt_peer_report *peer, const struct xt_candidate_report *c)
{
	static const char *const states[] = {[XT_CANDIDATE_IDLE] = "idle",
					     [XT_CANDIDATE_IN_USE] = "in use",
					     [XT_CANDIDATE_TRYING] = "trying",
					     [XT_CANDIDATE_HELD] = "held"};
	char text[XT_ENDPOINT_NAMED];
	struct xt_status_name name;
	json_t *object = json_object();
	bool ok = json_array_append_new(list, object) == 0 &&
		  text_put(object, "address", xt_endpoint_print_named(&c->endpoint, text));

	if (!c->learned && entry_find(status, peer, c->entry, &name))
		ok = ok && text_put(object, "name", name.name) &&
		     text_put(object, "lookup", name.state);
	ok = ok && text_put(object, "state", states[c->state]);
	if (ok && c->state == XT_CANDIDATE_HELD)
		ok = json_object_set_new(
			 object, "hold_s",
			 json_integer((json_int_t)((c->hold_ns + 999999999) / 1000000000))) == 0;
	if (ok && c->learned)
		ok = json_object_set_new(object, "learned", json_true()) == 0;
	return ok;
}

static bool name_put(json_t *list, const struct xt_status_name *name)
{
	json_t *object = json_object();

	return json_array_append_new(list, object) == 0 && text_put(object, "name", name->name) &&
	       text_put(object, "lookup", name->state) && text_put(object, "state", "unresolved");
}

/* The addresses of an entry, and without one its name. */
static bool entry_put(json_t *list, const struct xt_status *status,
		      const struct xt_peer_report *peer, const struct xt_candidate_report *c,
		      size_t entry, const struct xt_status_name *name)
{
	bool ok = true, some = false;

	for (size_t i = 0; ok && i < peer->n_candidates; i++) {
		if (c[i].learned || c[i].entry != entry)
			continue;
		some = true;
		ok = candidate_put(list, status, peer, &c[i]);
	}
	return ok && (some || !*name->name || name_put(list, name));
}

json_t *xt_status_endpoints(const struct xt_status *status, const struct xt_report *report,
			    const struct xt_peer_report *peer)
{
	const struct xt_candidate_report *c =
	    report->candidates ? report->candidates + peer->first_candidate : NULL;
	json_t *list = json_array();
	struct xt_status_name name;
	size_t entry = 0;
	bool ok = list != NULL;

	/* An endpoint that was set stands in the place of the list. */
	for (; ok && !peer->endpoint_set && entry_find(status, peer, entry, &name); entry++)
		ok = entry_put(list, status, peer, c, entry, &name);
	for (size_t i = 0; ok && i < peer->n_candidates; i++)
		if (c[i].learned || c[i].entry >= entry)
			ok = candidate_put(list, status, peer, &c[i]);
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

void xt_status_endpoint_text(const json_t *element, char *buf, size_t len)
{
	const char *address = json_string_value(json_object_get(element, "address"));
	const char *name = json_string_value(json_object_get(element, "name"));
	const char *state = json_string_value(json_object_get(element, "state"));
	const char *lookup = json_string_value(json_object_get(element, "lookup"));
	json_int_t hold = json_integer_value(json_object_get(element, "hold_s"));
	char more[64] = "";

	if (!address)
		state = lookup ? lookup : state;
	else if (hold > 0)
		snprintf(more, sizeof(more), "no answer, held for %" PRIu64 " s", (uint64_t)hold);
	else if (!state || strcmp(state, "idle") == 0)
		state = NULL;
	if (*more)
		state = more;
	if (!address)
		address = name ? name : "?";
	snprintf(buf, len, "%s%s%s%s", address, state ? " (" : "", state ? state : "",
		 state ? ")" : "");
}
