/* A TUN on which an echo endpoint answers, until a signal, a count or the interface's end. */
#ifndef XT_CLI_ECHO_LOOP_H
#define XT_CLI_ECHO_LOOP_H

#include "packet/echo_responder.h"
#include "platform/link.h"
#include "platform/tun.h"

struct xt_echo_loop {
	struct xt_tun *tun;
	struct xt_echo *echo;
	uint64_t limit; /* answers, then it ends; 0: none */
};

/* Everything is borrowed. 0, or a negative error when the loop could not start or the TUN died. */
int xt_echo_loop_run(const struct xt_echo_loop *what);

#endif
