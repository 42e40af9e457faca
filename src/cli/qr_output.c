/* SPDX-License-Identifier: MIT */
/* The QR code of a configuration. An image holds a private key: its mode is 0600. */
#include "cli/qr_output.h"

#include <string.h>
#include <strings.h>

#include <xtunnel/error.h>

#include "cli/args.h"
#include "cli/term.h"

static bool path_ends(const char *path, const char *suffix)
{
	size_t len = strlen(path), n = strlen(suffix);

	return len > n && strcasecmp(path + len - n, suffix) == 0;
}

int xt_qr_output_judge(const char *path)
{
	if (!xt_qr_library())
		return xt_fail(XT_EXIT_FAILURE,
			       "this program was built without libqrencode: no QR code");
	if (path && !path_ends(path, ".png") && !path_ends(path, ".svg"))
		return xt_fail(XT_EXIT_USAGE, "--qr=%.100s: expected a file .png or .svg", path);
	return XT_EXIT_OK;
}

static int image_write(struct xt_qr_output *out, bool force)
{
	struct xt_secbuf image = XT_SECBUF_INIT(XT_SECBUF_MAX);
	int rc = path_ends(out->path, ".png") ? xt_qr_png(&out->qr, &image)
					      : xt_qr_svg(&out->qr, &image);
	int status = XT_EXIT_FAILURE;

	if (rc < 0)
		xt_message("%s: %s", out->path, xt_strerror(rc));
	else if (xt_private_file_init(&out->file, NULL, out->path, "") &&
		 xt_private_file_write(&out->file, image.p, image.len, force))
		status = XT_EXIT_OK;
	xt_secbuf_clear(&image);
	return status;
}

int xt_qr_output_make(struct xt_qr_output *out, const struct xt_secbuf *text, bool force)
{
	int rc = xt_qr_encode(&out->qr, text->p);

	out->file.part[0] = '\0';
	if (rc == XT_E_FULL)
		return xt_fail(XT_EXIT_FAILURE, "the configuration is too long for a QR code");
	if (rc < 0)
		return xt_fail(XT_EXIT_FAILURE, "cannot make a QR code: %s", xt_strerror(rc));
	return out->path ? image_write(out, force) : XT_EXIT_OK;
}

bool xt_qr_output_keep(struct xt_qr_output *out)
{
	return !out->path || xt_private_file_keep(&out->file);
}

void xt_qr_output_print(const struct xt_qr_output *out)
{
	if (out->path)
		printf("%s\n", out->path);
	else
		xt_qr_print(&out->qr, xt_term_color(stdout), stdout);
}

void xt_qr_output_clear(struct xt_qr_output *out)
{
	xt_private_file_drop(&out->file);
	xt_qr_clear(&out->qr);
}
