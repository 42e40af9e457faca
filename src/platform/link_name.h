/* SPDX-License-Identifier: MIT */
/* Names and numbers of network interfaces, for a process that may make no socket: each call of
 * if_indextoname(3) makes one. */
#ifndef XT_PLATFORM_LINK_NAME_H
#define XT_PLATFORM_LINK_NAME_H

#include <stdbool.h>

#define XT_LINK_NAME 16 /* with the NUL */

/* Keep a socket for the functions below, from now on. Before other threads; without it, or after an
 * error, each call makes its socket. */
void xt_link_name_open(void);

/* On any thread. false: there is no such interface. */
bool xt_link_name(unsigned ifindex, char out[XT_LINK_NAME]);
/* 0: there is no such interface. */
unsigned xt_link_number(const char *name);

#endif
