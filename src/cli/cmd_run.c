/* SPDX-License-Identifier: MIT */
/* run and up: the same instance, in the foreground or in the background. */
#include "daemon/background.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"

const char xt_text_run[] =
    "\nNAME stands for /etc/xtunnel/NAME.conf or else /etc/wireguard/NAME.conf. An argument that ends\n"
    "in .conf or contains a / is a path; the file's name without .conf is that of the interface.\n"
    "SIGTERM and Ctrl-C end it cleanly, SIGHUP reloads its file, SIGUSR1 prints its state.\n"
    "LOG_LEVEL=silent|error|verbose|debug sets what is logged (error).\n";
const char xt_text_up[] =
    "\nReturns once the instance is ready and PostUp has run. When a step fails, all steps are undone\n"
    "and the exit status is that of run. See `xtunnel help run` for names and LOG_LEVEL.\n";

static int instance_serve(const char *name_or_path, const struct xt_instance_options *options)
{
	struct xt_conf conf;
	int status = xt_conf_open(&conf, name_or_path, stderr);

	if (status == XT_EXIT_OK)
		status = xt_instance_run(&conf, options);
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_run(const struct xt_args *args)
{
	struct xt_instance_options options = {.ready = -1};

	(void)xt_log_level_env();
	return instance_serve(args->operands[0], &options);
}

static int file_serve(const void *path, const struct xt_instance_options *options)
{
	return instance_serve(path, options);
}

int xt_cmd_up(const struct xt_args *args)
{
	bool loud = xt_log_level_env();

	return xt_background(file_serve, args->operands[0], loud, NULL, 0);
}
