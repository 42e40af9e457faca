/* SPDX-License-Identifier: MIT */
/* The modules of a QR code as lines of a terminal and as images. Each has a margin of four light
 * modules, without which readers do not find the code (ISO/IEC 18004). */
#include "cli/qr.h"

#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

#include "base/text.h"

#define MARGIN 4u
#define SCALE  8u     /* pixels of a module in a PNG */
#define STORED 65535u /* the longest block that DEFLATE stores as it is */

void xt_qr_clear(struct xt_qr *qr)
{
	if (qr->dark)
		xt_wipe(qr->dark, (size_t)qr->size * qr->size);
	free(qr->dark);
	*qr = (struct xt_qr){0};
}

/* x, y: with the margin. */
static bool module_is_dark(const struct xt_qr *qr, unsigned x, unsigned y)
{
	if (x < MARGIN || y < MARGIN || x >= MARGIN + qr->size || y >= MARGIN + qr->size)
		return false;
	return qr->dark[(size_t)(y - MARGIN) * qr->size + (x - MARGIN)];
}

void xt_qr_print(const struct xt_qr *qr, bool colour, FILE *out)
{
	static const char *const blocks[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
	unsigned width = qr->size + 2 * MARGIN;

	for (unsigned y = 0; y < width; y += 2) {
		fputs(colour ? "\033[97;40m" : "", out);
		for (unsigned x = 0; x < width; x++) {
			bool below = y + 1 >= width || module_is_dark(qr, x, y + 1);

			fputs(blocks[module_is_dark(qr, x, y)][below], out);
		}
		fputs(colour ? "\033[0m\n" : "\n", out);
	}
}

int xt_qr_svg(const struct xt_qr *qr, struct xt_secbuf *out)
{
	unsigned width = qr->size + 2 * MARGIN;

	xt_secbuf_printf(out,
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
			 "width=\"%u\" height=\"%u\" shape-rendering=\"crispEdges\">\n"
			 "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n<path d=\"",
			 width, width, width * SCALE, width * SCALE, width, width);
	for (unsigned y = 0; y < width; y++) {
		for (unsigned x = 0, end; x < width; x = end + 1) {
			for (end = x; module_is_dark(qr, end, y); end++)
				;
			if (end > x)
				xt_secbuf_printf(out, "M%u %uh%uv1h-%uz", x, y, end - x, end - x);
		}
	}
	xt_secbuf_puts(out, "\" fill=\"#000\"/>\n</svg>\n");
	return out->error;
}

static void bytes_put_be32(struct xt_secbuf *out, uint32_t n)
{
	uint8_t b[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	xt_secbuf_append(out, b, sizeof(b));
}

/* CRC-32 of PNG (ISO 3309), bit by bit: an image is written once. */
static uint32_t crc32_of(const char *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void chunk_put(struct xt_secbuf *out, const char *type, const void *data, size_t len)
{
	size_t at;

	bytes_put_be32(out, (uint32_t)len);
	at = out->len;
	xt_secbuf_append(out, type, 4);
	xt_secbuf_append(out, data, len);
	if (!out->error)
		bytes_put_be32(out, crc32_of(out->p + at, out->len - at));
}

/* ADLER-32 of zlib (RFC 1950). */
static uint32_t adler32_of(const char *p, size_t len)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < len; i++) {
		a = (a + (uint8_t)p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* zlib's format without compression: a code is some kilobytes. */
static void zlib_put(struct xt_secbuf *out, const char *p, size_t len)
{
	uint32_t sum = adler32_of(p, len);

	xt_secbuf_append(out, "\x78\x01", 2);
	for (size_t n; len; p += n, len -= n) {
		uint8_t head[5];

		n = len < STORED ? len : STORED;
		head[0] = n == len; /* the last block */
		head[1] = (uint8_t)n;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)~n;
		head[4] = (uint8_t)(~n >> 8);
		xt_secbuf_append(out, head, sizeof(head));
		xt_secbuf_append(out, p, n);
	}
	bytes_put_be32(out, sum);
}

/* Rows of 1 bit a pixel, 1 is white; each begins with its filter, none. */
static void rows_put(const struct xt_qr *qr, struct xt_secbuf *out)
{
	unsigned width = qr->size + 2 * MARGIN;

	for (unsigned y = 0; y < width * SCALE; y++) {
		xt_secbuf_append(out, "", 1);
		for (unsigned x = 0; x < width; x++)
			xt_secbuf_append(out, module_is_dark(qr, x, y / SCALE) ? "\0" : "\xff", 1);
	}
}

int xt_qr_png(const struct xt_qr *qr, struct xt_secbuf *out)
{
	struct xt_secbuf head = XT_SECBUF_INIT(64), rows = XT_SECBUF_INIT(XT_SECBUF_MAX),
			 packed = rows;
	unsigned width = (qr->size + 2 * MARGIN) * SCALE;
	int error;

	_Static_assert(SCALE == 8, "rows_put writes one byte a module");
	bytes_put_be32(&head, width);
	bytes_put_be32(&head, width);
	xt_secbuf_append(&head, "\x01\0\0\0\0", 5); /* 1 bit of grey, not interlaced */
	rows_put(qr, &rows);
	if (!rows.error)
		zlib_put(&packed, rows.p, rows.len);
	xt_secbuf_append(out, "\x89PNG\r\n\x1a\n", 8);
	if (!head.error && !packed.error && !rows.error) {
		chunk_put(out, "IHDR", head.p, head.len);
		chunk_put(out, "IDAT", packed.p, packed.len);
		chunk_put(out, "IEND", "", 0);
	}
	error = rows.error ? rows.error : packed.error ? packed.error : out->error;
	xt_secbuf_clear(&head);
	xt_secbuf_clear(&rows);
	xt_secbuf_clear(&packed);
	return error;
}
