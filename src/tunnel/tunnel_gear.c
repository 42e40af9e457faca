/* SPDX-License-Identifier: MIT */
/* Parts of a running tunnel that are exchanged: port, cipher, threads, echo responder, offload,
 * captures. */
#include <string.h>

#include "platform/clock.h"
#include "platform/offload.h"
#include "tunnel/cipher.h"
#include "tunnel/tunnel_impl.h"

#define PORT_PEERS 512u /* a step: some microseconds each are spent on their keepalives */

enum xt_port_move xt_tunnel_port_move(struct xt_tunnel *tunnel)
{
	enum xt_port_move progress = xt_port_move_step(tunnel->dev, xt_clock_now(), PORT_PEERS);

	xt_tunnel_tick(tunnel);
	return progress;
}

void xt_tunnel_port_drop(struct xt_tunnel *tunnel)
{
	xt_udp_drop_old(tunnel->udp);
}

int xt_tunnel_gear_open(const struct xt_tunnel *tunnel, struct xt_tunnel_gear *gear, bool fresh,
			const char *aead, unsigned threads)
{
	int rc = 0;

	memset(gear, 0, sizeof(*gear));
	if (fresh)
		rc = xt_cipher_open(&gear->aead, aead, &gear->cipher);
	if (rc == 0)
		rc = xt_tunnel_workers_new(&gear->workers, fresh ? gear->aead : tunnel->aead,
					   threads);
	if (rc < 0) {
		xt_aead_free(gear->aead);
		gear->aead = NULL;
	}
	return rc;
}

void xt_tunnel_gear_use(struct xt_tunnel *tunnel, struct xt_tunnel_gear *gear)
{
	struct xt_tunnel_gear old = {.workers = tunnel->workers};

	tunnel->workers = gear->workers;
	if (gear->aead) {
		old.aead = tunnel->aead;
		old.cipher = tunnel->cipher;
		tunnel->aead = gear->aead;
		tunnel->cipher = gear->cipher;
	}
	xt_scheduler_set_crypto(tunnel->scheduler, tunnel->aead, tunnel->workers);
	*gear = old;
}

void xt_tunnel_gear_close(struct xt_tunnel_gear *gear)
{
	xt_worker_pool_free(gear->workers);
	xt_aead_free(gear->aead);
	memset(gear, 0, sizeof(*gear));
}

void xt_tunnel_set_local(struct xt_tunnel *tunnel, struct xt_echo *echo, const struct xt_ip *local4,
			 const struct xt_ip *local6)
{
	tunnel->local4 = *local4;
	tunnel->local6 = *local6;
	tunnel->echo = echo != NULL;
	xt_scheduler_set_local(tunnel->scheduler, echo, local4, local6);
}

bool xt_tunnel_offload(struct xt_tunnel *tunnel, bool on)
{
	xt_udp_offload(tunnel->udp, on && xt_offload_udp());
	return xt_tun_offload(tunnel->tun, on);
}

int xt_tunnel_capture(struct xt_tunnel *tunnel, const struct xt_capture_sink *sink, unsigned forms)
{
	if (!forms) {
		if (tunnel->scheduler)
			xt_scheduler_set_capture(tunnel->scheduler, NULL);
		xt_capture_free(tunnel->capture);
		tunnel->capture = NULL;
		return 0;
	}
	if (!tunnel->capture &&
	    xt_capture_new(&tunnel->capture, sink, tunnel->dev, tunnel->udp) < 0)
		return XT_E_NOMEM;
	xt_capture_set_wanted(tunnel->capture, forms);
	xt_scheduler_set_capture(tunnel->scheduler, tunnel->capture);
	return 0;
}
