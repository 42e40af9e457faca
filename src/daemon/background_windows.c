/* SPDX-License-Identifier: MIT */
/* The background of Windows is its service manager. */
#include "daemon/background.h"

#include "base/message.h"
#include "daemon/exit.h"

int xt_background(xt_serve *serve, const void *what, bool loud, const int *keep, size_t n_keep,
		  const struct xt_background_watch *watch)
{
	(void)serve;
	(void)what;
	(void)loud;
	(void)keep;
	(void)n_keep;
	(void)watch;
	xt_message("on Windows the service manager starts instances");
	xt_hint("once: xtunnel service install NAME; then: sc start xtunnel$NAME; on this console: "
		"xtunnel run NAME");
	return XT_EXIT_USAGE;
}

int xt_background_apart(int (*step)(const void *what), const void *what)
{
	return step(what);
}
