/* SPDX-License-Identifier: MIT */
/* Columns have a width and a rank: where the line is too narrow, those of the highest rank are left
 * out. The first column takes what is left. Texts of an answer are printable; bytes beyond ASCII
 * count as one column for a character. */
#include "cli/top_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define WIDTH_LEAST 20u
#define NAME_LEAST  10u
#define NAME_MOST   32u
#define TREND	    10u

enum column { CODE, RX, TX, TREND_COLUMN, RTT, LOSS, AGE, MTU, ENDPOINT, LINK, COLUMNS };

/* rank: 0 always stays */
static const struct {
	const char *title;
	unsigned width, rank;
} columns[COLUMNS] = {
    [CODE] = {"STATE", 10, 0},	     [RX] = {"RX/s", 9, 0}, [TX] = {"TX/s", 9, 0},
    [TREND_COLUMN] = {"", TREND, 4}, [RTT] = {"RTT", 8, 1}, [LOSS] = {"LOSS", 6, 2},
    [AGE] = {"SHAKE", 6, 3},	     [MTU] = {"MTU", 5, 6}, [ENDPOINT] = {"ENDPOINT", 22, 5},
    [LINK] = {"LINK", 8, 7},
};
#define RANKS 8u

/* --- lines --- */

struct line {
	char *out;
	size_t len;
	unsigned columns, width;
	bool ascii;
};

static struct line line_begin(char *out, const struct xt_top_style *style)
{
	*out = '\0';
	return (struct line){
	    .out = out, .width = XT_MAX(style->width, WIDTH_LEAST), .ascii = style->ascii};
}

static bool byte_continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* At most so many columns of text. */
static void text_put(struct line *line, const char *text, unsigned most)
{
	most = XT_MIN(most, line->width - line->columns);
	while (*text) {
		size_t n = 1;

		while (byte_continues(text[n]))
			n++;
		if (most == 0 || line->len + n >= XT_TOP_LINE)
			break;
		if (line->ascii && (unsigned char)*text >= 0x80)
			line->out[line->len++] = '?';
		else
			for (size_t i = 0; i < n; i++)
				line->out[line->len++] = text[i];
		line->columns++;
		most--;
		text += n;
	}
	line->out[line->len] = '\0';
}

static void spaces_put(struct line *line, unsigned n)
{
	while (n-- > 0)
		text_put(line, " ", 1);
}

static void cell_put(struct line *line, const char *text, unsigned width, bool right)
{
	char cell[XT_TOP_LINE];
	struct xt_top_style style = {.width = XT_MAX(width, WIDTH_LEAST), .ascii = line->ascii};
	struct line measured = line_begin(cell, &style);
	unsigned pad;

	text_put(&measured, text, width);
	pad = width - measured.columns;
	if (right)
		spaces_put(line, pad);
	text_put(line, cell, width);
	if (!right)
		spaces_put(line, pad);
}

/* --- values --- */

static void rate_print(char *out, size_t cap, double rate)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	for (; rate >= 1000 && i + 1 < XT_LEN(units); i++)
		rate /= 1024;
	snprintf(out, cap, i == 0 ? "%.0f %s" : rate < 10 ? "%.2f %s" : "%.1f %s", rate, units[i]);
}

static void age_print(char *out, size_t cap, int64_t s)
{
	if (s < 0)
		snprintf(out, cap, "-");
	else if (s < 600)
		snprintf(out, cap, "%" PRId64 "s", s);
	else if (s < 36000)
		snprintf(out, cap, "%" PRId64 "m", s / 60);
	else if (s < 864000)
		snprintf(out, cap, "%" PRId64 "h", s / 3600);
	else
		snprintf(out, cap, "%" PRId64 "d", s / 86400);
}

/* The last values, of which the greatest is the highest. */
static void trend_print(char *out, const struct xt_top_peer *peer, bool ascii)
{
	static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const marks[] = {" ", ".", ".", ":", ":", "-", "=", "+", "#"};
	size_t n = XT_MIN(peer->n_trend, (size_t)TREND);
	const double *v = peer->trend + peer->n_trend - n;
	double most = 0;

	*out = '\0';
	for (size_t i = 0; i < n; i++)
		most = XT_MAX(most, v[i]);
	for (size_t i = n; i < TREND; i++)
		strcat(out, " ");
	for (size_t i = 0; i < n; i++) {
		unsigned height = most > 0 ? (unsigned)(v[i] / most * 8 + 0.5) : 0;

		if (height == 0 && v[i] > 0)
			height = 1;
		strcat(out, (ascii ? marks : bars)[height]);
	}
}

