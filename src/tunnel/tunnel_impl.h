/* The inside of a tunnel, for the files that share it. */
#ifndef XT_TUNNEL_TUNNEL_IMPL_H
#define XT_TUNNEL_TUNNEL_IMPL_H

#include "tunnel/keylog.h"
#include "tunnel/timestamp.h"
#include "tunnel/tunnel.h"

struct xt_tunnel {
	struct xt_tunnel_callbacks calls;
	struct xt_tun *tun;
	struct xt_udp *udp;
	struct xt_device *dev;
	struct xt_aead *aead;
	struct xt_worker_pool *crew;
	struct xt_aead_report cipher; /* why that one */
	struct xt_timestamp *stamp;
	struct xt_scheduler *scheduler;
	int keylog; /* descriptor, -1: none */
	struct xt_ip local4, local6;
	bool echo;
	uint32_t mark;		   /* of the sockets */
	char *state_dir;	   /* NULL: none */
	struct xt_public identity; /* whose stamps are kept; all zero: nobody's */
};

/* The stamps of another identity from now on; NULL: of none. XT_E_NOMEM: there is no bound. */
int xt_tunnel_identity(struct xt_tunnel *tunnel, const struct xt_public *key);
/* The stamps' limits and warnings are told to device and caller. */
void xt_tunnel_update_timestamp(struct xt_tunnel *tunnel);

#endif
