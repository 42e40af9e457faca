/* SPDX-License-Identifier: MIT */
/* The group whose members may ask instances for their state (ipc/rights.h), where this host has it:
 * their control sockets are open to it. */
#ifndef XT_HOST_OBSERVERS_H
#define XT_HOST_OBSERVERS_H

#include <stdbool.h>
#include <stdint.h>

#define XT_OBSERVERS "xtunnel-observer"

/* false: there is no such group. */
bool xt_observers_group(uint32_t *gid);
/* Root joins the group, so that it may give it files when it has no other rights any more. */
void xt_observers_join(void);
/* Open a socket's file to the group. Without the group, or the right, it stays as it is. */
void xt_observers_admit(const char *path);

#endif
