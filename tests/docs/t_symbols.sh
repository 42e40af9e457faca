#!/bin/sh
# libxtunnel wants nothing of sockets, files, clocks and threads.
cd "${XT_SOURCE:-$(dirname "$0")/../..}" && exec scripts/symbols.sh "${XT_LIBXTUNNEL:?}"
