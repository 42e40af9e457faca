/* SPDX-License-Identifier: MIT */
/* Small private files of the state directory, replaced as a whole. */
#ifndef XT_HOST_ATOMIC_FILE_H
#define XT_HOST_ATOMIC_FILE_H

#include <stddef.h>

/* The length of a name without suffix: half of a hash in hexadecimal. */
#define XT_STATE_NAME_LEN 32

/* Write name in the directory dir with mode 0600: a temporary file, synced, renamed. Blocks on the
 * disk. -errno: name is as it was. */
int xt_atomic_file_write(int dir, const char *name, const void *data, size_t len);

#endif
