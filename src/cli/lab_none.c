/* SPDX-License-Identifier: MIT */
/* The stand-in of a system without network namespaces: one machine is one host there. */
#include "cli/lab.h"
#include "cli/term.h"
#include "daemon/exit.h"

bool xt_lab_possible(void)
{
	xt_message("lab: this system has no network namespaces, of which a lab is made");
	xt_hint("xtunnel lab runs on Linux");
	return false;
}

int xt_lab_run(const struct xt_lab *lab)
{
	(void)lab;
	(void)xt_lab_possible();
	return XT_EXIT_FAILURE;
}

bool xt_lab_enter(const char *name)
{
	(void)name;
	return false;
}
