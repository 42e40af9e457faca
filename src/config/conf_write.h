/* SPDX-License-Identifier: MIT */
/* Writing configurations: as text, with the running state, and to a file. */
#ifndef XT_CONFIG_CONF_WRITE_H
#define XT_CONFIG_CONF_WRITE_H

#include <xtunnel/report.h>

#include "config/conf.h"

/* conf as text that parses to the same. Keys that only xtunnel knows become "#: Key = value", so
 * that wg-quick(8) reads the file too. *out holds keys: *len bytes to be wiped and freed.
 * XT_E_NOMEM. */
int xt_conf_write(const struct xt_conf *conf, char **out, size_t *len);

/* The text of a file for wg(8), as `wg-quick strip` prints it: its lines without the keys that
 * wg(8) does not know. Key files become the keys that they hold; of several endpoints the first
 * stays.
 * conf  that text, parsed, with its key files read
 * out   as above. XT_E_NOMEM. */
int xt_conf_strip(const struct xt_conf *conf, const char *text, size_t text_len, char **out,
		  size_t *len);

/* The running state, from the device and the kernel.
 * report     keys, port, mark, peers
 * addresses  of the interface
 * mtu        of the interface
 * auto_mark  the mark that the program chose itself, which does not belong in the file
 * command_key  of the key that PrivateKeyCommand last printed; NULL or zeros: none */
struct xt_conf_force {
	const struct xt_report *report;
	const struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu;
	uint32_t auto_mark;
	const struct xt_public *command_key;
};

/* Update conf, as loaded from its file, to the running state. References stay references while
 * they hold: key files and commands whose key is unchanged, host names of endpoints. An automatic
 * MTU stays automatic. XT_E_NOMEM: conf is unchanged. */
int xt_conf_update(struct xt_conf *conf, const struct xt_conf_force *force);

/* Append "word = key" as a line. */
struct xt_secbuf;
void xt_conf_put_key(struct xt_secbuf *out, const char *word, const uint8_t key[32]);

/* Lock the file that is at path, as long as its descriptor is open, for a program that changes it:
 * a change replaces the file. -EWOULDBLOCK: another one has it, or has just replaced it; -EINVAL:
 * it is no file; another -errno. */
int xt_conf_lock(const char *path);

/* Replace the file at path, following links: write PATH.tmp with mode 0600, sync it and rename it.
 * -errno or XT_E_NOMEM: nothing changed. */
int xt_conf_replace(const char *path, const char *text, size_t len);
/* The same, and the file keeps its mode and, as far as this user may set it, its owner. lock: NULL,
 * or the descriptor whose flock(2) is held on the file at path; it becomes that of the new file,
 * which no other program can lock in between. */
int xt_conf_replace_kept(const char *path, const char *text, size_t len, int *lock);

#endif
