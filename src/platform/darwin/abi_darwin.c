/* SPDX-License-Identifier: MIT */
/* The kernel interface of macOS. */
#include "platform/bsd/abi.h"

#define XT_ABI(field, value, expression) .field = (value),

const struct xt_abi xt_abi = {
#include "platform/darwin/abi_darwin.def"
};
