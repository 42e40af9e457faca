/* run and up: the same endpoint, in the foreground or behind. */
#include "daemon/background.h"
#include "cli/cmd.h"
#include "cli/conf_open.h"

const char xt_text_run[] =
    "\nNAME is looked for as /etc/xtunnel/NAME.conf, then /etc/wireguard/NAME.conf; a FILE ends\n"
    "in .conf or has a / in it, and its name without .conf is the interface's. SIGTERM and\n"
    "Ctrl-C end it cleanly, SIGUSR1 and SIGHUP print its state.\n"
    "LOG_LEVEL=silent|error|verbose|debug says how much it tells (error).\n";
const char xt_text_up[] =
    "\nReturns once the endpoint answers, PostUp included; when a step fails, all is undone and\n"
    "the exit status is that of run. See `xtunnel help run` for names and LOG_LEVEL.\n";

static int serve(const char *name_or_path, const struct xt_instance_options *wish)
{
	struct xt_conf conf;
	int status = xt_conf_open(&conf, name_or_path);

	if (status == XT_EXIT_OK)
		status = xt_instance_run(&conf, wish);
	xt_conf_clear(&conf);
	return status;
}

int xt_cmd_run(const struct xt_args *args)
{
	struct xt_instance_options wish = {.ready = -1};

	(void)xt_log_level_env();
	return serve(args->operands[0], &wish);
}

static int serve_file(const void *what, const struct xt_instance_options *wish)
{
	return serve(what, wish);
}

int xt_cmd_up(const struct xt_args *args)
{
	bool loud = xt_log_level_env();

	return xt_background(serve_file, args->operands[0], loud, NULL, 0);
}
