/* SPDX-License-Identifier: MIT */
/* The network that a process is in, where one host has several. */
#ifndef XT_PLATFORM_NAMESPACE_H
#define XT_PLATFORM_NAMESPACE_H

/* A descriptor of this process's network. -errno; -ENOSYS: the system has one network. */
int xt_namespace_open(void);
/* Enter it, unless this process is in it. 0 or -errno. */
int xt_namespace_enter(int fd);

#endif
