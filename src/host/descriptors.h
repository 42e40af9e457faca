/* SPDX-License-Identifier: MIT */
/* Descriptors that a message carries. */
#ifndef XT_HOST_DESCRIPTORS_H
#define XT_HOST_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

struct msghdr;

/* Put n > 0 descriptors on msg; control: of room bytes, enough for them, aligned for a cmsghdr. */
void xt_descriptors_attach(struct msghdr *msg, void *control, size_t room, const int *fds,
			   size_t n);
/* Append those of a received msg to the *n of fds, up to max in all. false: there were more, which
 * are closed. */
bool xt_descriptors_take(struct msghdr *msg, int *fds, size_t *n, size_t max);

#endif
