/* SPDX-License-Identifier: MIT */
/* Probes of the path's MTU: when they are sent, to which address, in which form. */
#include "core/mtu_probe.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "packet/probe.h"
#include "packet/transport.h"

/* A check waits for a session so young that the peer's answer does not make it begin a handshake:
 * the initiator of a session does so when it sends after 120 s, the responder after 165 s. */
#define FITS_INITIATOR (150 * XT_SECOND)
#define FITS_RESPONDER (115 * XT_SECOND)

#define TARGET_AGAIN (10 * XT_SECOND) /* no address to ask was known: some packets later */

#define SAMPLE_LEAST	 1200u	       /* bytes: every path carries what is smaller */
#define SAMPLE_GAP	 (100 * XT_MS) /* between two that were acknowledged */
#define SAMPLE_REPEATED	 (100 * XT_MS) /* sooner it is no retransmission by timeout */
#define SAMPLE_SILENT	 (300 * XT_MS) /* or three round trips */
#define SAMPLE_FORGOTTEN (5 * XT_SECOND)

/* The usual MTU of the interfaces of other implementations, up to which they pad. */
#define PEER_MTU 1420u

static struct xt_path_mtu_random device_random(struct xt_device *dev)
{
	return (struct xt_path_mtu_random){.fill = dev->env.random, .ctx = dev->env.ctx};
}

/* The largest size of use: a packet of the interface's MTU, as the peer would pad it. */
static uint16_t size_top(const struct xt_device *dev)
{
	uint32_t padded = XT_ALIGN_UP(dev->mtu, XT_PATH_MTU_STEP);
	uint32_t top = XT_MIN(padded, XT_MAX(dev->mtu, PEER_MTU));

	return (uint16_t)XT_MIN(top, XT_DATAGRAM_MAX - XT_HEADROOM - XT_TAG_LEN);
}

/* --- addresses --- */

/* The interface's address to ask from: in the network of to, else the first of its family. */
static bool address_from(const struct xt_device *dev, const struct xt_ip *to, struct xt_ip *out)
{
	out->family = 0;
	for (size_t i = 0; i < dev->n_local_nets; i++) {
		const struct xt_cidr *net = &dev->local_nets[i];

		if (net->ip.family != to->family)
			continue;
		if (!out->family)
			*out = net->ip;
		if (xt_cidr_contains(net, to)) {
			*out = net->ip;
			break;
		}
	}
	return out->family != 0;
}

/* The only address of a family that the peer has for itself. */
static bool address_single(const struct xt_device *dev, const struct xt_peer *peer, uint8_t family,
			   struct xt_ip *out)
{
	struct xt_cidr cidr;
	unsigned n = 0;

	for (uint32_t at = 0;
	     n < 2 && xt_allowedips_next(&dev->allowed, &peer->allowed, &at, &cidr);) {
		if (cidr.ip.family != family || cidr.bits != xt_ip_bits(&cidr.ip))
			continue;
		*out = cidr.ip;
		n++;
	}
	return n == 1;
}

/* Behind an exit the inner source of a packet is any host: only one in our networks is asked. */
static bool address_heard(const struct xt_device *dev, const struct xt_peer *peer, uint8_t family,
			  struct xt_ip *out)
{
	for (size_t i = 0; xt_peer_heard(peer, family, out) && i < dev->n_local_nets; i++) {
		const struct xt_cidr *net = &dev->local_nets[i];

		if (net->ip.family == family && net->bits < xt_ip_bits(out) &&
		    xt_cidr_contains(net, out) && !xt_ip_equal(&net->ip, out))
			return true;
	}
	return false;
}

static bool address_to(const struct xt_device *dev, const struct xt_peer *peer, struct xt_ip *to,
		       struct xt_ip *from)
{
	if (peer->probe_address.family) {
		*to = peer->probe_address;
		return address_from(dev, to, from);
	}
	return (address_single(dev, peer, 4, to) && address_from(dev, to, from)) ||
	       (address_single(dev, peer, 6, to) && address_from(dev, to, from)) ||
	       (address_heard(dev, peer, 4, to) && address_from(dev, to, from)) ||
	       (address_heard(dev, peer, 6, to) && address_from(dev, to, from));
}

/* Choose the addresses of requests. Returns the number of forms; 0: there is no address.
 * single  out: how many of them, the last ones, confirm a size and search none */
static uint8_t targets_choose(const struct xt_device *dev, const struct xt_peer *peer,
			      struct xt_mtu_search *search, uint8_t *single)
{
	const struct xt_ip group = {.family = 6, .b = {0xff, 0x02, [15] = 1}};
	struct xt_ip from;
	uint8_t forms = 0;

	*single = 0;
	memset(&search->to, 0, sizeof(search->to));
	memset(&search->group, 0, sizeof(search->group));
	if (address_to(dev, peer, &search->to, &search->from)) {
		forms += 2; /* echo, TCP */
		if (search->to.family == 6) {
			*single = 1;
			forms++;
		}
	} else {
		search->to.family = 0;
	}
	if (!peer->probe_address.family && address_from(dev, &group, &from)) {
		search->group = group;
		forms++;
		if (!search->to.family)
			search->from = from;
	}
	return forms;
}

