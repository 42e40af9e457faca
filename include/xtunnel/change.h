/* SPDX-License-Identifier: MIT */
/* One configuration change as data: the only way to configure a device.  The caller owns it; the
 * device copies what it keeps. */
#ifndef XTUNNEL_CHANGE_H
#define XTUNNEL_CHANGE_H

#include <xtunnel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {				    /* xt_change.set */
       XT_SET_PRIVATE_KEY = 1 << 0, /* all zero: remove.  Another key ends all sessions */
       XT_SET_LISTEN_PORT = 1 << 1, /* of the UDP socket; the device only remembers it */
       XT_SET_FWMARK = 1 << 2,	    /* likewise */
       XT_SET_REPLACE_PEERS = 1 << 3,
};

enum { /* xt_peer_change.set */
       XT_PEER_REMOVE = 1 << 0,
       XT_PEER_UPDATE_ONLY = 1 << 1, /* no effect when there is no such peer */
       XT_PEER_PSK = 1 << 2,
       XT_PEER_ENDPOINT = 1 << 3, /* instead of a list by xt_device_set_endpoints */
       XT_PEER_KEEPALIVE = 1 << 4,
       XT_PEER_REPLACE_ALLOWED = 1 << 5,
       XT_PEER_NAME = 1 << 6,
       XT_PEER_PROBE_ADDRESS = 1 << 7, /* family 0: chosen by the device */
       XT_PEER_CRITICAL = 1 << 8,
};

#define XT_NAME_MAX 63

struct xt_allowed_change {
	struct xt_cidr cidr; /* host bits are ignored */
	bool remove;
};

/* Entries that name the same peer count in their order. */
struct xt_peer_change {
	struct xt_public key;
	uint32_t set;
	struct xt_psk psk; /* all zero: none */
	struct xt_endpoint endpoint;
	uint16_t keepalive_s; /* 0: off */
	char name[XT_NAME_MAX + 1];
	struct xt_ip probe_address; /* inside the tunnel, asked by probes; family 0: chosen */
	bool critical;		    /* only reported */
	struct xt_allowed_change *allowed;
	size_t n_allowed, cap_allowed;
};

struct xt_change {
	uint32_t set;
	struct xt_private private_key;
	uint16_t listen_port; /* 0: any */
	uint32_t fwmark;      /* 0: off */
	struct xt_peer_change *peers;
	size_t n_peers, cap_peers;
};

/* Make an empty change in the caller's memory; xt_change_clear releases what it comes to hold. */
XT_API void xt_change_init(struct xt_change *change);

/* Release and wipe everything in the change, which is empty then and can be used again. */
XT_API void xt_change_clear(struct xt_change *change);

/* Append an entry for a peer.
 * key      copied
 * returns  the entry, zeroed but for its key; the change's, valid until the next call.  NULL: out
 *          of memory */
XT_API struct xt_peer_change *xt_change_peer(struct xt_change *change, const struct xt_public *key);

/* Append an allowed IP to a peer's entry.
 * cidr     copied; judged by xt_device_apply
 * remove   true: take it from that peer, if it is that peer's
 * returns  0, XT_E_NOMEM */
XT_API int xt_change_allowed(struct xt_peer_change *peer, const struct xt_cidr *cidr, bool remove);

#ifdef __cplusplus
}
#endif

#endif
