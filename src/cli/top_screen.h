/* SPDX-License-Identifier: MIT */
/* `top` on a terminal, by ncurses. */
#ifndef XT_CLI_TOP_SCREEN_H
#define XT_CLI_TOP_SCREEN_H

#include "cli/top_model.h"

struct xt_top_screen;

/* order, reverse, filter  as the command line says; the user may change them
 * interval_ms  likewise */
struct xt_top_view {
	enum xt_top_order order;
	bool reverse, paused;
	char filter[64];
	unsigned interval_ms;
};

/* XT_E_UNSUPPORTED: built without ncurses; -ENOTTY: TERM is not known, or there is no terminal. */
int xt_top_screen_open(struct xt_top_screen **out);
void xt_top_screen_close(struct xt_top_screen *screen);
/* Draw, and handle keys until the time of the next tick. true: the user wants to leave. */
bool xt_top_screen_show(struct xt_top_screen *screen, struct xt_top *top, struct xt_top_view *view);

#endif
