/* SPDX-License-Identifier: MIT */
/* [-f] NAME: the command line of a userspace implementation. The device starts without key and
 * peer; wg(8) and controllers configure it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/background.h"
#include "daemon/log_level.h"
#include "cli/cmd.h"
#include "cli/term.h"

struct interface {
	const char *name;
	int fd[2]; /* TUN, listening socket; 0: not given */
};

/* The descriptor that environment variable name holds, opened by the caller; 0: not set. false: it
 * is not one, which is printed. */
static bool env_fd(const char *name, int *out)
{
	const char *text = getenv(name);
	uint64_t fd;

	*out = 0;
	if (!text || !*text)
		return true;
	if (!xt_number(&fd, text, 1 << 20, false) || fd <= STDERR_FILENO ||
	    fcntl((int)fd, F_GETFD) < 0) {
		xt_message("%s=%.20s: not an open descriptor", name, text);
		return false;
	}
	*out = (int)fd;
	return true;
}

static int interface_serve(const void *what, const struct xt_instance_options *options)
{
	const struct interface *interface = what;
	struct xt_instance_options mine = *options;
	struct xt_conf conf;
	int status;

	memset(&conf, 0, sizeof(conf));
	snprintf(conf.name, sizeof(conf.name), "%s", interface->name);
	mine.dropin = true;
	mine.tun_fd = interface->fd[0];
	mine.uapi_fd = interface->fd[1];
	status = xt_instance_run(&conf, &mine);
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_interface(const struct xt_args *args)
{
	const char *foreground = getenv("WG_PROCESS_FOREGROUND");
	struct xt_instance_options options = {.ready = -1};
	struct interface interface = {.name = args->operands[0]};
	bool loud = xt_log_level_env(XT_LOG_WARNING);
	int status;

	if (!env_fd("WG_TUN_FD", &interface.fd[0]) || !env_fd("WG_UAPI_FD", &interface.fd[1]))
		return XT_EXIT_FAILURE;
	if (args->given[0] || (foreground && strcmp(foreground, "1") == 0))
		return interface_serve(&interface, &options);
	status = xt_background(interface_serve, &interface, loud, interface.fd, 2, NULL);
	if (status == XT_EXIT_OK && isatty(STDERR_FILENO)) {
		xt_message("started an interface named %s, without key and peers, for wg(8)",
			   interface.name);
		xt_hint(
		    "xtunnel down %s ends it; xtunnel up %s starts it from its configuration file",
		    interface.name, interface.name);
	}
	return status;
}
