/* SPDX-License-Identifier: MIT */
/* The QR code of a configuration: judged and made before anything is changed, shown after. What
 * fails is printed on stderr. */
#ifndef XT_CLI_QR_OUTPUT_H
#define XT_CLI_QR_OUTPUT_H

#include "cli/private_file.h"
#include "cli/qr.h"

/* path  of an image, which ends in .png or .svg; NULL: the terminal
 * file  the image, written and not kept yet */
struct xt_qr_output {
	const char *path;
	struct xt_qr qr;
	struct xt_private_file file;
};

/* Can this program make that? enum xt_exit. */
int xt_qr_output_judge(const char *path);
/* Encode text, which holds keys, and write an image. out->path is set. enum xt_exit. */
int xt_qr_output_make(struct xt_qr_output *out, const struct xt_secbuf *text, bool force);
bool xt_qr_output_keep(struct xt_qr_output *out);
/* Print the code, or the path of the image. */
void xt_qr_output_print(const struct xt_qr_output *out);
void xt_qr_output_clear(struct xt_qr_output *out); /* what was not kept goes */

#endif
