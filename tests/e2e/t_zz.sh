#!/bin/bash
# SPDX-License-Identifier: MIT
# scratch
. "$(dirname "$0")/lib.sh"
tunnel_start
ps -eo pid,ppid,comm,args | grep xtunnel | head -20
i=0
for p in $(ps -eo pid,comm | awk '/xtunnel-tun/{print $1}'); do
  i=$((i+1)); strace -f -c -o /tmp/w/lx/st.$TAG.$i -p $p & ps="$ps $!"
done
sleep 2
tcp left right 10.7.0.2 100000000
for p in $ps; do kill -INT $p; done; wait $ps
instances_stop
ok x