static void column_print(char *out, size_t cap, enum column column, const struct xt_top_peer *peer,
			 bool ascii)
{
	snprintf(out, cap, "-");
	switch (column) {
	case CODE:
		snprintf(out, cap, "%s", peer->code);
		break;
	case RX:
	case TX:
		rate_print(out, cap, column == RX ? peer->rx_rate : peer->tx_rate);
		break;
	case TREND_COLUMN:
		trend_print(out, peer, ascii);
		break;
	case RTT:
		if (peer->rtt_us >= 0)
			snprintf(out, cap, "%.1f ms", (double)peer->rtt_us / 1000);
		break;
	case LOSS:
		if (peer->loss >= 0)
			snprintf(out, cap, "%.1f%%", peer->loss);
		break;
	case AGE:
		age_print(out, cap, peer->age_s);
		break;
	case MTU:
		if (peer->mtu)
			snprintf(out, cap, "%" PRIu32, peer->mtu);
		break;
	case ENDPOINT:
		if (*peer->endpoint)
			snprintf(out, cap, "%s", peer->endpoint);
		break;
	case LINK:
		if (*peer->link)
			snprintf(out, cap, "%s", peer->link);
		break;
	case COLUMNS:
		break;
	}
}

/* --- the table --- */

static unsigned width_needed(unsigned rank)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < COLUMNS; i++)
		if (columns[i].rank <= rank)
			sum += columns[i].width + 1;
	return sum;
}

/* The highest rank that fits, and what the name gets. false: not even the columns of rank 0. */
static bool layout(unsigned width, unsigned *rank, unsigned *name)
{
	*rank = RANKS;
	while (*rank > 0 && width_needed(*rank) + NAME_LEAST > width)
		--*rank;
	*name = NAME_LEAST;
	if (width_needed(*rank) + NAME_LEAST > width)
		return false;
	*name = XT_MIN(width - width_needed(*rank), NAME_MOST);
	return true;
}

static bool column_is_right(enum column column)
{
	return column != CODE && column != ENDPOINT && column != LINK && column != TREND_COLUMN;
}

void xt_top_peer_head(char out[XT_TOP_LINE], const struct xt_top_style *style)
{
	struct line line = line_begin(out, style);
	unsigned rank, name;
	bool fits = layout(line.width, &rank, &name);

	cell_put(&line, "PEER", name, false);
	for (unsigned i = 0; i < (fits ? COLUMNS : RX); i++) {
		if (columns[i].rank > rank)
			continue;
		spaces_put(&line, 1);
		cell_put(&line, columns[i].title, columns[i].width, column_is_right(i));
	}
}

void xt_top_peer_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
		      const struct xt_top_peer *peer)
{
	struct line line = line_begin(out, style);
	bool explains = !peer->up && *peer->sentence;
	unsigned rank, name;
	bool fits = layout(line.width, &rank, &name);

	cell_put(&line, peer->name, name, false);
	for (unsigned i = 0; i < (fits ? COLUMNS : RX); i++) {
		char text[96];

		if (columns[i].rank > rank || (explains && i > CODE))
			continue;
		column_print(text, sizeof(text), i, peer, line.ascii);
		spaces_put(&line, 1);
		cell_put(&line, text, columns[i].width, column_is_right(i));
	}
	if (!explains)
		return;
	spaces_put(&line, 1);
	text_put(&line, peer->sentence, line.width);
}

#define INSTANCE_CELLS 6

static void instance_put(char out[XT_TOP_LINE], const struct xt_top_style *style,
			 const char *const cells[INSTANCE_CELLS])
{
	static const unsigned widths[INSTANCE_CELLS] = {16, 7, 11, 9, 9, 9};
	struct line line = line_begin(out, style);

	for (unsigned i = 0; i < INSTANCE_CELLS; i++) {
		if (i > 0)
			spaces_put(&line, 1);
		cell_put(&line, cells[i], widths[i], i > 0);
	}
}

void xt_top_instance_head(char out[XT_TOP_LINE], const struct xt_top_style *style)
{
	static const char *const cells[] = {"INSTANCE", "CPU", "UP", "RX/s", "TX/s", "DROPS/s"};

	instance_put(out, style, cells);
}

void xt_top_instance_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
			  const struct xt_top_instance *instance)
{
	char cpu[16] = "-", up[32], rx[16], tx[16], drops[24];
	const char *const cells[] = {instance->name, cpu, up, rx, tx, drops};

	if (*instance->error) {
		struct line line = line_begin(out, style);

		cell_put(&line, instance->name, 16, false);
		spaces_put(&line, 1);
		text_put(&line, instance->error, line.width);
		return;
	}
	if (instance->cpu >= 0)
		snprintf(cpu, sizeof(cpu), "%.1f%%", instance->cpu);
	snprintf(up, sizeof(up), "%zu of %zu", instance->n_up, instance->n_peers);
	rate_print(rx, sizeof(rx), instance->rx_rate);
	rate_print(tx, sizeof(tx), instance->tx_rate);
	snprintf(drops, sizeof(drops), "%.1f", instance->drop_rate);
	instance_put(out, style, cells);
}

void xt_top_drops_line(char out[XT_TOP_LINE], const struct xt_top_style *style,
		       const struct xt_top_instance *instance)
{
	struct line line = line_begin(out, style);

	text_put(&line, instance->name, 16);
	text_put(&line, instance->n_drops ? " drops:" : " drops: none", 16);
	for (size_t i = 0; i < instance->n_drops; i++) {
		const struct xt_top_drop *drop = &instance->drops[i];
		char text[96];

		snprintf(text, sizeof(text), "%s %s %" PRIu64 " (%.1f/s)", i ? "," : "", drop->name,
			 drop->n, drop->rate);
		text_put(&line, text, line.width);
	}
}
