/* SPDX-License-Identifier: MIT */
/* Lists of the names of instances. */
#include "daemon/rundir_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "daemon/rundir.h"

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int xt_rundir_list_add(char ***names, size_t *n, const char *name)
{
	char **grown, *copy;

	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*names)[i], name) == 0)
			return 0;
	}
	copy = strdup(name);
	grown = copy ? xt_items_resize(*names, *n + 1, sizeof(**names)) : NULL;
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	*names = grown;
	grown[(*n)++] = copy;
	return 0;
}

int xt_rundir_list_end(char **names, size_t n, int rc)
{
	if (rc < 0) {
		xt_rundir_list_free(names, n);
		return rc;
	}
	if (n > 1)
		qsort(names, n, sizeof(*names), name_compare);
	return 0;
}

void xt_rundir_list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}
