/* SPDX-License-Identifier: MIT */
/* Why a link does not work, from the state of an instance: report -> code and sentence -> JSON
 * (made by the instance) -> text (made by the program that asked). why.def lists the codes. Pure;
 * holds no secret. */
#ifndef XT_IPC_WHY_H
#define XT_IPC_WHY_H

#include "ipc/status.h"

enum xt_why {
#define X(code, ...) code,
#include "ipc/why.def"
#undef X
	XT_WHYS,
};

const char *xt_why_word(enum xt_why code);
bool xt_why_is_fine(enum xt_why code);
bool xt_why_word_is_fine(const char *word); /* false also for a word of another version */

/* The code of a peer of report, by the precedence of why.def. status: as of xt_status_json; its
 * endpoint_name tells whether a name is being resolved. */
enum xt_why xt_why_judge(const struct xt_status *status, const struct xt_report *report,
			 const struct xt_peer_report *peer);

/* What is known, in one line with its addresses, counts and times: for `show`, `ping` and the log.
 * Returns the code. */
#define XT_WHY_SENTENCE 512
enum xt_why xt_why_sentence(const struct xt_status *status, const struct xt_report *report,
			    const struct xt_peer_report *peer, char buf[XT_WHY_SENTENCE]);

/* {"schema": 1, "interface": NAME,
 *  "peers": [{"public_key", "name", "code", "sentence", "causes": [...], "remedy", "facts": {}}],
 *  "strangers": [{"code", "sentence", "causes", "remedy", "address", "messages", "age_s",
 *                 "public_key", "section": [lines of a [Peer] section]}],
 *  "device": [{"code", "sentence", "causes", "remedy", "destinations": [{"address", "packets",
 *              "age_s"}] or "udp_overruns" and "tun_drops"}]}
 * Without a name "name" is null; public_key and section are of `unknown-peer` only; of facts.h an
 * age that never was is left out, and verdicts that are 0 are.
 * peer  NULL: all of report. The caller's reference; NULL: no memory. */
#define XT_WHY_SCHEMA 1
json_t *xt_why_json(const struct xt_status *status, const struct xt_report *report,
		    const struct xt_public *peer);
/* The same of many peers in parts of n peers, the first one from peer 0: the others have peers and
 * nothing else. As a whole it would be several KiB a peer. */
json_t *xt_why_json_part(const struct xt_status *status, const struct xt_report *report,
			 size_t from, size_t n);

/* One short paragraph a peer, then strangers and device. */
void xt_why_print(FILE *out, const json_t *why, const struct xt_status_style *style);
/* All peers of the object are up or idle. */
bool xt_why_fine(const json_t *why);

#endif
