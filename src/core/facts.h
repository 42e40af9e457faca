/* SPDX-License-Identifier: MIT */
/* What was seen of the link to a peer, for reports (xtunnel/facts.h): nothing here changes what the
 * device does. Written for each packet is struct xt_traffic_state alone, which therefore lies apart
 * from the rest. Times are monotonic ns; XT_NEVER: not yet. */
#ifndef XT_CORE_FACTS_H
#define XT_CORE_FACTS_H

#include <xtunnel/batch.h>
#include <xtunnel/facts.h>

#include "base/bytes.h"
#include "core/limits.h"
#include "core/message.h"
#include "packet/ip.h"

struct xt_peer;

/* Traffic is reported of windows that begin where a span of that length does. */
#define XT_TRAFFIC_SPAN	 (10 * XT_SECOND)
#define XT_TRAFFIC_SPANS 7 /* 60 seconds, and the span that is not over */

/* sent, received  packets with content, since ever
 * requests        see xtunnel/facts.h
 * request_next    when the next packet is looked at whether it is one
 * span            number of the latest span with traffic
 * network         the facts hold something that the network said
 * *_before        the low bits of sent and received when a span began; at its number modulo
 *                 XT_TRAFFIC_SPANS */
struct xt_traffic_state {
	uint64_t sent, received;
	uint64_t data_sent, data_received;
	uint64_t heard;
	uint64_t request_next;
	uint32_t requests;
	uint32_t span;
	bool network;
	uint32_t sent_before[XT_TRAFFIC_SPANS], received_before[XT_TRAFFIC_SPANS];
};

/* Counts stop at their greatest number. */
struct xt_facts_state {
	uint64_t first_initiation, gave_up;
	uint64_t response_bad_at, cookie_at, answered_at, old_at;
	uint64_t unknown_at, source_at, request_at, too_large_at, icmp_at, send_error_at;
	uint64_t rtt, old_back;
	int64_t clock;
	struct xt_endpoint answered_from;
	uint32_t initiations, initiations_heard, response_bad, cookies, answered, old;
	uint32_t unknown, source_refused, too_large, icmp, send_errors;
	uint32_t verdicts[XT_PEER_VERDICT_COUNT];
	int send_error;
	uint16_t too_large_len;
	struct xt_ip source, icmp_from;
	uint8_t icmp_kind; /* enum xt_unreachable */
	bool has_clock;
	bool unanswered; /* the event of this attempt was emitted */
};

void xt_facts_init(struct xt_facts_state *f, struct xt_traffic_state *t);

/* Count what became of a packet or message of the peer, if that is one of XT_PEER_VERDICTS. Returns
 * the verdict. Few packets end so: the data path does not count those that are carried on. */
XT_COLD enum xt_verdict xt_facts_count(struct xt_facts_state *f, enum xt_verdict verdict);
void xt_facts_count_n(struct xt_facts_state *f, enum xt_verdict verdict, uint64_t n);

/* This device's handshakes. unanswered: the latest initiation was not answered in time. true: for
 * the first time in this attempt. */
void xt_facts_initiated(struct xt_facts_state *f, const struct xt_traffic_state *t, uint64_t now);
bool xt_facts_unanswered(struct xt_facts_state *f);
void xt_facts_gave_up(struct xt_facts_state *f, uint64_t now);
void xt_facts_response_bad(struct xt_facts_state *f, uint64_t now);
void xt_facts_cookie(struct xt_facts_state *f, uint64_t now);
/* A change took away what the attempt has met: the endpoint or the pre-shared key is another. */
void xt_facts_forget_attempt(struct xt_facts_state *f);

/* The peer's initiations, authenticated. timestamp: of that one; greatest: of those before. */
void xt_facts_initiation(struct xt_facts_state *f, struct xt_time now,
			 const uint8_t timestamp[XT_TIMESTAMP_LEN]);
void xt_facts_initiation_old(struct xt_facts_state *f, struct xt_time now,
			     const uint8_t timestamp[XT_TIMESTAMP_LEN],
			     const uint8_t greatest[XT_TIMESTAMP_LEN]);
void xt_facts_answered(struct xt_facts_state *f, uint64_t now, const struct xt_endpoint *from);

/* A session is there. */
void xt_facts_session(struct xt_facts_state *f);
/* What the network says of datagrams to the endpoint holds no more: the peer was heard, or its
 * endpoint is another one. */
void xt_facts_forget_network(struct xt_facts_state *f, struct xt_traffic_state *t);

void xt_facts_unknown_session(struct xt_facts_state *f, uint64_t now);
XT_COLD void xt_facts_source_refused(struct xt_facts_state *f, uint64_t now,
				     const struct xt_ip_view *ip);
void xt_facts_too_large(struct xt_facts_state *f, uint64_t now, uint32_t len, uint32_t n);
void xt_facts_forget_too_large(struct xt_facts_state *f);
void xt_facts_icmp(struct xt_facts_state *f, uint64_t now, enum xt_unreachable kind,
		   const struct xt_ip *from);
void xt_facts_send_error(struct xt_facts_state *f, uint64_t now, int error);

/* The peer sent something that was authenticated. */
static inline void xt_facts_heard(struct xt_facts_state *f, struct xt_traffic_state *t,
				  uint64_t now)
{
	t->heard = now;
	if (t->network)
		xt_facts_forget_network(f, t);
}

/* Begin the span of that time, unless it is the latest. Called before the first packet of the peer
 * in a pass is counted. */
void xt_traffic_rotate(struct xt_traffic_state *t, uint64_t now);

/* Packets that ask for an answer are small, and of a peer one is looked at in so many ns: of the
 * others only length and time are compared. */
#define XT_REQUEST_MAX	    128u
#define XT_REQUEST_INTERVAL (100ull * 1000)

/* A packet is sent. Count it, if it asks for an answer so that silence means something: an echo
 * request, a SYN, a DNS query. */
XT_COLD void xt_facts_request(struct xt_facts_state *f, struct xt_traffic_state *t, uint64_t now,
			      const struct xt_ip_view *ip);

/* current: the sessions are those of the device's identity. */
void xt_facts_report(const struct xt_peer *peer, uint64_t now, bool current,
		     struct xt_peer_facts *out);

#endif
