/* SPDX-License-Identifier: MIT */
/* The search for the largest inner packet that reaches a peer in one datagram. Pure: no clock, no
 * device, no packet. The caller sends the probes that xt_path_mtu_next hands out, reports answers,
 * and calls xt_path_mtu_step when it is due. All sizes are bytes of inner packets.
 *
 *   TOP     one probe of the largest size: most paths need no more
 *   SEARCH  all sizes at once, in rounds; each further round those above the largest answered
 *   CHECK   now and then: the size in use, and the next one above
 *   SHRINK  on suspicion: the size in use twice, all smaller ones and a small probe
 *   PING    small probes only: which form of request is answered at all?
 *
 * What lowers the size: the small probe was answered, and the size in use was missed three times,
 * and twice more for each probe that was lost although its size passes. Without an answer nothing
 * changes, since that is an outage or a peer that answers no probes. */
#ifndef XT_CORE_PATH_MTU_H
#define XT_CORE_PATH_MTU_H

#include <xtunnel/report.h>

#define XT_PATH_MTU_SIZES 16   /* sizes of one round */
#define XT_PATH_MTU_LEAST 512u /* the least result */
#define XT_PATH_MTU_STEP  16u  /* other implementations pad to this */
#define XT_PATH_MTU_BURST 4u   /* probes that xt_path_mtu_next hands out at a time */

enum xt_path_mtu_phase {
	XT_PATH_MTU_IDLE,
	XT_PATH_MTU_TOP,
	XT_PATH_MTU_SEARCH,
	XT_PATH_MTU_CHECK,
	XT_PATH_MTU_SHRINK,
	XT_PATH_MTU_PING,
};

/* All zero, and then xt_path_mtu_init.
 * due       when xt_path_mtu_step or xt_path_mtu_next has something to do; XT_NEVER
 * found     the largest size known to pass; 0: none. Equal to top: nothing limits packets
 * top       the largest size that is of use, at the last start
 * form      number of the form of request in use, below forms
 * sizes     [0]: 0, the small probe; [1..n]: ascending
 * tries     probes of each size sent in this search */
struct xt_path_mtu {
	uint64_t due, check, phase_start, round_start, last_sent, rtt, suspect_after, since;
	uint32_t tokens[XT_PATH_MTU_SIZES + 1];
	uint16_t sizes[XT_PATH_MTU_SIZES + 1];
	uint8_t tries[XT_PATH_MTU_SIZES + 1];
	uint32_t pending, answered; /* bits, by index of sizes */
	uint16_t found, top, passed;
	uint16_t check_s; /* until the next check */
	uint8_t n, round, burst, form, forms, single_forms;
	uint8_t phase;	 /* enum xt_path_mtu_phase */
	uint8_t source;	 /* enum xt_path_mtu_source */
	bool again;	 /* SHRINK: the largest size is due a second time in this round */
	bool heard;	 /* a probe of this search was answered, of whatever size */
	bool known_form; /* form was answered before */
	bool whole;	 /* CHECK: confirm found, not only the next size */
};

/* One probe to be sent. size 0: the request alone, as small as it is. token: random; the answer
 * has to carry it. */
struct xt_path_mtu_probe {
	uint32_t token;
	uint16_t size;
	uint8_t form;
};

struct xt_path_mtu_random { /* fills buf with n random bytes */
	void (*fill)(void *ctx, void *buf, size_t n);
	void *ctx;
};

void xt_path_mtu_init(struct xt_path_mtu *s);

/* A session with a new peer, or another endpoint: begin to search. What is in use stays until there
 * is a result.
 * top    the largest size that is of use, as other implementations pad it
 * forms  how many forms of requests there are, at least 1. The last single_forms of them are
 *        answered so seldom that they confirm one size and search none */
void xt_path_mtu_start(struct xt_path_mtu *s, uint64_t now, uint16_t top, uint8_t forms,
		       uint8_t single_forms, const struct xt_path_mtu_random *random);

/* Packets of the size in use seem not to arrive. false: it was too soon after the last time, or a
 * search is under way, or the peer answers no probes: nothing was begun. */
bool xt_path_mtu_suspect(struct xt_path_mtu *s, uint64_t now,
			 const struct xt_path_mtu_random *random);

/* Advance after due has come. Checks begin here as well.
 * true: found or source may have changed */
bool xt_path_mtu_step(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random);

/* Has xt_path_mtu_next something to send? */
bool xt_path_mtu_ready(const struct xt_path_mtu *s, uint64_t now);

/* The next probe to be sent at once, if any. At most XT_PATH_MTU_BURST each time due comes. */
bool xt_path_mtu_next(struct xt_path_mtu *s, uint64_t now, struct xt_path_mtu_probe *out);

/* Without a session no probe can be sent: what is under way begins again at the next step. */
void xt_path_mtu_pause(struct xt_path_mtu *s, uint64_t now);

/* A packet of the size in use has arrived at the peer. */
void xt_path_mtu_confirm(struct xt_path_mtu *s, uint64_t now);

/* Is token that of a probe of the last search, which is answered now? Late answers are recognised
 * until the next search begins. */
bool xt_path_mtu_answer(struct xt_path_mtu *s, uint64_t now, uint32_t token);

#endif
