/* SPDX-License-Identifier: MIT */
/* Errors: every function that can fail returns 0 or a negative number of this list.
 * System errors are kept as -errno, which lies in -1..-4095; ours lie below that. */
#ifndef XTUNNEL_ERROR_H
#define XTUNNEL_ERROR_H

#include <xtunnel/api.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XT_ERRORS(X)                                                                               \
	X(XT_E_NOMEM, -5001, "out of memory")                                                      \
	X(XT_E_INVALID, -5002, "invalid value")                                                    \
	X(XT_E_FULL, -5003, "no room")                                                             \
	X(XT_E_CRYPTO, -5004, "the cryptographic library failed its self-test")                    \
	X(XT_E_AUTH, -5005, "authentication failed")                                               \
	X(XT_E_REPLAY, -5006, "seen before")                                                       \
	X(XT_E_NOKEY, -5007, "no private key")                                                     \
	X(XT_E_NOPEER, -5008, "no such peer")                                                      \
	X(XT_E_EXISTS, -5009, "exists already")                                                    \
	X(XT_E_SYNTAX, -5010, "syntax error")                                                      \
	X(XT_E_AGAIN, -5011, "not yet")                                                            \
	X(XT_E_UNSUPPORTED, -5012, "not supported here")

enum xt_error {
#define X(name, number, text) name = number,
	XT_ERRORS(X)
#undef X
};

/* The text of an error.
 * error    0, an XT_E_*, or any other negative number (-errno)
 * returns  a phrase without a full stop, never NULL.  Static storage, or for an -errno the C
 *          library's own text, which its next strerror may overwrite */
XT_API const char *xt_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