/* Form 0 is the echo request to the address, form 1 TCP; then the echo request to the group of all
 * nodes, if there is one; the last one is the option. */
static size_t request_write(const struct xt_device *dev, const struct xt_mtu_search *search,
			    const struct xt_path_mtu_probe *probe, uint8_t *at)
{
	enum xt_probe_kind kind = XT_PROBE_ECHO;
	const struct xt_ip *to = &search->to;
	struct xt_ip from = search->from;

	if (!to->family || (probe->form == 2 && search->group.family)) {
		to = &search->group;
		if (!address_from(dev, to, &from))
			return 0;
	} else if (probe->form == 1) {
		kind = XT_PROBE_TCP;
	} else if (probe->form > 1) {
		kind = XT_PROBE_HOP;
	}
	return xt_probe_build(at, kind, &from, to, probe->token);
}

/* --- the search --- */

static void sample_reset(struct xt_peer *peer)
{
	const struct xt_path_mtu *state = &peer->search->state;
	uint32_t least = SAMPLE_LEAST;

	if (state->found && state->found < least + XT_PATH_MTU_STEP)
		least = state->found - XT_PATH_MTU_STEP;
	peer->sample_least = state->source == XT_PATH_MTU_PROBED ? (uint16_t)least : UINT16_MAX;
	peer->sample_waits = false;
}

/* The result becomes that of the peer. Sizes at the top limit nothing. */
static void result_publish(struct xt_device *dev, struct xt_peer *peer)
{
	const struct xt_path_mtu *state = &peer->search->state;
	uint16_t before = peer->mtu;

	peer->mtu = state->found < state->top ? state->found : 0;
	sample_reset(peer);
	if (peer->mtu != before && dev->env.mtu_changed)
		dev->env.mtu_changed(dev->env.ctx, peer, before, peer->mtu);
}

/* false: without memory there is no search. */
static bool search_allocate(struct xt_peer *peer)
{
	if (peer->search)
		return true;
	peer->search = calloc(1, sizeof(*peer->search));
	if (!peer->search)
		return false;
	xt_path_mtu_init(&peer->search->state);
	peer->path_moved = true;
	return true;
}

static bool search_start(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	struct xt_path_mtu_random random = device_random(dev);
	uint8_t single, forms = targets_choose(dev, peer, peer->search, &single);

	if (!forms)
		return false;
	peer->path_moved = false;
	xt_path_mtu_start(&peer->search->state, now.mono, size_top(dev), forms, single, &random);
	return true;
}

void xt_mtu_probe_session(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	if (!dev->n_local_nets)
		return;
	peer->timers.path_mtu = now.mono;
	xt_peer_mark_dirty(dev, peer);
}

/* A suspicion comes from traffic, which keeps the session alive anyway. */
static bool session_fits(const struct xt_peer *peer, struct xt_time now, bool suspected)
{
	const struct xt_keypair *kp = peer->keypairs.current;
	const struct xt_path_mtu *state = &peer->search->state;

	/* What comes back into the tunnel is no answer of the path's. */
	if (!xt_keypair_may_send(kp, now.mono) || peer->loop)
		return false;
	if (suspected || state->phase != XT_PATH_MTU_IDLE)
		return true;
	return now.mono - kp->birth < (kp->initiator ? FITS_INITIATOR : FITS_RESPONDER);
}

static void probes_schedule(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	if (xt_mtu_probe_due(peer, now))
		xt_peer_set_tx_ready(dev, peer); /* sending moves the deadline */
	else
		peer->timers.path_mtu = peer->search->state.due;
	xt_peer_mark_dirty(dev, peer);
}

/* The peer has answered, and waits for something in return. */
static void search_ended(struct xt_device *dev, struct xt_peer *peer)
{
	if (!peer->search->state.heard)
		return;
	peer->keepalive_pending = !peer->staged.n;
	xt_peer_set_tx_ready(dev, peer);
}

void xt_mtu_probe_tick(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	struct xt_path_mtu_random random = device_random(dev);
	struct xt_path_mtu *state;
	bool suspected = peer->path_suspected, searched;

	peer->timers.path_mtu = XT_NEVER;
	peer->path_suspected = false;
	if (!dev->n_local_nets || !peer->path.remote.ip.family || !search_allocate(peer))
		return;
	state = &peer->search->state;
	searched = state->phase != XT_PATH_MTU_IDLE;
	if (!session_fits(peer, now, suspected)) { /* the next session goes on */
		xt_path_mtu_pause(state, now.mono);
		return;
	}
	if (peer->path_moved && !search_start(dev, now, peer)) {
		if (now.mono - peer->keypairs.current->birth < TARGET_AGAIN)
			peer->timers.path_mtu = peer->keypairs.current->birth + TARGET_AGAIN;
		return;
	}
	if (suspected)
		(void)xt_path_mtu_suspect(state, now.mono, &random);
	if (xt_path_mtu_step(state, now.mono, &random))
		result_publish(dev, peer);
	if (searched && state->phase == XT_PATH_MTU_IDLE)
		search_ended(dev, peer);
	probes_schedule(dev, now, peer);
}

