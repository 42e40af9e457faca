/* SPDX-License-Identifier: MIT */
/* Why a link does not work: the judgement of one peer, at once. */
#include "daemon/instance_uv.h"

#include <xtunnel/xtunnel.h>

enum xt_why xt_instance_why_peer(const struct xt_instance *instance, const struct xt_public *peer,
				 char buf[XT_WHY_SENTENCE])
{
	char words[XT_OFFLOAD_WORDS];
	struct xt_status status;
	struct xt_report *report;
	enum xt_why code = XT_WHYS;

	buf[0] = '\0';
	if (!xt_instance_answers(instance) ||
	    xt_tunnel_report_peer(instance->tunnel, peer, &report) < 0)
		return code;
	xt_instance_status(instance, &status, words);
	if (report->n_peers == 1)
		code = xt_why_sentence(&status, report, &report->peers[0], buf);
	xt_report_free(report);
	return code;
}
