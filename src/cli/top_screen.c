/* SPDX-License-Identifier: MIT */
/* The screen: a line of totals, the instances, the peers, and what is known of the selected one. */
#include "cli/top_screen.h"

#include <errno.h>
#include <stdlib.h>

#include <xtunnel/error.h>

#ifndef XT_HAVE_CURSES

int xt_top_screen_open(struct xt_top_screen **out)
{
	(void)out;
	return XT_E_UNSUPPORTED;
}

void xt_top_screen_close(struct xt_top_screen *screen)
{
	(void)screen;
}

bool xt_top_screen_show(struct xt_top_screen *screen, struct xt_top *top, struct xt_top_view *view)
{
	(void)screen;
	(void)top;
	(void)view;
	return true;
}

#else

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "base/bytes.h"
#include "cli/term.h"
#include "cli/top_text.h"

enum colour { NORMAL, GOOD, BAD, TITLE };

/* first  peer on the screen; at: the selected one */
struct xt_top_screen {
	SCREEN *screen;
	bool color, ascii, help, typing;
	size_t first, at, n_peers;
};

int xt_top_screen_open(struct xt_top_screen **out)
{
	struct xt_top_screen *screen;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return -ENOTTY;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return XT_E_NOMEM;
	(void)setlocale(LC_CTYPE, "");
	screen->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	screen->screen = newterm(NULL, stdout, stdin);
	if (!screen->screen) {
		free(screen);
		return -ENOTTY;
	}
	(void)cbreak();
	(void)noecho();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	screen->color = has_colors() && xt_term_color(stdout);
	if (screen->color) {
		(void)start_color();
		(void)use_default_colors();
		(void)init_pair(GOOD, COLOR_GREEN, -1);
		(void)init_pair(BAD, COLOR_RED, -1);
	}
	*out = screen;
	return 0;
}

void xt_top_screen_close(struct xt_top_screen *screen)
{
	(void)endwin();
	delscreen(screen->screen);
	free(screen);
}

/* --- drawing --- */

static void line_draw(const struct xt_top_screen *screen, int y, const char *text,
		      enum colour colour, attr_t more)
{
	attr_t attributes = more;

	if (colour == TITLE)
		attributes |= A_BOLD;
	else if (colour != NORMAL && screen->color)
		attributes |= COLOR_PAIR(colour);
	else if (colour == BAD)
		attributes |= A_BOLD;
	if (y < 0 || y >= LINES)
		return;
	(void)attrset((int)attributes);
	(void)mvaddstr(y, 0, text);
	if (more & A_REVERSE)
		for (int x = getcurx(stdscr); x < COLS && getcury(stdscr) == y; x++)
			(void)addch(' ');
	(void)attrset((int)A_NORMAL);
}

static void totals_draw(const struct xt_top_screen *screen, const struct xt_top_view *view,
			const struct xt_top_instance *const *instances, size_t n)
{
	char text[XT_TOP_LINE], clock[16] = "";
	size_t peers = 0, up = 0;
	time_t now = time(NULL);
	struct tm calendar;

	for (size_t i = 0; i < n; i++) {
		peers += instances[i]->n_peers;
		up += instances[i]->n_up;
	}
	if (localtime_r(&now, &calendar))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &calendar);
	snprintf(text, sizeof(text), "xtunnel %s  %zu of %zu peers up  by %s%s%s%s%s  h: help",
		 clock, up, peers, xt_top_orders[view->order], view->reverse ? " reversed" : "",
		 *view->filter || screen->typing ? "  /" : "", view->filter,
		 view->paused ? "  paused" : "");
	text[XT_MIN((size_t)COLS, strlen(text))] = '\0';
	line_draw(screen, 0, text, TITLE, 0);
}

static void help_draw(const struct xt_top_screen *screen)
{
	static const char *const lines[] = {
	    "q        leave",
	    "up, down, page up, page down, home, end   select a peer",
	    "s        the next order: name, state, rx, tx, rtt, loss, age",
	    "r        the other way round",
	    "/        filter by a part of name, instance, endpoint or state; Esc: all",
	    "space    stop, and go on",
	    "+ -      a longer or shorter interval",
	    "h        this help",
	    "",
	    "RX, TX: bytes of packets inside the tunnel. SHAKE: age of the last handshake.",
	    "Of a peer that is not up: what `xtunnel why` says.",
	};

	for (size_t i = 0; i < XT_LEN(lines); i++) {
		char text[XT_TOP_LINE];

		snprintf(text, sizeof(text), "%.*s", COLS, lines[i]);
		line_draw(screen, 2 + (int)i, text, NORMAL, 0);
	}
}

static int instances_draw(const struct xt_top_screen *screen, const struct xt_top_style *style,
			  const struct xt_top_instance *const *instances, size_t n)
{
	size_t room = LINES > 10 ? (size_t)(LINES - 8) / 2 : 1;
	char text[XT_TOP_LINE];
	int y = 1;

	xt_top_instance_head(text, style);
	line_draw(screen, y++, text, TITLE, 0);
	for (size_t i = 0; i < XT_MIN(n, room); i++) {
		xt_top_instance_line(text, style, instances[i]);
		line_draw(screen, y++, text, *instances[i]->error ? BAD : NORMAL, 0);
	}
	if (n == 0)
		line_draw(screen, y++, "no instance is running", NORMAL, 0);
	return y;
}

/* Lines at the end for the selected peer: its sentence, and the drops of its instance. */
static int details_lines(void)
{
	return LINES >= 14 ? 4 : LINES >= 8 ? 2 : 0;
}