void xt_mtu_probe_suspect(struct xt_device *dev, struct xt_time now, struct xt_peer *peer)
{
	if (!peer->search || now.mono < peer->search->state.suspect_after ||
	    !xt_keypair_may_send(peer->keypairs.current, now.mono))
		return;
	peer->path_suspected = true;
	peer->timers.path_mtu = now.mono;
	xt_peer_mark_dirty(dev, peer);
}

bool xt_mtu_probe_due(const struct xt_peer *peer, struct xt_time now)
{
	return peer->search && xt_path_mtu_ready(&peer->search->state, now.mono);
}

uint32_t xt_mtu_probe_write(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			    uint8_t *at)
{
	struct xt_path_mtu_probe probe;
	size_t len, size;

	if (!xt_path_mtu_next(&peer->search->state, now.mono, &probe))
		return 0;
	peer->timers.path_mtu = peer->search->state.due;
	xt_peer_mark_dirty(dev, peer);
	len = request_write(dev, peer->search, &probe, at);
	if (!len)
		return 0;
	/* More zeros than a packet is padded with: receivers tell it from content. */
	size = XT_MAX((size_t)probe.size, len + XT_PADDING);
	memset(at + len, 0, size - len);
	return (uint32_t)size;
}

bool xt_mtu_probe_answered(struct xt_time now, struct xt_peer *peer, const struct xt_ip_view *ip)
{
	struct xt_path_mtu *state = &peer->search->state;
	uint32_t token;

	if (!xt_probe_read(ip, &token) || !xt_path_mtu_answer(state, now.mono, token))
		return false;
	peer->timers.path_mtu = XT_MIN(peer->timers.path_mtu, state->due);
	return true;
}

/* --- the sample --- */

static uint32_t far_address(const struct xt_ip_view *ip, const uint8_t *address)
{
	return xt_be32_get(address + (ip->version == 4 ? 0 : 12));
}

void xt_mtu_sample_sent(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			const struct xt_ip_view *ip)
{
	struct xt_mtu_sample *sample = &peer->search->sample;
	const uint8_t *tcp = ip->bytes + ip->upper;
	uint32_t header, ports, seq;

	header = ip->fragment ? 0 : xt_tcp_header(tcp, ip->len - ip->upper);
	if (!header)
		return;
	ports = xt_be32_get(tcp);
	seq = xt_be32_get(tcp + 4);
	if (peer->sample_waits && now.mono - sample->first < SAMPLE_FORGOTTEN) {
		/* A sender that hears nothing repeats the first segment that is missing. When that
		 * is an earlier one, and answers come, it is followed from now on. */
		if (ports != sample->ports || (int32_t)(seq - sample->seq) > 0)
			return;
		if (now.mono - (seq == sample->seq ? sample->first : sample->heard) >=
		    SAMPLE_REPEATED) {
			peer->sample_waits = false;
			xt_mtu_probe_suspect(dev, now, peer);
			return;
		}
		if (seq == sample->seq)
			return;
	}
	*sample = (struct xt_mtu_sample){.first = now.mono,
					 .heard = now.mono,
					 .ports = ports,
					 .far = far_address(ip, ip->dst),
					 .seq = seq,
					 .end = seq + ip->len - ip->upper - header,
					 .len = ip->len};
	peer->sample_waits = true;
}

/* Does the packet acknowledge the segment that is followed? */
static bool sample_acknowledged(const struct xt_mtu_sample *sample, const struct xt_ip_view *ip)
{
	const uint8_t *tcp = ip->bytes + ip->upper;

	if (ip->protocol != XT_PROTO_TCP || ip->fragment ||
	    !xt_tcp_header(tcp, ip->len - ip->upper))
		return false;
	return xt_be16_get(tcp) == (uint16_t)sample->ports &&
	       xt_be16_get(tcp + 2) == sample->ports >> 16 &&
	       far_address(ip, ip->src) == sample->far &&
	       (int32_t)(xt_be32_get(tcp + 8) - sample->end) >= 0;
}

void xt_mtu_sample_heard(struct xt_device *dev, struct xt_time now, struct xt_peer *peer,
			 const struct xt_ip_view *ip)
{
	struct xt_mtu_search *search = peer->search;
	struct xt_mtu_sample *sample = &search->sample;
	uint64_t patient = XT_MAX(SAMPLE_SILENT, 3 * search->state.rtt);

	sample->heard = now.mono;
	if (sample_acknowledged(sample, ip)) {
		peer->sample_waits = false;
		sample->next = now.mono + SAMPLE_GAP;
		if (sample->len + XT_PATH_MTU_STEP > search->state.found)
			xt_path_mtu_confirm(&search->state, now.mono);
	} else if (now.mono - sample->first >= patient &&
		   now.mono - sample->first < SAMPLE_FORGOTTEN) {
		peer->sample_waits = false;
		xt_mtu_probe_suspect(dev, now, peer);
	}
}
