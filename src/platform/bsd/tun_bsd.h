/* SPDX-License-Identifier: MIT */
/* The TUN devices of macOS, FreeBSD and OpenBSD: each packet follows four bytes that name its
 * address family, in network byte order. Shared by tun_utun_darwin.c and tun_node_bsd.c (open),
 * tun_bsd.c (the object) and tun_io_bsd.c (packets). */
#ifndef XT_PLATFORM_BSD_TUN_H
#define XT_PLATFORM_BSD_TUN_H

#include "platform/tun.h"

/* created  the interface did not exist before, and goes with the descriptor */
struct tun_bsd {
	struct xt_tun tun; /* first member: what the callers hold */
	int fd;
	bool created;
};

/* --- what a system owes --- */

/* Open the device called options->name, and store the interface's name. Returns the descriptor, or
 * -errno as xt_tun_open. */
int tun_bsd_attach(const struct xt_tun_options *options, char name[16], bool *created);
/* Adopt options->fd, attached by another program. 0, or -EINVAL: it is no such device. */
int tun_bsd_adopt(int fd, char name[16]);
/* As xt_tun_remove; name is that of an interface. */
int tun_bsd_destroy(const char *name);

int tun_bsd_recv(struct xt_tun *tun, struct xt_batch *batch, size_t budget_bytes);
int tun_bsd_send(struct xt_tun *tun, struct xt_batch *batch);

/* The number of the interface PREFIXn; any: of PREFIX alone. false: another name, or no number of a
 * device. */
enum { TUN_BSD_ANY = -1 };
bool tun_bsd_unit(const char *name, const char *prefix, int *unit);

#endif
