/* One running tunnel: a device joined to a TUN, the UDP sockets and the state file of its identity.
 * Opens and closes the parts and reads the clock; libuv is not known here (see loop_uv.h). */
#ifndef XT_TUNNEL_TUNNEL_H
#define XT_TUNNEL_TUNNEL_H

#include <xtunnel/device.h>

#include "platform/tun.h"
#include "tunnel/pump.h"

struct xt_tunnel;

/* Called from within turns; must not call into the tunnel. Each may be NULL.
 * note: a sentence for the log. */
struct xt_tunnel_callbacks {
	void *ctx;
	void (*event)(void *ctx, enum xt_event event, const struct xt_public *peer,
		      const struct xt_endpoint *endpoint);
	bool (*pong)(void *ctx, const struct xt_pong *pong); /* true: taken, see pump.h */
	void (*note)(void *ctx, const char *text);
};

/* Opens the TUN and nothing else. What xt_tun_open returns. */
int xt_tunnel_open(struct xt_tunnel **out, const struct xt_tun_options *tun,
		   const struct xt_tunnel_callbacks *calls);

/* The steps of xt_tunnel_start, in order. */
enum xt_tunnel_step {
	XT_TUNNEL_KEYLOG,
	XT_TUNNEL_UDP,
	XT_TUNNEL_CIPHER,
	XT_TUNNEL_WORKERS,
	XT_TUNNEL_DEVICE,
	XT_TUNNEL_TIMESTAMP,
	XT_TUNNEL_PUMP,
};
const char *xt_tunnel_step_text(enum xt_tunnel_step step); /* a noun for messages */

/* Start everything else: sockets, device, crypto, data path. start is borrowed for the call, except
 * echo, which the caller frees after the tunnel (NULL: none).
 * step  out: on error the step that failed; may be NULL */
struct xt_tunnel_start {
	const struct xt_change *change; /* its port and mark are bound */
	struct xt_echo *echo;
	struct xt_ip local4, local6;
	const char *state_dir; /* NULL: no bound on stamps */
	const char *aead;      /* a backend's name; NULL: the fastest. See cipher.h */
	unsigned threads;      /* that encrypt, 0: as many as pay. See crew.h */
	bool offload_off;      /* UDP; the TUN's stands in xt_tun_options */
	const char *keylog;    /* a file for the keys of every handshake (keylog.h); NULL: none */
};
int xt_tunnel_start(struct xt_tunnel *tunnel, const struct xt_tunnel_start *start,
		    enum xt_tunnel_step *step);

/* Wipes and frees; a persistent interface stays. NULL is fine. */
void xt_tunnel_close(struct xt_tunnel *tunnel);

const struct xt_tun *xt_tunnel_tun(const struct xt_tunnel *tunnel);
const struct xt_udp *xt_tunnel_udp(const struct xt_tunnel *tunnel); /* NULL before start */
const char *xt_tunnel_aead(const struct xt_tunnel *tunnel);
/* Valid also after a start that failed at XT_TUNNEL_CIPHER. */
const struct xt_aead_report *xt_tunnel_cipher(const struct xt_tunnel *tunnel);
unsigned xt_tunnel_threads(const struct xt_tunnel *tunnel);
void xt_tunnel_set_mtu(struct xt_tunnel *tunnel, uint32_t mtu);

/* Turns, each with the time of now: see pump.h. */
int xt_tunnel_out(struct xt_tunnel *tunnel);
int xt_tunnel_in(struct xt_tunnel *tunnel);
void xt_tunnel_tick(struct xt_tunnel *tunnel);
void xt_tunnel_writable(struct xt_tunnel *tunnel);
bool xt_tunnel_blocked(const struct xt_tunnel *tunnel);
/* false: xt_tunnel_in would read nothing until the socket is writable again. */
bool xt_tunnel_reads(const struct xt_tunnel *tunnel);
/* Nanoseconds until the next tick, 0: due, XT_NEVER. */
uint64_t xt_tunnel_wait(const struct xt_tunnel *tunnel);

int xt_tunnel_report(const struct xt_tunnel *tunnel, struct xt_report **out);
/* All or nothing, the sockets first: -EADDRINUSE, -EACCES, -EPERM (mark), another -errno, or what
 * xt_device_apply returns. The device's port is the one that was bound. udp->fd[] changes with the
 * port: do not poll them meanwhile. */
int xt_tunnel_apply(struct xt_tunnel *tunnel, const struct xt_change *change);
/* A peer's name was resolved. Peers that have gone are no error. */
int xt_tunnel_set_endpoint(struct xt_tunnel *tunnel, const struct xt_public *peer,
			   const struct xt_endpoint *endpoint);
bool xt_tunnel_has_local(const struct xt_tunnel *tunnel, uint8_t family);
/* size bytes of payload; see xt_pump_ping. src: local4 or local6. XT_E_INVALID without one. */
int xt_tunnel_ping(struct xt_tunnel *tunnel, const struct xt_public *peer, const struct xt_ip *dst,
		   uint16_t id, uint16_t seq, uint64_t cookie, uint32_t size);

#endif
