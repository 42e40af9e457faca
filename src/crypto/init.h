/* The cryptographic libraries, made ready once a process. */
#ifndef XT_CRYPTO_INIT_H
#define XT_CRYPTO_INIT_H

/* Initialises libsodium (any thread, any number of times) and checks BLAKE2s and X25519 against a
 * known answer. What allocates in this layer calls it by itself; a program that only makes keys
 * calls it first. 0 or XT_E_CRYPTO. */
int xt_crypto_init(void);

#endif
