/* A change to a running tunnel: sockets, device, and the state file of its identity. */
#include <string.h>

#include <sodium.h>

#include "crypto/dh.h"
#include "platform/clock.h"
#include "tunnel/tunnel_impl.h"

void xt_tunnel_update_timestamp(struct xt_tunnel *tunnel)
{
	const char *warning = xt_timestamp_warning(tunnel->stamp);

	xt_device_timestamp_limits(tunnel->dev, xt_timestamp_floor(tunnel->stamp),
				   xt_timestamp_bound(tunnel->stamp));
	if (warning && tunnel->calls.note)
		tunnel->calls.note(tunnel->calls.ctx, warning);
}

int xt_tunnel_identity(struct xt_tunnel *tunnel, const struct xt_public *key)
{
	int rc = 0;

	xt_timestamp_close(tunnel->stamp, xt_device_timestamp(tunnel->dev));
	tunnel->stamp = NULL;
	memset(&tunnel->identity, 0, sizeof(tunnel->identity));
	if (key) {
		tunnel->identity = *key;
		rc = xt_timestamp_open(&tunnel->stamp, tunnel->state_dir, key);
	}
	if (tunnel->stamp)
		xt_tunnel_update_timestamp(tunnel);
	else
		xt_device_timestamp_limits(tunnel->dev, 0, XT_NEVER);
	return rc;
}

static void follow_key(struct xt_tunnel *tunnel, const struct xt_private *key)
{
	struct xt_private scalar = *key;
	struct xt_public public = {{0}};
	bool some = !sodium_is_zero(key->b, sizeof(key->b));
	int rc;

	if (some) {
		xt_dh_clamp(&scalar);
		xt_dh_public(&public, &scalar);
	}
	sodium_memzero(&scalar, sizeof(scalar));
	if (memcmp(&public, &tunnel->identity, sizeof(public)) == 0)
		return;
	rc = xt_tunnel_identity(tunnel, some ? &public : NULL);
	if (rc < 0 && tunnel->calls.note)
		tunnel->calls.note(tunnel->calls.ctx, "the state file of the new key: no memory");
}

/* Ports and mark; the old ones in old, to go back. */
struct binding {
	uint16_t port;
	uint32_t mark;
};

static int rebind(struct xt_tunnel *tunnel, const struct xt_change *change, struct binding *old)
{
	struct xt_udp *udp = tunnel->udp;
	uint16_t port = change->set & XT_SET_LISTEN_PORT ? change->listen_port : udp->port;
	uint32_t mark = change->set & XT_SET_FWMARK ? change->fwmark : tunnel->mark;
	int rc;

	*old = (struct binding){udp->port, tunnel->mark};
	rc = udp->ops->rebind(udp, port, mark);
	if (rc == 0)
		tunnel->mark = mark;
	return rc;
}

static void bind_back(struct xt_tunnel *tunnel, const struct binding *old)
{
	struct xt_udp *udp = tunnel->udp;

	if (udp->ops->rebind(udp, old->port, old->mark) == 0)
		tunnel->mark = old->mark;
}

int xt_tunnel_apply(struct xt_tunnel *tunnel, const struct xt_change *change)
{
	struct xt_change bound = *change; /* its lists are borrowed */
	struct binding old;
	int rc = rebind(tunnel, change, &old);

	if (rc < 0)
		return rc;
	if (tunnel->udp->port != old.port)
		bound.set |= XT_SET_LISTEN_PORT;
	bound.listen_port = tunnel->udp->port;
	rc = xt_device_apply(tunnel->dev, xt_clock_now(), &bound);
	if (rc < 0)
		bind_back(tunnel, &old);
	else if (change->set & XT_SET_PRIVATE_KEY)
		follow_key(tunnel, &change->private_key);
	sodium_memzero(&bound, sizeof(bound));
	return rc;
}
