/* The way to a running endpoint. */
#include "cli/query.h"

#include <errno.h>

#include <xtunnel/error.h>

#include "cli/args.h"
#include "cli/term.h"
#include "config/conf.h"

int xt_query_open(struct xt_client **out, const char *name, char path[XT_RUNSOCK_MAX], bool quiet)
{
	char own_path[XT_RUNSOCK_MAX];
	int rc;

	if (!path)
		path = own_path;
	path[0] = '\0';
	*out = NULL;
	if (!xt_conf_name_valid(name)) {
		xt_message("%.60s: not the name of an endpoint", name);
		xt_hint("`xtunnel show` lists those that run");
		return XT_EXIT_USAGE;
	}
	if (!xt_rundir_find(path, name)) {
		path[0] = '\0';
		rc = -ENOENT;
	} else {
		rc = xt_client_open(out, path);
	}
	if (rc == 0)
		return XT_EXIT_OK;
	if (rc != -ENOENT && rc != -ECONNREFUSED) {
		xt_message("%s: %s", path, xt_strerror(rc));
		if (rc == -EACCES || rc == -EPERM)
			xt_hint("it is not yours; try again as root (sudo)");
		return XT_EXIT_FAILURE;
	}
	if (!quiet) {
		xt_message("%s is not running", name);
		xt_hint("xtunnel up %s starts it; xtunnel show lists what runs", name);
	}
	return XT_EXIT_NOT_RUNNING;
}
