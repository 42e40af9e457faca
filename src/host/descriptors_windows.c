/* SPDX-License-Identifier: MIT */
/* Handles are not inherited unless that is asked for, and no message carries any. */
#include "host/descriptors.h"

void xt_descriptors_cloexec(int first)
{
	(void)first;
}
