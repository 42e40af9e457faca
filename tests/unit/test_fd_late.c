/* SPDX-License-Identifier: MIT */
/* layers: platform packet base */
/* The tests of test_fd.c for a system that makes no descriptor close-on-exec from the start. */
#include "../../src/platform/posix/fd_late_posix.c"
#include "test_fd.c"
