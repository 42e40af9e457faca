#!/bin/sh
# Every include follows the arrows of docs/architecture.md.
cd "${XT_SOURCE:-$(dirname "$0")/../..}" && exec scripts/layers.py
