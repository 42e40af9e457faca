/* SPDX-License-Identifier: MIT */
/* Descriptors: of any number that this process inherited, and those that a message carries. */
#ifndef XT_HOST_DESCRIPTORS_H
#define XT_HOST_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

struct msghdr;

/* Close all descriptors from first on. */
void xt_descriptors_close(int first);
/* Make all descriptors from first on close-on-exec: those made here are, inherited ones need not
 * be. */
void xt_descriptors_cloexec(int first);

/* Put n > 0 descriptors on msg; control: of room bytes, enough for them, aligned for a cmsghdr. */
void xt_descriptors_attach(struct msghdr *msg, void *control, size_t room, const int *fds,
			   size_t n);
/* Append those of a received msg to the *n of fds, up to max in all. false: there were more, which
 * are closed. */
bool xt_descriptors_take(struct msghdr *msg, int *fds, size_t *n, size_t max);

#endif
