/* SPDX-License-Identifier: MIT */
/* Descriptors of any number that this process inherited. */
#ifndef XT_HOST_DESCRIPTORS_H
#define XT_HOST_DESCRIPTORS_H

/* Close all descriptors from first on. */
void xt_descriptors_close(int first);
/* Make all descriptors from first on close-on-exec: those made here are, inherited ones need not
 * be. */
void xt_descriptors_cloexec(int first);

#endif
