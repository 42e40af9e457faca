/* SPDX-License-Identifier: MIT */
/* Versions at run time. libb2 and libmnl have no function for it: their version is in the name of
 * the loaded file. */
#include "cli/version.h"

#include <jansson.h>
#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "cli/qr.h"
#include "cli/version_uv.h"
#include "exporter/exporter.h"
#include "platform/library.h"
#include "tunnel/cipher.h"

static void loaded_print(FILE *out, const char *label, const char *name)
{
	char file[XT_LIBRARY_FILE];

	if (xt_library_file(name, file))
		fprintf(out, "%s (%s)\n", label, file);
	else
		fprintf(out, "%s (linked in)\n", label);
}

/* The backend that a start without Aead would choose on this host. */
static void cipher_print(FILE *out)
{
	struct xt_aead_report report;
	struct xt_aead *aead;

	if (xt_cipher_open(&aead, NULL, &report) < 0) {
		fprintf(out, "aead none (%s)\n", report.reason);
		return;
	}
	fprintf(out, "aead %s (%s)\n", report.name, report.reason);
	for (size_t i = 0; i < XT_AEAD_BACKENDS; i++)
		if (report.candidates[i].fit && report.candidates[i].name == report.name && i > 0)
			fprintf(out, "%s\n", report.candidates[i].detail);
	xt_aead_free(aead);
}

void xt_version_print(FILE *out)
{
	fprintf(out, "xtunnel %s\n", XT_VERSION);
	fprintf(out, "libsodium %s\n", sodium_version_string());
	fprintf(out, "libuv %s\n", xt_uv_version());
	fprintf(out, "jansson %s\n", jansson_version_str());
	loaded_print(out, "libb2", "libb2.so");
#ifdef XT_HAVE_MNL
	loaded_print(out, "libmnl", "libmnl.so");
#endif
	if (xt_qr_library())
		fprintf(out, "libqrencode %s\n", xt_qr_library());
	if (xt_exporter_library())
		fprintf(out, "libmicrohttpd %s\n", xt_exporter_library());
	cipher_print(out);
}
