/* SPDX-License-Identifier: MIT */
/* The easy interface: a device with its buffers and its cipher.  One packet or datagram goes in per
 * call, datagrams and packets come out; planning, encryption, handshakes, staged packets and
 * keepalives happen inside.  The batch interface (xtunnel/device.h) carries many packets a call and
 * lets other threads encrypt.
 *
 *   a packet from the host          xt_easy_send
 *   a datagram from the network     xt_easy_recv
 *   the deadline has come           xt_easy_poll
 *   after each of the three         xt_easy_take_datagram until it returns false: send them;
 *                                   xt_easy_take_packet until it returns false: pass them
 *                                   to the host
 *
 * What comes out waits inside until it is taken, and nothing is lost meanwhile: a call that finds
 * no room returns XT_E_FULL and has no effect.  No I/O, no clock; one thread at a time. */
#ifndef XTUNNEL_EASY_H
#define XTUNNEL_EASY_H

#include <xtunnel/device.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xt_easy;

/* A datagram.
 * data  len bytes.  Of one that came out: valid until the next call on the same xt_easy
 * path  out: where to send it (path.local as the source address, unless its family is 0).
 *       in: where it came from and to
 * ecn   the two ECN bits of the IP header, out: to be set, in: as received; 0 when unknown */
struct xt_easy_datagram {
	const uint8_t *data;
	size_t len;
	struct xt_path path;
	uint8_t ecn;
};

/* An IP packet that a peer sent.
 * data  len bytes, valid until the next call on the same xt_easy
 * peer  the sender's public key; the packet's source address is among its allowed IPs */
struct xt_easy_packet {
	const uint8_t *data;
	size_t len;
	struct xt_public peer;
};

/* Make a device with a private key.
 * out      the caller's, released by xt_easy_free; unchanged on error
 * env      as for xt_device_new: copied
 * key      copied; NULL: a new one from env->random
 * returns  0, XT_E_NOMEM, XT_E_CRYPTO (a self-test failed) */
XT_API int xt_easy_new(struct xt_easy **out, const struct xt_env *env,
		       const struct xt_private *key);

/* Wipe every key and buffer and release them.  NULL is allowed. */
XT_API void xt_easy_free(struct xt_easy *easy);

/* The public key that belongs to the device's private key now. */
XT_API struct xt_public xt_easy_key(const struct xt_easy *easy);

/* The device, for what is not here: xt_device_apply, xt_device_report, xt_device_deadline,
 * xt_device_set_mtu, xt_device_timestamp_limits.  It belongs to easy; the data path functions must
 * not be called on it. */
XT_API struct xt_device *xt_easy_device(struct xt_easy *easy);

/* Add a peer, or set an existing one's endpoint and add to its allowed IPs.
 * endpoint  NULL: unknown until the peer sends
 * allowed   n networks, host bits are ignored; taken from the peer that had them
 * returns   0, XT_E_NOMEM, XT_E_INVALID (endpoint or prefix length), after which nothing changed */
XT_API int xt_easy_add_peer(struct xt_easy *easy, struct xt_time now, const struct xt_public *key,
			    const struct xt_endpoint *endpoint, const struct xt_cidr *allowed,
			    size_t n);

/* Send an IP packet to the peer whose allowed IPs cover its destination.
 * packet   copied
 * len      bytes, 1..XT_PACKET_MAX
 * returns  the packet's enum xt_verdict: XT_PASS (its datagram is ready), XT_STAGED (it follows
 *          once the handshake that it started is done), XT_DROP_*; or an error, without any effect:
 *          XT_E_INVALID (len), XT_E_FULL (take datagrams first)
 * order    then xt_easy_take_datagram */
XT_API int xt_easy_send(struct xt_easy *easy, struct xt_time now, const void *packet, size_t len);

/* Receive a datagram.
 * datagram  copied; len 0..XT_PACKET_MAX
 * returns   its enum xt_verdict: XT_PASS (a packet is ready), XT_TAKEN_* (a message of the
 *           protocol), XT_DROP_*; or an error, without any effect: XT_E_INVALID (len), XT_E_FULL
 *           (take packets and datagrams first)
 * order     then xt_easy_take_packet, and xt_easy_take_datagram for what the device answers */
XT_API int xt_easy_recv(struct xt_easy *easy, struct xt_time now,
			const struct xt_easy_datagram *datagram);

/* Do what is due: retransmissions, keepalives, erasure of old keys.  Early calls do no harm.
 * returns  monotonic ns of the next call, 0: at once, XT_NEVER: none is needed; every other call on
 *          easy may bring it forward (xt_device_deadline)
 * order    then xt_easy_take_datagram */
XT_API uint64_t xt_easy_poll(struct xt_easy *easy, struct xt_time now);

/* Take the next datagram to be sent.
 * returns  false: no more until the next send, recv or poll; *out is unchanged */
XT_API bool xt_easy_take_datagram(struct xt_easy *easy, struct xt_easy_datagram *out);

/* Take the next packet for the host.
 * returns  false: no more until the next recv; *out is unchanged */
XT_API bool xt_easy_take_packet(struct xt_easy *easy, struct xt_easy_packet *out);

#ifdef __cplusplus
}
#endif

#endif
