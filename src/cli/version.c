/* SPDX-License-Identifier: MIT */
/* Versions at run time. libb2 and libmnl have no function for it: their version is in the name of
 * the loaded file. */
#include "cli/version.h"

#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>
#include <xtunnel/xtunnel.h>

#include "cli/qr.h"
#include "cli/version_uv.h"
#include "exporter/exporter.h"
#include "tunnel/cipher.h"

struct loaded {
	const char *name; /* "libmnl.so" */
	char file[PATH_MAX];
};

static int object_match(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct loaded *loaded = arg;
	const char *slash = strrchr(info->dlpi_name, '/'), *real_slash;
	char real[PATH_MAX];

	(void)size;
	if (!slash || strncmp(slash + 1, loaded->name, strlen(loaded->name)) != 0)
		return 0;
	if (!realpath(info->dlpi_name, real))
		return 0;
	real_slash = strrchr(real, '/');
	memcpy(loaded->file, real_slash + 1, strlen(real_slash + 1) + 1);
	return 1;
}

/* One library: its version, NULL where it is not known or the library is absent; otherwise in file
 * the name of what is loaded, empty when the library is linked in. */
struct library {
	const char *name, *version;
	struct loaded loaded;
	bool by_file;
};

#define LIBRARIES 7

static void loaded_find(struct library *library)
{
	char *file = library->loaded.file;

	if (!dl_iterate_phdr(object_match, &library->loaded))
		*file = '\0';
}

static void libraries_find(struct library *libraries)
{
	const struct library found[LIBRARIES] = {
	    {.name = "libsodium", .version = sodium_version_string()},
	    {.name = "libuv", .version = xt_uv_version()},
	    {.name = "jansson", .version = jansson_version_str()},
	    {.name = "libb2", .loaded = {.name = "libb2.so"}, .by_file = true},
	    {.name = "libmnl", .loaded = {.name = "libmnl.so"}, .by_file = true},
	    {.name = "libqrencode", .version = xt_qr_library()},
	    {.name = "libmicrohttpd", .version = xt_exporter_library()},
	};

	memcpy(libraries, found, sizeof(found));
	for (size_t i = 0; i < LIBRARIES; i++)
		if (libraries[i].by_file)
			loaded_find(&libraries[i]);
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
				*library->loaded.file ? library->loaded.file : "linked in");
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
		const char *text = *library->loaded.file ? library->loaded.file : library->version;

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
