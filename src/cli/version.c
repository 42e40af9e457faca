/* SPDX-License-Identifier: MIT */
/* Versions at run time. libb2 and libmnl have no function for it: their version is in the name of
 * the loaded file. */
#include "cli/version.h"

#include <string.h>

#include <jansson.h>
#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "cli/qr.h"
#include "cli/version_uv.h"
#include "exporter/exporter.h"
#include "platform/library.h"
#include "tunnel/cipher.h"

/* One library: its version, NULL where it is not known or the library is absent; otherwise in file
 * the name of what is loaded, empty when the library is linked in. */
struct library {
	const char *name, *version;
	bool by_file;
	char file[XT_LIBRARY_FILE];
};

#define LIBRARIES 7

static void file_find(struct library *library)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "%s.", library->name);
	if (!xt_library_file(prefix, library->file))
		*library->file = '\0';
}

static void libraries_find(struct library *libraries)
{
	const struct library found[LIBRARIES] = {
	    {.name = "libsodium", .version = sodium_version_string()},
	    {.name = "libuv", .version = xt_uv_version()},
	    {.name = "jansson", .version = jansson_version_str()},
	    {.name = "libb2", .by_file = true},
	    {.name = XT_NETLINK_LIBRARY, .by_file = *XT_NETLINK_LIBRARY},
	    {.name = "libqrencode", .version = xt_qr_library()},
	    {.name = "libmicrohttpd", .version = xt_exporter_library()},
	};

	memcpy(libraries, found, sizeof(found));
	for (size_t i = 0; i < LIBRARIES; i++)
		if (libraries[i].by_file)
			file_find(&libraries[i]);
}

/* The backend that a start without Aead would choose on this host; name NULL: none. detail: what
 * is known of it beside the reason, or NULL. */
static void cipher_find(struct xt_aead_report *report, const char **name, const char **detail)
{
	struct xt_aead *aead;

	*name = *detail = NULL;
	if (xt_cipher_open(&aead, NULL, report) < 0)
		return;
	*name = report->name;
	for (size_t i = 1; i < XT_AEAD_BACKENDS; i++)
		if (report->candidates[i].fit && report->candidates[i].name == report->name)
			*detail = report->candidates[i].detail;
	xt_aead_free(aead);
}

static void text_print(FILE *out)
{
	struct library libraries[LIBRARIES];
	struct xt_aead_report report;
	const char *name, *detail;

	fprintf(out, "xtunnel %s\n", XT_VERSION);
	libraries_find(libraries);
	for (size_t i = 0; i < LIBRARIES; i++) {
		const struct library *library = &libraries[i];

		if (library->by_file)
			fprintf(out, "%s (%s)\n", library->name,
				*library->file ? library->file : "linked in");
		else if (library->version)
			fprintf(out, "%s %s\n", library->name, library->version);
	}
	cipher_find(&report, &name, &detail);
	fprintf(out, "aead %s (%s)\n", name ? name : "none", report.reason);
	if (detail)
		fprintf(out, "%s\n", detail);
}

static json_t *cipher_json(void)
{
	struct xt_aead_report report;
	const char *name, *detail;
	json_t *json;

	cipher_find(&report, &name, &detail);
	json = json_pack("{s:s}", "reason", report.reason);
	if (name)
		json_object_set_new(json, "name", json_string(name));
	if (detail)
		json_object_set_new(json, "detail", json_string(detail));
	return json;
}

static void json_print(FILE *out)
{
	struct library libraries[LIBRARIES];
	json_t *object = json_object(), *json;

	libraries_find(libraries);
	for (size_t i = 0; i < LIBRARIES; i++) {
		const struct library *library = &libraries[i];
		const char *text = *library->file ? library->file : library->version;

		if (text)
			json_object_set_new(object, library->name, json_string(text));
	}
	json = json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "version", XT_VERSION, "libraries",
			 object, "aead", cipher_json());
	json_dumpf(json, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(json);
}

void xt_version_print(FILE *out, bool json)
{
	if (json)
		json_print(out);
	else
		text_print(out);
}
