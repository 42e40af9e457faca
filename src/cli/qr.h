/* SPDX-License-Identifier: MIT */
/* QR codes: of a text, on a terminal, as PNG and as SVG. */
#ifndef XT_CLI_QR_H
#define XT_CLI_QR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/secbuf.h"

/* size x size modules, row by row: not 0 is dark. The margin is not among them. */
struct xt_qr {
	unsigned size;
	uint8_t *dark;
};

/* The version of the library that encodes; NULL: the program was built without one. */
const char *xt_qr_library(void);
/* 0; XT_E_FULL: text is too long; XT_E_UNSUPPORTED: no library; XT_E_NOMEM. Cleared by
 * xt_qr_clear. */
int xt_qr_encode(struct xt_qr *out, const char *text);
void xt_qr_clear(struct xt_qr *qr); /* wipes; a zeroed one may be cleared */

/* Two rows of modules in a line of half blocks of UTF-8: a light module is a block, as it has to be
 * on a dark background. colour: set the background, too. */
void xt_qr_print(const struct xt_qr *qr, bool colour, FILE *out);
/* Append an image. 0 or the error of out. */
int xt_qr_png(const struct xt_qr *qr, struct xt_secbuf *out);
int xt_qr_svg(const struct xt_qr *qr, struct xt_secbuf *out);

#endif
