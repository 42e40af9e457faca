/* SPDX-License-Identifier: MIT */
/* The header that Linux has no longer; tests/bsd/calls.h declares the function. */
