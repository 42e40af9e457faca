/* SPDX-License-Identifier: MIT */
/* What scutil(8) of macOS is told: the name servers of a tunnel are the entry of a service of its
 * own in the system's dynamic store, beside those of the host, and go with that entry. */
#ifndef XT_HOST_SCUTIL_TEXT_H
#define XT_HOST_SCUTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "host/resolv.h"

/* The commands that set the entry of an interface, or remove it (dns NULL). Servers are asked for
 * every name, as long as the entry is there. To be freed; NULL: no memory. */
char *xt_scutil_text(const char *interface, const struct xt_dns *dns, size_t *len);

/* text is what the function above writes for interface, with some addresses and domains. */
bool xt_scutil_text_ok(const char *text, size_t len, const char *interface);

#endif
