/* SPDX-License-Identifier: MIT */
/* One snapshot of a device as data: the only way to read a device's state.  It holds no pointer
 * into the device. */
#ifndef XTUNNEL_REPORT_H
#define XTUNNEL_REPORT_H

#include <xtunnel/batch.h>
#include <xtunnel/change.h>
#include <xtunnel/facts.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of the path's MTU to a peer. */
enum xt_path_mtu_source {
	XT_PATH_MTU_UNKNOWN, /* no search has ended yet, or there is none */
	XT_PATH_MTU_PROBED,  /* probes were answered */
	XT_PATH_MTU_SILENT,  /* no probe was answered: packets are sent as before */
};

/* An address of a peer's list of endpoints (xt_device_set_endpoints).
 * IN_USE   the peer's endpoint; TRYING: initiations go there, while a session lives elsewhere
 * HELD     it did not answer, and is passed over for hold_ns
 * learned  it is none of the list: the peer has roamed to it; entry says nothing */
enum xt_candidate_state {
	XT_CANDIDATE_IDLE,
	XT_CANDIDATE_IN_USE,
	XT_CANDIDATE_TRYING,
	XT_CANDIDATE_HELD,
};
struct xt_candidate_report {
	struct xt_endpoint endpoint;
	enum xt_candidate_state state;
	uint64_t hold_ns;
	uint8_t entry;
	bool learned;
};

struct xt_peer_report {
	struct xt_public key;
	struct xt_psk psk; /* all zero: none */
	char name[XT_NAME_MAX + 1];
	bool critical;			 /* of its configuration: a check of health counts it */
	struct xt_endpoint endpoint;	 /* ip.family 0: none */
	bool endpoint_learned;		 /* from the peer's messages, not from a change */
	struct xt_ip local;		 /* local address in use, family 0: the kernel's choice */
	uint32_t ifindex;		 /* of the link it was last heard on; 0: not known */
	struct xt_ip heard4, heard6;	 /* inner sources of its late packets; family 0: none */
	uint64_t last_handshake_wall_ns; /* 0: never */
	uint64_t tx_bytes, rx_bytes;	 /* of UDP payload, all messages */
	uint16_t keepalive_s;
	uint16_t path_mtu; /* largest packet known to pass in one datagram; 0: not known */
	enum xt_path_mtu_source path_mtu_source;
	uint64_t path_mtu_age_s; /* since that was last confirmed, or the peer is silent */
	bool session;		 /* a keypair that may send */
	bool handshaking;	 /* an initiation of ours is open */
	bool loop;		 /* since its last session a datagram to its endpoint came back */
	uint32_t handshake_attempts;
	uint32_t staged;
	bool endpoint_set;		      /* by a change, after which no list was given */
	size_t first_allowed, n_allowed;      /* in xt_report.allowed */
	size_t first_candidate, n_candidates; /* in xt_report.candidates */
	/* with loop: the AllowedIPs that cover the endpoint, ip.family 0: none; and whose */
	struct xt_cidr loop_network;
	struct xt_public loop_key;
	struct xt_peer_facts facts;
};

struct xt_report {
	bool has_key;
	struct xt_private private_key;
	struct xt_public public_key;
	uint16_t listen_port;
	uint32_t fwmark;
	bool under_load;
	uint64_t verdicts[XT_VERDICTS];
	struct xt_device_facts facts;
	struct xt_peer_report *peers; /* in order of creation */
	size_t n_peers;
	struct xt_cidr *allowed;
	size_t n_allowed;
	struct xt_candidate_report *candidates;
	size_t n_candidates;
};

/* Wipe and release what xt_device_report returned.  NULL is allowed. */
XT_API void xt_report_free(struct xt_report *report);

#ifdef __cplusplus
}
#endif

#endif
