/* SPDX-License-Identifier: MIT */
/* The files of new ends of a tunnel. What fails is printed on stderr. */
#ifndef XT_CLI_NEW_FILES_H
#define XT_CLI_NEW_FILES_H

#include "base/secbuf.h"
#include "cli/private_file.h"
#include "config/newconf.h"

/* name  of the interface; text: of the file, cleared by xt_new_files_clear */
struct xt_new_file {
	struct xt_private_file file;
	struct xt_secbuf text;
	char name[16];
};

void xt_new_keys(struct xt_private *private_key, struct xt_public *public_key);
/* Derive name and path from the end's label, cut to the length of an interface name. */
bool xt_new_file_name(struct xt_new_file *file, const struct xt_newconf_end *end, const char *dir);
/* All or none: a file that exists is not overwritten. */
bool xt_new_files_write(struct xt_new_file *files, size_t n);
void xt_new_files_clear(struct xt_new_file *files, size_t n);

/* `new --hub`: files of a hub, which is operand 0, and of its peers.
 * new   the hub as end 0, and the inner networks
 * port  of hosts that name none. enum xt_exit. */
int xt_new_hub(const struct xt_newconf *new, const char *const *hosts, size_t n, uint16_t port,
	       const char *dir);

#endif
