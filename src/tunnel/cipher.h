/* SPDX-License-Identifier: MIT */
/* The AEAD backend of a tunnel: the library's choice, with the platform's clock and loader. */
#ifndef XT_TUNNEL_CIPHER_H
#define XT_TUNNEL_CIPHER_H

#include <xtunnel/aead.h>

/* Static. */
extern const struct xt_aead_host xt_cipher_host;

/* xt_aead_choose with that host. XT_AEAD of the environment overrides name (NULL: auto). */
int xt_cipher_open(struct xt_aead **out, const char *name, struct xt_aead_report *report);

#endif
