/* SPDX-License-Identifier: MIT */
/* bench: its rows as a picture, one bar each, on a light and on a dark page. */
#include <errno.h>
#include <stdio.h>

#include "cli/bench.h"

#define WIDTH  760
#define ROW    24
#define LEFT   250 /* where bars begin */
#define BARS   380 /* the longest one */
#define HEADER 44

static void text_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
		}
	}
}

static void row_put(FILE *out, const struct xt_bench_row *row, double most, int y)
{
	double width = most > 0 ? row->gbit / most * BARS : 0;

	fprintf(out, "<text x=\"12\" y=\"%d\">%s: ", y + 15, xt_bench_part_names[row->part]);
	text_put(out, row->name);
	if (row->bytes)
		fprintf(out, ", %u bytes", row->bytes);
	fputs("</text>\n", out);
	if (row->reason[0]) {
		fprintf(out, "<text class=\"note\" x=\"%d\" y=\"%d\">not measured: ", LEFT, y + 15);
		text_put(out, row->reason);
		fputs("</text>\n", out);
		return;
	}
	fprintf(out,
		"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n"
		"<text x=\"%.1f\" y=\"%d\">%.2f</text>\n",
		xt_bench_part_names[row->part], LEFT, y + 3, width, ROW - 6, LEFT + width + 6,
		y + 15, row->gbit);
}

static void picture_put(FILE *out, const struct xt_bench *bench)
{
	int height = HEADER + (int)bench->n * ROW + 12;
	double most = 0;

	for (size_t i = 0; i < bench->n; i++)
		if (!bench->rows[i].reason[0] && bench->rows[i].gbit > most)
			most = bench->rows[i].gbit;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %d %d\" "
		"width=\"%d\" height=\"%d\">\n"
		"<title>xtunnel bench: Gbit/s of this machine</title>\n"
		"<style>svg{background:#fff}text{font:13px sans-serif;fill:#222}"
		".note{fill:#666}.aead{fill:#2f6db3}.memory{fill:#2b8a5b}.hosts{fill:#b3622f}"
		"@media(prefers-color-scheme:dark){svg{background:#16181c}text{fill:#eee}"
		".note{fill:#aaa}}</style>\n"
		"<text x=\"12\" y=\"26\" style=\"font-weight:bold\">xtunnel bench, Gbit/s: "
		"more is better</text>\n",
		WIDTH, height, WIDTH, height);
	for (size_t i = 0; i < bench->n; i++)
		row_put(out, &bench->rows[i], most, HEADER + (int)i * ROW);
	fputs("</svg>\n", out);
}

bool xt_bench_write_svg(const struct xt_bench *bench, const char *path)
{
	FILE *out = fopen(path, "we");
	bool failed;
	int error;

	if (!out)
		return false;
	picture_put(out, bench);
	failed = ferror(out) != 0;
	error = errno;
	if (fclose(out) == 0 && !failed)
		return true;
	if (failed)
		errno = error;
	return false;
}
