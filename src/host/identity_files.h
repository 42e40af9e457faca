/* SPDX-License-Identifier: MIT */
/* The two files of one identity, open: the bound of its timestamps and the records of its peers.
 * Opening and closing wait for the disk; any thread, one at a time. */
#ifndef XT_HOST_IDENTITY_FILES_H
#define XT_HOST_IDENTITY_FILES_H

#include <stdbool.h>

#include "host/bound_file.h"
#include "host/peer_store_uv.h"

/* All zero: none is open.
 * last, has_last  the exact bound, written when they are closed */
struct xt_identity_files {
	struct xt_bound_file *bound;
	struct xt_peer_store *peers;
	uint64_t last;
	bool has_last;
};

/* name: 32 hexadecimal digits. -EINVAL, XT_E_NOMEM. */
int xt_identity_files_open(struct xt_identity_files *files, const char *name);
/* Writes what is left. */
void xt_identity_files_close(struct xt_identity_files *files);
/* The records as they were read, malloc'ed; valid to call until the first write. XT_E_NOMEM. */
int xt_identity_files_records(const struct xt_identity_files *files, struct xt_peer_memory **out,
			      size_t *n);

#endif
