/* The state of a running endpoint for people and programs: report -> JSON (made by the endpoint) ->
 * text (made by whoever asked). Holds no secret. */
#ifndef XT_IPC_STATUS_H
#define XT_IPC_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include <xtunnel/report.h>

/* What the tunnel knows beside the device's report. Strings are borrowed; NULL: left out. */
struct xt_status {
	const char *name;
	unsigned ifindex;
	uint32_t mtu;
	int pid;
	const char *version;
	uint64_t uptime_s;
	const char *aead;	       /* backend's name */
	const char *aead_reason;       /* why this one */
	const char *offload;	       /* in words, "off" */
	uint64_t fallbacks;	       /* offloads that were refused while running */
	unsigned threads;	       /* that encrypt */
	uint16_t udp_port;	       /* bound */
	uint64_t udp_refused;	       /* datagrams that the kernel did not take */
	uint64_t udp_overruns;	       /* and those for which its queue had no room */
	const char *echo;	       /* off, host, peer, both */
	uint64_t echo_host, echo_peer; /* requests answered */
	const char *path;	       /* configuration file */
};

/* NULL: no memory. The caller's reference. Times are seconds since 1970. */
json_t *xt_status_json(const struct xt_status *status, const struct xt_report *report);

struct xt_status_style {
	bool colour;
	uint64_t now_s; /* wall clock, for "ago" */
};
/* WG_COLOR_MODE (always, never, auto), NO_COLOR, TERM=dumb, and whether out is a terminal. */
bool xt_status_colour(FILE *out);
/* Print as `wg show` does, and more. Tolerates an object of another version. */
void xt_status_print(FILE *out, const json_t *status, const struct xt_status_style *style);

#endif
