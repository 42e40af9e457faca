/* SPDX-License-Identifier: MIT */
/* Reading configuration files in tests, and the check that no diagnostic quotes a secret. */
#ifndef XT_TESTS_CONF_FILES_H
#define XT_TESTS_CONF_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"

static inline char *conf_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	if (!f || !text)
		abort();
	*len = fread(text, 1, (1 << 20) - 1, f);
	text[*len] = '\0';
	fclose(f);
	return text;
}

/* Calls each with every file of dir; returns how many. */
static inline unsigned conf_each(const char *dir,
				 void (*each)(const char *path, const char *text, size_t len))
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned n = 0;

	while (d && (entry = readdir(d))) {
		char path[1024];
		size_t len;

		if (!strstr(entry->d_name, ".conf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		char *text = conf_read(path, &len);
		each(path, text, len);
		free(text);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static inline void conf_clear(struct xt_conf *conf, struct xt_conf_diagnostics *diagnostics)
{
	xt_conf_clear(conf);
	xt_conf_diagnostics_clear(diagnostics);
}

/* Do the first len bytes of piece stand in text? */
static inline bool conf_holds(const char *text, const char *piece, size_t len)
{
	for (; *text; text++)
		if (strncmp(text, piece, len) == 0)
			return true;
	return false;
}

/* Does a diagnostic hold six bytes of a secret key's value in text? */
static inline int conf_quotes_secret(const struct xt_conf_diagnostics *diagnostics,
				     const char *text)
{
	static const char *const names[] = {"PrivateKey = ", "PresharedKey = "};

	for (size_t k = 0; k < 2; k++)
		for (const char *at = text; (at = strstr(at, names[k])); at++)
			for (const char *s = at + strlen(names[k]); strlen(s) >= 6 && *s != '\n';
			     s++)
				for (size_t i = 0; i < diagnostics->n; i++)
					if (conf_holds(diagnostics->v[i].text, s, 6))
						return 1;
	return 0;
}

#endif
