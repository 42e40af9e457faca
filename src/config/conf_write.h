/* The way back: a configuration as a file's text, and what a running device made of it. */
#ifndef XT_CONFIG_CONF_WRITE_H
#define XT_CONFIG_CONF_WRITE_H

#include <xtunnel/report.h>

#include "config/conf.h"

/* conf as text that parses to the same; our own keys as "#: Key = value", so that wg-quick(8) reads
 * the file too. *out holds keys: *len bytes to be wiped and freed. XT_E_NOMEM. */
int xt_conf_write(const struct xt_conf *conf, char **out, size_t *len);

/* What is in force, from the device and the kernel.
 * report     keys, port, mark, peers
 * addresses  of the interface
 * mtu        of the interface
 * own_mark   a mark that the program chose itself: not the file's business */
struct xt_conf_force {
	const struct xt_report *report;
	const struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu;
	uint32_t own_mark;
};

/* Put what is in force into conf, as it was loaded from its file. What the file says by a reference
 * stays one as long as it is true: key files, host names of endpoints. An MTU that the file leaves
 * to the program stays so. XT_E_NOMEM: conf is as it was. */
int xt_conf_update(struct xt_conf *conf, const struct xt_conf_force *force);

/* Replace the file at path (a link is followed): PATH.tmp, readable by its owner only, is written,
 * synced and renamed. -errno, nothing changed. */
int xt_conf_replace(const char *path, const char *text, size_t len);

#endif
