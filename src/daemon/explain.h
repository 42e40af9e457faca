/* SPDX-License-Identifier: MIT */
/* Messages for what fails on the way up, each with the next step. All print to standard error. */
#ifndef XT_DAEMON_EXPLAIN_H
#define XT_DAEMON_EXPLAIN_H

#include "config/conf.h"

/* Remember this process's user: a confined process has another one, and can look none up. */
void xt_explain_open(void);

/* Print which capability this process lacks although it is root, as in a container. false: it is
 * not root, and nothing is printed. */
bool xt_explain_root(const char *capability);
void xt_explain_tun(const char *name, int error);
void xt_explain_udp(const struct xt_conf *conf, int error);
void xt_explain_step(const char *name, const char *step, int error);
void xt_explain_link(const char *name, const char *sentence, int error);
/* The run directory is refused: why, and what mends it ("" if that is not known). */
void xt_explain_directory(const char *sentence, const char *remedy);
void xt_explain_socket(const char *path, int error);
void xt_explain_running(const char *name);

#endif
