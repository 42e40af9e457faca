/* SPDX-License-Identifier: MIT */
/* Error messages. */
#include <string.h>

#include <xtunnel/error.h>

const char *xt_strerror(int error)
{
	switch (error) {
	case 0:
		return "no error";
#define X(name, number, text)                                                                      \
	case name:                                                                                 \
		return text;
		XT_ERRORS(X)
#undef X
	default:
		return error < 0 && error > -4096 ? strerror(-error) : "unknown error";
	}
}
