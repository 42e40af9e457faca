/* SPDX-License-Identifier: MIT */
/* The file behind tunnel/timestamp.h: an upper bound of the TAI64N timestamps that an identity has
 * used, "bound=NANOSECONDS\n". */
#ifndef XT_HOST_BOUND_FILE_H
#define XT_HOST_BOUND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is damaged is replaced by a guess: its bound was at most this far ahead of the time
 * when it was written. */
#define XT_BOUND_AHEAD_NS (300 * UINT64_C(1000000000))

struct xt_bound_file;

/* The directory for this process: $XT_STATE_DIR, else /var/lib/xtunnel for root, else
 * $XDG_STATE_HOME/xtunnel, else ~/.local/state/xtunnel. 0, or -ENOENT when there is none. */
int xt_bound_dir(char *buf, size_t len);

/* Read the file called name in dir, which is made when it is missing (NULL: no directory). Writes
 * nothing. XT_E_NOMEM; every other fault is a warning. -EINVAL: name is not 32 hexadecimal
 * digits. */
int xt_bound_open(struct xt_bound_file **out, const char *dir, const char *name);
/* Nanoseconds since 1970; 0: nothing is known. */
uint64_t xt_bound_floor(const struct xt_bound_file *file);
/* false: there is no directory; write fails. */
bool xt_bound_stored(const struct xt_bound_file *file);
/* Replace the file: written, synced, renamed. -errno: it is as it was. */
int xt_bound_write(struct xt_bound_file *file, uint64_t bound);
/* The first fault, as a sentence, once; else NULL. Valid until close. */
const char *xt_bound_warning(struct xt_bound_file *file);
void xt_bound_close(struct xt_bound_file *file); /* NULL is fine */

#endif
