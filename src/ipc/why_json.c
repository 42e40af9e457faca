/* SPDX-License-Identifier: MIT */
/* The answer of `why` as JSON. */
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/text.h"
#include "ipc/endpoint_text.h"
#include "ipc/why_impl.h"

static bool json_put(json_t *o, const char *key, json_t *value)
{
	return json_object_set_new(o, key, value) == 0;
}

static bool causes_put(json_t *o, const struct xt_why_view *view)
{
	const char *lines = xt_why_row(view->code)->causes;
	json_t *list = json_array();
	char text[XT_WHY_SENTENCE];
	bool ok = json_put(o, "causes", list);

	while (ok && xt_why_line(view, &lines, text, sizeof(text)))
		ok = json_array_append_new(list, json_string(text)) == 0;
	return ok;
}

/* The lines that hold, as one. */
static bool remedy_put(json_t *o, const struct xt_why_view *view)
{
	const char *lines = xt_why_row(view->code)->remedy;
	char text[XT_WHY_SENTENCE], all[4 * XT_WHY_SENTENCE] = "";
	size_t used = 0;

	while (used < sizeof(all) && xt_why_line(view, &lines, text, sizeof(text)))
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? "; " : "",
					 text);
	xt_text_clean(all); /* cut at its end */
	return json_put(o, "remedy", json_string(all));
}

/* code, sentence, causes, remedy */
static bool words_put(json_t *o, const struct xt_why_view *view)
{
	const struct xt_why_row *row = xt_why_row(view->code);
	const char *lines = row->known;
	char sentence[XT_WHY_SENTENCE];

	xt_why_line(view, &lines, sentence, sizeof(sentence));
	return json_put(o, "code", json_string(row->word)) &&
	       json_put(o, "sentence", json_string(sentence)) && causes_put(o, view) &&
	       remedy_put(o, view);
}

static bool key_put(json_t *o, const struct xt_public *key)
{
	char text[XT_KEY_BASE64];

	xt_key_to_base64(text, key->b);
	return json_put(o, "public_key", json_string(text));
}

