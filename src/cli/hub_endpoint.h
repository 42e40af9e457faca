/* SPDX-License-Identifier: MIT */
/* Where peers reach a hub. */
#ifndef XT_CLI_HUB_ENDPOINT_H
#define XT_CLI_HUB_ENDPOINT_H

#include "cli/hub.h"
#include "config/hubconf.h"

/* HOST:PORT for the file of a new peer.
 * text  HOST[:PORT]; NULL: that of the last peer, else an address of this host, which is printed
 * enum xt_exit. */
int xt_hub_endpoint(const struct xt_hub *hub, const char *text, char out[XT_HUBCONF_ENDPOINT]);

#endif
