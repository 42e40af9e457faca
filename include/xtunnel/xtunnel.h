/* SPDX-License-Identifier: MIT */
/* libxtunnel: the WireGuard protocol without I/O. */
#ifndef XTUNNEL_H
#define XTUNNEL_H

#include <xtunnel/aead.h>
#include <xtunnel/batch.h>
#include <xtunnel/change.h>
#include <xtunnel/device.h>
#include <xtunnel/easy.h>
#include <xtunnel/error.h>
#include <xtunnel/report.h>
#include <xtunnel/types.h>
#include <xtunnel/version.h>

#endif
