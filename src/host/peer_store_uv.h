/* SPDX-License-Identifier: MIT */
/* The file of an identity's peer records, NAME.peers beside that of its timestamps. A thread of its
 * own writes it, so that the caller's never waits for the disk. */
#ifndef XT_HOST_PEER_STORE_UV_H
#define XT_HOST_PEER_STORE_UV_H

#include "host/peer_records.h"

struct xt_peer_store;

/* Read the file in dir, which must exist (NULL: nothing is kept). A file that is missing or cannot
 * be read is empty. name: 32 hexadecimal digits. XT_E_NOMEM. */
int xt_peer_store_open(struct xt_peer_store **out, const char *dir, const char *name);
/* As read by open; valid until the first write. */
const struct xt_peer_records *xt_peer_store_records(const struct xt_peer_store *store);

/* Keep n changed records (copied; 0: none) and write the file when the last write is over, and long
 * enough ago that writing takes little of the machine's time.
 * returns  0; XT_E_AGAIN: not written yet, call again in a second; another error: the last write
 *          failed, once */
int xt_peer_store_write(struct xt_peer_store *store, const struct xt_peer_memory *v, size_t n);

/* Writes what is left, waiting for the disk, and frees. NULL is fine. */
void xt_peer_store_close(struct xt_peer_store *store);

#endif
