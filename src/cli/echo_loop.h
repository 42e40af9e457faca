/* SPDX-License-Identifier: MIT */
/* A TUN with an echo responder, until a signal, a number of answers, the end of the interface or
 * that of the output's reader. */
#ifndef XT_CLI_ECHO_LOOP_H
#define XT_CLI_ECHO_LOOP_H

#include "packet/echo_responder.h"
#include "platform/link.h"
#include "platform/tun.h"

struct xt_echo_loop {
	struct xt_tun *tun;
	struct xt_echo *echo;
	uint64_t limit;	     /* end after this many answers; 0: no limit */
	bool (*ended)(void); /* asked after each batch; true: end */
};

/* Everything is borrowed. 0, or a negative error when the loop could not start or the TUN died. */
int xt_echo_loop_run(const struct xt_echo_loop *what);

#endif
