/* SPDX-License-Identifier: MIT */
/* What goes into the configuration file when the running state is saved. */
#ifndef XT_HOST_SAVE_H
#define XT_HOST_SAVE_H

#include <stdbool.h>

#include <xtunnel/report.h>

#include "platform/link.h"

/* report, addresses  owned; freed when it is over
 * read_back          addresses and mtu are not given: they are read from the host when it is saved
 * command_key        as in struct xt_conf; set by the host
 * unasked            write only if the file says SaveConfig = true */
struct xt_save {
	struct xt_report *report;
	struct xt_link_address *addresses;
	size_t n_addresses;
	uint32_t mtu, auto_mark;
	struct xt_public command_key;
	bool unasked, read_back;
};

#endif
