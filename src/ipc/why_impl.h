/* SPDX-License-Identifier: MIT */
/* What the files of `why` have in common: facts -> code -> case -> words. */
#ifndef XT_IPC_WHY_IMPL_H
#define XT_IPC_WHY_IMPL_H

#include "base/printf.h"
#include "ipc/why.h"

#define XT_WHY_SECOND 1000000000ull

/* A row of why.def. */
struct xt_why_row {
	const char *word;
	bool fine;
	const char *sides, *known, *causes, *remedy;
};
const struct xt_why_row *xt_why_row(enum xt_why code);

/* What words are made of. Some of it is NULL:
 * peer      of a code of peers
 * stranger  of a code of callers; of `silent`: the caller that has the peer's endpoint
 * word      the case, as in why.def
 * local, ifindex  source and link of datagrams to the peer, 0: not known
 * network, holder  of `allowed-ips`: which other peer has the inner source */
struct xt_why_view {
	const struct xt_status *status;
	const struct xt_report *report;
	const struct xt_peer_report *peer;
	const struct xt_stranger *stranger;
	enum xt_why code;
	const char *word;
	struct xt_ip local;
	uint32_t ifindex;
	const struct xt_cidr *network;
	const struct xt_peer_report *holder;
};

/* Judge a peer and find its case. */
struct xt_why_view xt_why_view_peer(const struct xt_status *status, const struct xt_report *report,
				    const struct xt_peer_report *peer);
/* Ask the host for source and link that are not known, as before the peer was heard. In a report of
 * so many peers xt_why_view_peer has done so; of more the kernel is not asked for each one's way:
 * this may be the thread that moves packets. */
#define XT_WHY_WAYS 32
void xt_why_view_way(struct xt_why_view *view);
struct xt_why_view xt_why_view_stranger(const struct xt_status *status,
					const struct xt_report *report,
					const struct xt_stranger *stranger);
/* code: XT_WHY_NO_ROUTE or XT_WHY_LOCAL_OVERLOAD; word "": it does not hold. */
struct xt_why_view xt_why_view_device(const struct xt_status *status,
				      const struct xt_report *report, enum xt_why code);

/* The next line of *lines that holds in the case of view, with its values; *lines moves past it.
 * false: there is none. buf is cut to len and printable. */
bool xt_why_line(const struct xt_why_view *view, const char **lines, char *buf, size_t len);

/* Print the value that {word} stands for; false: it is not known. */
#define XT_WHY_VALUE 448
bool xt_why_value(const struct xt_why_view *view, const char *word, size_t len,
		  char buf[XT_WHY_VALUE]);
bool xt_why_value_exists(const char *word, size_t len);

/* Print a value; false: it is not known.
 * count     "1 packet", "2 packets"
 * duration  as `show` prints it; XT_NEVER is not known */
bool xt_why_put(char *buf, const char *format, ...) XT_PRINTF(2, 3);
bool xt_why_put_count(char *buf, uint64_t n, const char *noun);
bool xt_why_put_duration(char *buf, uint64_t ns);
bool xt_why_put_key(char *buf, const struct xt_public *key);
bool xt_why_put_ip(char *buf, const struct xt_ip *ip);
bool xt_why_put_endpoint(char *buf, const struct xt_endpoint *endpoint);

/* Is a session there that nothing speaks against? */
bool xt_why_session_works(const struct xt_status *status, const struct xt_peer_report *peer);
/* Belongs a fact of that age to the present attempt of this device? */
bool xt_why_attempt_has(const struct xt_peer_facts *facts, uint64_t age);
/* Were initiations of the peer answered without effect? */
bool xt_why_half_answering(const struct xt_status *status, const struct xt_report *report,
			   const struct xt_peer_report *peer);
/* Find network and holder, in a report of a bearable length. */
void xt_why_holder_find(struct xt_why_view *view);
/* Is the latest refused inner source still not in the peer's AllowedIPs, or in another's? */
bool xt_why_source_missing(const struct xt_report *report, const struct xt_peer_report *peer);
/* The name of the endpoint that has no address; false: it has one, or there is no name. */
bool xt_why_unresolved(const struct xt_status *status, const struct xt_peer_report *peer,
		       struct xt_status_name *out);
/* Of callers and destinations: long enough to be looked for on the other host. */
static inline bool xt_why_is_recent(uint64_t age)
{
	return age <= 600 * XT_WHY_SECOND;
}
/* The destination is still covered by no AllowedIPs, and the time is not long ago. */
bool xt_why_no_route_holds(const struct xt_report *report, const struct xt_no_route *no_route);
bool xt_why_stranger_holds(const struct xt_report *report, const struct xt_stranger *stranger);
/* The latest caller at the peer's endpoint that belongs to no peer; NULL: there is none. */
const struct xt_stranger *xt_why_stranger_of(const struct xt_report *report,
					     const struct xt_peer_report *peer);
/* Datagrams, or packets, lost by this host in the last three minutes; 0: too few to count. */
uint64_t xt_why_overruns(const struct xt_status *status, const struct xt_report *report);
uint64_t xt_why_tun_drops(const struct xt_status *status, const struct xt_report *report);

/* The case and the words of a positive errno. */
struct xt_why_errno {
	int number;
	const char *word, *text;
};
const struct xt_why_errno *xt_why_errno(int number);

/* All that is known of a peer, for programs. The caller's reference; NULL: no memory. */
json_t *xt_why_facts(const struct xt_status *status, const struct xt_peer_report *peer);
json_t *xt_why_traffic(const struct xt_traffic *traffic);

#endif
