/* SPDX-License-Identifier: MIT */
/* Why a link does not work: the judgement of one peer, at once. */
#include "daemon/instance_uv.h"

#include <xtunnel/xtunnel.h>

#include "base/text.h"

/* A report of that peer alone and the status; false: there is no such peer, or no memory. */
static bool peer_report(const struct xt_instance *instance, const struct xt_public *peer,
			struct xt_status *status, char words[XT_OFFLOAD_WORDS],
			struct xt_report **report)
{
	if (!xt_instance_answers(instance) ||
	    xt_tunnel_report_peer(instance->tunnel, peer, report) < 0)
		return false;
	xt_instance_status(instance, status, words);
	return true;
}

enum xt_why xt_instance_why_peer(const struct xt_instance *instance, const struct xt_public *peer,
				 char buf[XT_WHY_SENTENCE])
{
	char words[XT_OFFLOAD_WORDS];
	struct xt_status status;
	struct xt_report *report;
	enum xt_why code;

	buf[0] = '\0';
	if (!peer_report(instance, peer, &status, words, &report))
		return XT_WHYS;
	code = xt_why_sentence(&status, report, &report->peers[0], buf);
	xt_report_free(report);
	return code;
}

json_t *xt_instance_why_json(const void *instance, const struct xt_public *peer)
{
	char words[XT_OFFLOAD_WORDS], sentence[XT_WHY_SENTENCE] = "", key[XT_KEY_BASE64];
	struct xt_status status;
	struct xt_report *report;
	enum xt_why code;
	json_t *o;

	if (!peer_report(instance, peer, &status, words, &report))
		return NULL;
	code = xt_why_sentence(&status, report, &report->peers[0], sentence);
	xt_key_to_base64(key, peer->b);
	o = json_pack("{s:s,s:s,s:s}", "public_key", key, "code", xt_why_word(code), "sentence",
		      sentence);
	if (*report->peers[0].name)
		json_object_set_new(o, "name", json_string(report->peers[0].name));
	xt_report_free(report);
	return o;
}
