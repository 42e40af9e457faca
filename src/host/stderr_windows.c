/* SPDX-License-Identifier: MIT */
/* A console takes lines at once; those of a service go to the event log. */
#include "host/stderr.h"

int xt_stderr_start(void)
{
	return 0;
}

bool xt_stderr_idle(void)
{
	return true;
}

void xt_stderr_flush(unsigned ms)
{
	(void)ms;
}

void xt_stderr_close(void)
{
}

void xt_stderr_on_idle(void (*idle)(void))
{
	(void)idle;
}

unsigned long xt_stderr_lost(void)
{
	return 0;
}