static bool peer_put(json_t *list, const struct xt_status *status, const struct xt_report *report,
		     const struct xt_peer_report *peer, bool alone)
{
	struct xt_why_view view = xt_why_view_peer(status, report, peer);
	char name[sizeof(peer->name)];
	json_t *o = json_object();
	bool ok = json_array_append_new(list, o) == 0 && key_put(o, &peer->key);

	if (alone && report->n_peers > XT_WHY_WAYS) /* otherwise it was asked for */
		xt_why_view_way(&view);
	memcpy(name, peer->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	xt_text_clean(name);
	ok = ok && json_put(o, "name", *name ? json_string(name) : json_null());
	return ok && words_put(o, &view) && json_put(o, "facts", xt_why_facts(status, peer));
}

/* key  NULL: of every one from there to end */
static bool peers_put(json_t *o, const struct xt_status *status, const struct xt_report *report,
		      const struct xt_public *key, size_t from, size_t end)
{
	json_t *list = json_array();
	bool ok = json_put(o, "peers", list);

	for (size_t i = from; ok && i < end; i++) {
		const struct xt_peer_report *peer = &report->peers[i];

		if (!key || memcmp(key, &peer->key, sizeof(*key)) == 0)
			ok = peer_put(list, status, report, peer, key != NULL);
	}
	return ok;
}

/* The lines are ready to be pasted into the file: without the address it has no AllowedIPs. */
static bool section_put(json_t *o, const struct xt_public *key)
{
	char text[64], base64[XT_KEY_BASE64];

	xt_key_to_base64(base64, key->b);
	snprintf(text, sizeof(text), "PublicKey = %s", base64);
	return json_put(o, "section",
			json_pack("[sss]", "[Peer]", text,
				  "AllowedIPs = # its inner address, such as 10.9.0.2/32"));
}

static bool strangers_put(json_t *o, const struct xt_status *status, const struct xt_report *report)
{
	const struct xt_device_facts *f = &report->facts;
	json_t *list = json_array();
	bool ok = json_put(o, "strangers", list);

	for (size_t i = 0; ok && i < f->n_strangers; i++) {
		const struct xt_stranger *stranger = &f->strangers[i];
		const struct xt_why_view view = xt_why_view_stranger(status, report, stranger);
		char address[XT_ENDPOINT_NAMED];
		json_t *caller;

		if (!xt_why_stranger_holds(report, stranger))
			continue;
		caller = json_object();
		xt_endpoint_print_named(&stranger->from, address);
		ok = json_array_append_new(list, caller) == 0 && words_put(caller, &view) &&
		     json_put(caller, "address", json_string(address)) &&
		     json_put(caller, "messages", json_integer((json_int_t)stranger->messages)) &&
		     json_put(caller, "age_s",
			      json_integer((json_int_t)(stranger->age / XT_WHY_SECOND)));
		if (ok && stranger->unknown_key)
			ok = key_put(caller, &stranger->key) && section_put(caller, &stranger->key);
	}
	return ok;
}

static bool destinations_put(json_t *o, const struct xt_report *report)
{
	const struct xt_device_facts *f = &report->facts;
	json_t *list = json_array();
	bool ok = json_put(o, "destinations", list);

	for (size_t i = 0; ok && i < f->n_no_routes; i++) {
		const struct xt_no_route *n = &f->no_routes[i];
		char address[XT_IP_TEXT];

		if (xt_why_no_route_holds(report, n))
			ok = json_array_append_new(
				 list,
				 json_pack("{s:s,s:I,s:I}", "address", xt_ip_print(&n->to, address),
					   "packets", (json_int_t)n->packets, "age_s",
					   (json_int_t)(n->age / XT_WHY_SECOND))) == 0;
	}
	return ok;
}

static bool overload_put(json_t *o, const struct xt_status *status, const struct xt_report *report)
{
	return json_put(o, "udp_overruns",
			json_integer((json_int_t)xt_why_overruns(status, report))) &&
	       json_put(o, "tun_drops", json_integer((json_int_t)xt_why_tun_drops(status, report)));
}

static bool device_put(json_t *o, const struct xt_status *status, const struct xt_report *report)
{
	static const enum xt_why codes[] = {XT_WHY_NO_ROUTE, XT_WHY_LOCAL_OVERLOAD};
	json_t *list = json_array();
	bool ok = json_put(o, "device", list);

	for (size_t i = 0; ok && i < sizeof(codes) / sizeof(*codes); i++) {
		const struct xt_why_view view = xt_why_view_device(status, report, codes[i]);
		json_t *entry;

		if (!view.word)
			continue;
		entry = json_object();
		ok = json_array_append_new(list, entry) == 0 && words_put(entry, &view) &&
		     (codes[i] == XT_WHY_NO_ROUTE ? destinations_put(entry, report)
						  : overload_put(entry, status, report));
	}
	return ok;
}

static json_t *why_json(const struct xt_status *status, const struct xt_report *report,
			const struct xt_public *key, size_t end)
{
	json_t *o = json_object();

	if (json_put(o, "schema", json_integer(XT_WHY_SCHEMA)) &&
	    json_put(o, "interface", json_string(status->name ? status->name : "")) &&
	    peers_put(o, status, report, key, 0, end) && strangers_put(o, status, report) &&
	    device_put(o, status, report))
		return o;
	json_decref(o);
	return NULL;
}

json_t *xt_why_json(const struct xt_status *status, const struct xt_report *report,
		    const struct xt_public *peer)
{
	return why_json(status, report, peer, report->n_peers);
}

json_t *xt_why_json_part(const struct xt_status *status, const struct xt_report *report,
			 size_t from, size_t n)
{
	size_t end = from + XT_MIN(n, report->n_peers - from);
	json_t *o;

	if (from == 0)
		return why_json(status, report, NULL, end);
	o = json_object();
	if (peers_put(o, status, report, NULL, from, end))
		return o;
	json_decref(o);
	return NULL;
}

bool xt_why_fine(const json_t *why)
{
	const json_t *peers = json_object_get(why, "peers"), *peer;
	size_t i;

	if (!json_is_array(peers))
		return false;
	json_array_foreach(peers, i, peer)
	{
		const char *code = json_string_value(json_object_get(peer, "code"));

		if (!code || !xt_why_word_is_fine(code))
			return false;
	}
	return true;
}
