/* The socket for wg(8) and controllers, as the instance answers it. */
#include "daemon/instance_uv.h"

#include <errno.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/explain.h"

static int on_report(void *ctx, struct xt_report **out)
{
	struct xt_instance *instance = ctx;

	return xt_instance_answers(instance) ? xt_tunnel_report(instance->tunnel, out) : -EIO;
}

static int on_apply(void *ctx, const struct xt_change *change)
{
	struct xt_instance *instance = ctx;
	struct xt_change held = *change; /* what it points to stays the caller's */
	int rc;

	/* `wg syncconf` sends a mark of 0 where the file has none: without ours the tunnel's own
	 * datagrams would go into the tunnel */
	if ((held.set & XT_SET_FWMARK) && held.fwmark == 0)
		held.fwmark = instance->policy.table;
	rc = xt_instance_answers(instance) ? xt_loop_apply(instance->loop, &held) : -EIO;
	xt_wipe(&held.private_key, sizeof(held.private_key));

	if (rc < 0)
		xt_log_warning("%s: a change was refused: %s", instance->conf->name,
			       xt_strerror(rc));
	else
		xt_instance_notify_change(instance);
	return rc;
}

static void on_deleted(void *ctx)
{
	struct xt_instance *instance = ctx;

	xt_log_notice("%s: its socket was removed", instance->conf->name);
	instance->post(instance, XT_INSTANCE_END);
}

/* Another program's sockets may be there, or the directory not writable: for run and up wg(8) is a
 * convenience. */
int xt_instance_uapi_open(struct xt_instance *instance)
{
	bool dropin = instance->options.dropin;
	char path[XT_RUNSOCK_MAX];
	struct xt_uapi_options options = {.path = path,
					  .listen_fd = instance->options.uapi_fd,
					  .report = on_report,
					  .apply = on_apply,
					  .deleted = dropin ? on_deleted : NULL,
					  .ctx = instance};
	int rc;

	if (!dropin && geteuid() != 0) {
		xt_log_notice("%s: no socket for wg(8): that takes root", instance->conf->name);
		return 0;
	}
	if (!xt_rundir_socket(path, XT_UAPI_DIR, instance->conf->name))
		return dropin ? -ENAMETOOLONG : 0;
	rc = xt_uapi_open(&instance->uapi, &instance->uv, &options);
	if (rc == 0)
		return 0;
	if (dropin) {
		xt_explain_socket(path, rc);
		return rc;
	}
	xt_log_warning("%s: %s; wg(8) will not see %s", path, xt_strerror(rc),
		       instance->conf->name);
	return 0;
}
