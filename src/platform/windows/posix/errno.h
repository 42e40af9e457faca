/* SPDX-License-Identifier: MIT */
/* Errors that Windows' C library lacks; numbers that it does not use. */
#ifndef XT_POSIX_ERRNO_H
#define XT_POSIX_ERRNO_H

#include_next <errno.h>

/* clang-format off */
#define EBADFD	     301
#define ESHUTDOWN    302
#define ESTALE	     303
#define EHOSTDOWN    304
#define ESOCKTNOSUPPORT 305
#define EPFNOSUPPORT 306
#define EREMCHG	     307
#define EMULTIHOP    308
#define EDQUOT	     309
#define EUSERS	     310
/* clang-format on */

#endif
