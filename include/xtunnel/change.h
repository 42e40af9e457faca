/* One configuration change as data: the single road into a device.  Whoever builds it owns it;
 * the device copies what it keeps. */
#ifndef XTUNNEL_CHANGE_H
#define XTUNNEL_CHANGE_H

#include <xtunnel/types.h>

enum {				    /* xt_change.set */
       XT_SET_PRIVATE_KEY = 1 << 0, /* all zero: remove */
       XT_SET_LISTEN_PORT = 1 << 1, /* for the UDP socket; the device only remembers it */
       XT_SET_FWMARK = 1 << 2,	    /* likewise */
       XT_SET_REPLACE_PEERS = 1 << 3,
};

enum { /* xt_peer_change.set */
       XT_PEER_REMOVE = 1 << 0,
       XT_PEER_UPDATE_ONLY = 1 << 1,
       XT_PEER_PSK = 1 << 2,
       XT_PEER_ENDPOINT = 1 << 3,
       XT_PEER_KEEPALIVE = 1 << 4,
       XT_PEER_REPLACE_ALLOWED = 1 << 5,
       XT_PEER_NAME = 1 << 6,
};

#define XT_NAME_MAX 63

struct xt_allowed_change {
	struct xt_cidr cidr; /* host bits zero */
	bool remove;
};

struct xt_peer_change {
	struct xt_public key;
	uint32_t set;
	struct xt_psk psk; /* all zero: none */
	struct xt_endpoint endpoint;
	uint16_t keepalive_s; /* 0: off */
	char name[XT_NAME_MAX + 1];
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

void xt_change_init(struct xt_change *change);
void xt_change_clear(struct xt_change *change); /* wipes; ready for use again */
/* The new entry, zeroed but for its key, or NULL without memory.  Valid until the next call. */
struct xt_peer_change *xt_change_peer(struct xt_change *change, const struct xt_public *key);
int xt_change_allowed(struct xt_peer_change *peer, const struct xt_cidr *cidr, bool remove);

#endif