static void details_draw(const struct xt_top_screen *screen, const struct xt_top_style *style,
			 const struct xt_top_peer *peer,
			 const struct xt_top_instance *const *instances, size_t n)
{
	int y = LINES - details_lines();
	const char *rest = peer->sentence;
	char text[XT_TOP_LINE];

	for (size_t i = 0; i < n; i++)
		if (strcmp(instances[i]->name, peer->instance) == 0) {
			xt_top_drops_line(text, style, instances[i]);
			line_draw(screen, y, text, NORMAL, 0);
		}
	while (*rest && ++y < LINES) {
		size_t len = strlen(rest), most = XT_MIN((size_t)COLS, sizeof(text) - 1);

		for (size_t at = len > most ? most : 0; at > 0; at--)
			if (rest[at] == ' ') {
				most = at;
				break;
			}
		snprintf(text, sizeof(text), "%.*s", (int)most, rest);
		line_draw(screen, y, text, peer->up ? GOOD : BAD, 0);
		rest += XT_MIN(len, most);
		rest += *rest == ' ';
	}
}

static void peers_draw(struct xt_top_screen *screen, const struct xt_top_style *style, int y,
		       const struct xt_top_peer *const *peers)
{
	int last = LINES - details_lines();
	size_t rows = last - 1 > y ? (size_t)(last - 1 - y) : 0;
	char text[XT_TOP_LINE];

	xt_top_peer_head(text, style);
	line_draw(screen, y++, text, TITLE, 0);
	if (screen->at >= screen->n_peers)
		screen->at = screen->n_peers ? screen->n_peers - 1 : 0;
	if (screen->at < screen->first)
		screen->first = screen->at;
	if (rows > 0 && screen->at >= screen->first + rows)
		screen->first = screen->at - rows + 1;
	for (size_t i = 0; i < rows && screen->first + i < screen->n_peers; i++) {
		const struct xt_top_peer *peer = peers[screen->first + i];

		xt_top_peer_line(text, style, peer);
		line_draw(screen, y++, text, peer->up ? NORMAL : BAD,
			  screen->first + i == screen->at ? A_REVERSE : 0);
	}
}

static void screen_draw(struct xt_top_screen *screen, struct xt_top *top,
			const struct xt_top_view *view)
{
	const struct xt_top_style style = {.width = (unsigned)XT_MAX(COLS, 0),
					   .ascii = screen->ascii};
	const struct xt_top_instance *const *instances;
	const struct xt_top_peer *const *peers;
	size_t n = xt_top_instances(top, &instances);
	int y;

	screen->n_peers = xt_top_peers(top, view->order, view->reverse, view->filter, &peers);
	(void)erase();
	totals_draw(screen, view, instances, n);
	if (screen->help) {
		help_draw(screen);
	} else {
		y = instances_draw(screen, &style, instances, n);
		peers_draw(screen, &style, y, peers);
		if (screen->at < screen->n_peers && details_lines() > 0)
			details_draw(screen, &style, peers[screen->at], instances, n);
	}
	(void)refresh();
}

/* --- keys --- */

static void filter_key(struct xt_top_screen *screen, struct xt_top_view *view, int key)
{
	size_t len = strlen(view->filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		screen->typing = false;
	} else if (key == 27) {
		screen->typing = false;
		*view->filter = '\0';
	} else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
		if (len > 0)
			view->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 127 && len + 1 < sizeof(view->filter)) {
		view->filter[len] = (char)key;
		view->filter[len + 1] = '\0';
	}
}

static void select_key(struct xt_top_screen *screen, int key)
{
	size_t page = LINES > 8 ? (size_t)LINES - 8 : 1;

	if (key == KEY_UP && screen->at > 0)
		screen->at--;
	else if (key == KEY_DOWN)
		screen->at++;
	else if (key == KEY_PPAGE)
		screen->at -= XT_MIN(screen->at, page);
	else if (key == KEY_NPAGE)
		screen->at += page;
	else if (key == KEY_HOME)
		screen->at = 0;
	else if (key == KEY_END)
		screen->at = screen->n_peers;
}

static void view_key(struct xt_top_screen *screen, struct xt_top_view *view, int key)
{
	if (key == 's')
		view->order = (view->order + 1) % XT_TOP_ORDERS;
	else if (key == 'r')
		view->reverse = !view->reverse;
	else if (key == '/')
		screen->typing = true;
	else if (key == 27)
		*view->filter = '\0';
	else if (key == ' ')
		view->paused = !view->paused;
	else if (key == '+' && view->interval_ms < 60000)
		view->interval_ms *= 2;
	else if (key == '-' && view->interval_ms > 250)
		view->interval_ms /= 2;
	else if (key == 'h' || key == '?')
		screen->help = !screen->help;
	else
		select_key(screen, key);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool xt_top_screen_show(struct xt_top_screen *screen, struct xt_top *top, struct xt_top_view *view)
{
	uint64_t begin = now_ms();

	(void)set_escdelay(50);
	for (;;) {
		uint64_t passed = now_ms() - begin;
		int key;

		screen_draw(screen, top, view);
		if (passed >= view->interval_ms && !view->paused)
			return false;
		timeout(view->paused ? 1000 : (int)(view->interval_ms - passed));
		key = getch();
		if (key == ERR && !view->paused && now_ms() - begin < view->interval_ms)
			return true; /* the terminal has gone */
		if (key == ERR)
			continue;
		if (screen->typing)
			filter_key(screen, view, key);
		else if (key == 'q' || key == 3)
			return true;
		else
			view_key(screen, view, key);
	}
}

#endif
