/* SPDX-License-Identifier: MIT */
/* XT_API marks what libxtunnel exports; everything else in it is hidden. */
#ifndef XTUNNEL_API_H
#define XTUNNEL_API_H

#if defined(__GNUC__)
#define XT_API __attribute__((visibility("default")))
#else
#define XT_API
#endif

#endif
