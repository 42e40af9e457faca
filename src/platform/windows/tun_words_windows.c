/* SPDX-License-Identifier: MIT */
#include "platform/tun.h"

const struct xt_tun_words xt_tun_words = {
    .missing = "there is no wintun.dll beside the program, and no TAP adapter",
    .remedy = "docs/windows.md says where Wintun is to be had",
    .shows = "netsh interface show interface",
    .owner = "an adapter of Windows has no owner",
};
