/* SPDX-License-Identifier: MIT */
/* The log of a process that may open nothing: lines, messages and other text go over a socket to
 * the process that has the log and standard error. What comes there is checked and cleaned: the
 * sender is not trusted. */
#ifndef XT_HOST_LOG_RELAY_H
#define XT_HOST_LOG_RELAY_H

#include <stdbool.h>

/* Before the fork, after xt_log_sink_open. sender, receiver: close-on-exec, non-blocking; each
 * process closes the other's. interface: for a line of the receiver; copied. -errno. */
int xt_log_relay_open(int *sender, int *receiver, const char *interface);

/* In the sending process, before any other thread is started: from now on everything goes to
 * sender, which stays open. Nothing waits for the receiver: what it does not take at once is
 * dropped and counted, and the count follows with the next line. */
void xt_log_relay_send(int sender);
/* The level has changed (xt_log_set_level): the receiver's follows. Without a relay nothing. */
void xt_log_relay_level(void);

/* In the receiving process, when receiver is readable: put what waits there. 0; -EPIPE: the sender
 * has gone, and nothing is left; -EPROTO: what came is malformed. */
int xt_log_relay_read(void);

/* Wait, for ms at most, until all lines of this process have been written or dropped, with or
 * without a relay. false: some still wait. */
bool xt_log_flush(unsigned ms);
/* For a long text, after each XT_LOG_PART bytes of it: wait, for ms at most, until the receiver has
 * taken it. false: it has not, and what is put may be dropped. Without a relay nothing. */
bool xt_log_taken(unsigned ms);
#define XT_LOG_PART (16u << 10)

#endif
