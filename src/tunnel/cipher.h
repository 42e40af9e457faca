/* SPDX-License-Identifier: MIT */
/* The AEAD backend of a tunnel: the library's choice, with the platform's clock and loader. */
#ifndef XT_TUNNEL_CIPHER_H
#define XT_TUNNEL_CIPHER_H

#include <xtunnel/aead.h>

/* Static. */
extern const struct xt_aead_host xt_cipher_host;

/* xt_aead_choose with that host. XT_AEAD of the environment overrides name (NULL: auto). */
int xt_cipher_open(struct xt_aead **out, const char *name, struct xt_aead_report *report);

/* Load the library of every backend that the host has, and keep it from now on: a process that is
 * about to be locked could not load it later, when a reload wants it. */
void xt_cipher_keep(void);

#endif
