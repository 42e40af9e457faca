/* SPDX-License-Identifier: MIT */
/* The files of new ends of a tunnel. */
#include "cli/new_files.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "cli/term.h"
#include "config/conf.h"
#include "crypto/dh.h"

void xt_new_keys(struct xt_private *private_key, struct xt_public *public_key)
{
	randombytes_buf(private_key->b, sizeof(private_key->b));
	xt_dh_clamp(private_key);
	xt_dh_public(public_key, private_key);
}

bool xt_new_file_name(struct xt_new_file *file, const struct xt_newconf_end *end, const char *dir)
{
	char label[64];

	xt_newconf_label(end, label);
	snprintf(file->name, sizeof(file->name), "%.15s", label);
	if (!xt_conf_name_valid(file->name) || xt_conf_name_reserved(file->name) ||
	    strcmp(file->name, "lo") == 0) {
		xt_message("%s: cannot derive an interface name from this host", end->host);
		return false;
	}
	return xt_private_file_init(&file->file, dir, file->name, ".conf");
}

bool xt_new_files_write(struct xt_new_file *files, size_t n)
{
	bool written = true;
	sigset_t before;

	xt_private_file_hold(&before);
	for (size_t i = 0; i < n && written; i++)
		written = xt_private_file_write(&files[i].file, files[i].text.p, files[i].text.len,
						false);
	for (size_t i = 0; i < n && written; i++)
		written = xt_private_file_keep(&files[i].file);
	for (size_t i = 0; i < n; i++)
		xt_private_file_drop(&files[i].file);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return written;
}

void xt_new_files_clear(struct xt_new_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		xt_secbuf_clear(&files[i].text);
}
