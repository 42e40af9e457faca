/* SPDX-License-Identifier: MIT */
/* Systems on which no instance goes on in another process: adapters, sockets and pipes cannot be
 * handed over as they are on Unix. */
#include "daemon/instance_uv.h"

#include <xtunnel/error.h>

int xt_instance_upgrade(struct xt_instance *instance, struct xt_control_request *request,
			const json_t *msg)
{
	(void)instance;
	(void)request;
	(void)msg;
	return XT_E_UNSUPPORTED;
}

void xt_instance_upgrade_resume(struct xt_instance *instance)
{
	(void)instance;
}

bool xt_instance_upgrade_cancel(struct xt_instance *instance)
{
	(void)instance;
	return false;
}

void xt_instance_parked(void *instance)
{
	(void)instance;
}

void xt_instance_adopt_sockets(struct xt_instance *instance)
{
	(void)instance;
}

int xt_instance_adopt_fetch(void *instance, const void **snapshot, size_t *len)
{
	(void)instance;
	(void)snapshot;
	(void)len;
	return XT_E_UNSUPPORTED;
}

int xt_instance_adopt_confirm(struct xt_instance *instance)
{
	(void)instance;
	return XT_E_UNSUPPORTED;
}

void xt_instance_adopt_forget(struct xt_instance *instance)
{
	(void)instance;
}
