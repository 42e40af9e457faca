/* SPDX-License-Identifier: MIT */
/* Files without a name, in memory where the system has that, to be passed to another process. */
#ifndef XT_PLATFORM_MEMORY_FILE_H
#define XT_PLATFORM_MEMORY_FILE_H

#include <stddef.h>

/* An empty one, close-on-exec; name: for lists of descriptors. Descriptor or -errno. */
int xt_memory_file(const char *name);

/* Make it len bytes long, with the memory for them: a mapping of it can be written to. 0 or
 * -errno. */
int xt_memory_file_size(int fd, size_t len);

/* What no process can do with the file from now on.
 * CONTENT  change its bytes or its length
 * OTHERS   change its length; or change its bytes, but for this process by a mapping that it has
 * 0 or -errno; -ENOSYS: the system has no such lock, and another process can cut the file while
 * this one reads a mapping of it. */
enum xt_memory_seal { XT_MEMORY_SEAL_CONTENT, XT_MEMORY_SEAL_OTHERS };
int xt_memory_file_seal(int fd, enum xt_memory_seal seal);

/* Leave mapped memory out of core dumps, where the system has a way. */
void xt_memory_hide(void *memory, size_t len);

#endif
