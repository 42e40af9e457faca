/* SPDX-License-Identifier: MIT */
/* Systems on which an instance takes no lock: it runs as the user that has started it. */
#include "daemon/sandbox_user.h"

#include <errno.h>
#include <time.h>

#include <jansson.h>

#include "base/message.h"

int xt_sandbox_user_choose(struct xt_sandbox_user *out, const struct xt_conf *conf,
			   const char *name)
{
	(void)conf;
	(void)name;
	out->uid = out->gid = UINT32_MAX;
	return 0;
}

int xt_sandbox_mode_choose(enum xt_sandbox_mode *out, const struct xt_conf *conf)
{
	*out = XT_SANDBOX_MODE_OFF;
	if (conf->sandbox != XT_SANDBOX_MODE_STRICT && !conf->user)
		return 0;
	xt_message("%s: %s is refused: this system has no locks for an instance, which runs "
		   "unconfined",
		   conf->name, conf->user ? "User" : "Sandbox = strict");
	return -EINVAL;
}

void xt_sandbox_prepare(void)
{
	tzset();
	json_object_seed(0);
}
