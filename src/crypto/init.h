/* SPDX-License-Identifier: MIT */
/* Initialises the cryptographic libraries, once per process. */
#ifndef XT_CRYPTO_INIT_H
#define XT_CRYPTO_INIT_H

/* Initialise libsodium (any thread, any number of times) and check BLAKE2s and X25519 against a
 * known answer. Constructors in this directory call it; a program that only generates keys calls it
 * first. 0 or XT_E_CRYPTO. */
int xt_crypto_init(void);

#endif
