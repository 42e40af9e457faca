/* SPDX-License-Identifier: MIT */
/* The file of WG_TUN_NAME_FILE, in which a caller finds the name that its interface got. */
#ifndef XT_HOST_NAME_FILE_H
#define XT_HOST_NAME_FILE_H

#include <stddef.h>

/* Write name to the file, if the variable is set. 0; -errno with a sentence in text. */
int xt_name_file_write(const char *name, char *text, size_t cap);

#endif
