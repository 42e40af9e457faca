/* SPDX-License-Identifier: MIT */
/* One instance after the other, so that the memory is that of one part of an answer. */
#include "exporter/collect.h"

#include <errno.h>

#include <xtunnel/error.h>

#include "daemon/rundir.h"
#include "ipc/rights.h"

static int on_part(void *ctx, const json_t *part, bool first)
{
	struct xt_metrics *metrics = ctx;

	return first ? xt_metrics_add(metrics, part) : xt_metrics_add_peers(metrics, part);
}

static const char *reason_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "is not running";
	case -EACCES:
		return "this user may not ask it; members of the group xtunnel-observer may";
	case -EPERM:
		return "the process that listens there belongs to another user";
	case -ETIMEDOUT:
		return "does not answer";
	case XT_E_AGAIN:
	case -EPIPE:
		return "is about to start or to end";
	case -EPROTONOSUPPORT:
		return XT_PROTOCOL_DIFFER;
	default:
		return xt_strerror(error);
	}
}

int xt_collect_instance(struct xt_metrics *metrics, struct xt_client *client, const char *name)
{
	int rc = xt_client_request_each(client, json_pack("{s:s,s:b}", "do", "show", "brief", 1),
					XT_COLLECT_SILENCE_MS, on_part, metrics);

	if (rc < 0 && xt_metrics_add_silent(metrics, name, reason_of(rc)) < 0)
		return XT_E_NOMEM;
	return rc;
}

static int name_collect(struct xt_metrics *metrics, const char *name)
{
	char path[XT_RUNSOCK_MAX];
	struct xt_client *client;
	int rc;

	if (!xt_rundir_find(path, name))
		return 0; /* it has ended since it was listed */
	rc = xt_client_open(&client, path);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return xt_metrics_add_silent(metrics, name, reason_of(rc)) < 0 ? XT_E_NOMEM : rc;
	rc = xt_collect_instance(metrics, client, name);
	xt_client_close(client);
	return rc;
}

int xt_collect(struct xt_metrics *metrics, size_t *failed)
{
	char **names;
	size_t n;
	int rc = xt_rundir_list(&names, &n);

	*failed = 0;
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && rc != XT_E_NOMEM; i++) {
		rc = name_collect(metrics, names[i]);
		*failed += rc < 0;
	}
	xt_rundir_list_free(names, n);
	return rc == XT_E_NOMEM ? rc : 0;
}
