#!/bin/sh
# SPDX-License-Identifier: MIT
# libxtunnel uses no sockets, files, clocks and threads, and exports the functions of its headers
# only.
cd "${XT_SOURCE:-$(dirname "$0")/../..}" && exec scripts/symbols.sh "${XT_LIBXTUNNEL:?}" include
