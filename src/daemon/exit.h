/* SPDX-License-Identifier: MIT */
/* Exit codes, as xtunnel(8) documents them. */
#ifndef XT_DAEMON_EXIT_H
#define XT_DAEMON_EXIT_H

enum xt_exit {
	XT_EXIT_OK = 0,
	XT_EXIT_FAILURE = 1,
	XT_EXIT_USAGE = 2,
	XT_EXIT_NOT_RUNNING = 3,
	XT_EXIT_CONFIG = 4,
	XT_EXIT_UNREACHABLE = 5,
};

#endif
