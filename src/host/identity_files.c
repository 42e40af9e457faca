/* SPDX-License-Identifier: MIT */
/* The two files of one identity. */
#include "host/identity_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <xtunnel/error.h>

int xt_identity_files_open(struct xt_identity_files *files, const char *name)
{
	char dir[PATH_MAX];
	const char *path = xt_bound_dir(dir, sizeof(dir)) == 0 ? dir : NULL;
	int rc = xt_bound_open(&files->bound, path, name);

	if (rc < 0)
		return rc;
	return xt_peer_store_open(&files->peers, xt_bound_stored(files->bound) ? path : NULL, name);
}

void xt_identity_files_close(struct xt_identity_files *files)
{
	if (files->bound && files->has_last)
		(void)xt_bound_write(files->bound, files->last);
	xt_bound_close(files->bound);
	xt_peer_store_close(files->peers);
	*files = (struct xt_identity_files){0};
}

int xt_identity_files_records(const struct xt_identity_files *files, struct xt_peer_memory **out,
			      size_t *n)
{
	const struct xt_peer_records *records = xt_peer_store_records(files->peers);

	*out = NULL;
	*n = 0;
	if (!records->n)
		return 0;
	*out = malloc(records->n * sizeof(**out));
	if (!*out)
		return XT_E_NOMEM;
	memcpy(*out, records->v, records->n * sizeof(**out));
	*n = records->n;
	return 0;
}
