/* SPDX-License-Identifier: MIT */
/* The second half of a reload: the file that was read is compared with what is in force. */
#include <stdlib.h>
#include <string.h>

#include "config/conf_write.h"
#include "host/reload.h"

void xt_reload_hints_set(struct xt_reload_hints *hints, const struct xt_conf_diff *diff)
{
	memcpy(hints->keys, diff->keys, sizeof(hints->keys));
	hints->peers = false;
	for (size_t i = 0; i < diff->n && !hints->peers; i++)
		hints->peers = diff->v[i].key == XT_KEYS;
}

static bool texts_equal(const struct xt_conf *a, const struct xt_conf *b)
{
	char *x = NULL, *y = NULL;
	size_t x_len = 0, y_len = 0;
	bool equal = xt_conf_write(a, &x, &x_len) == 0 && xt_conf_write(b, &y, &y_len) == 0 &&
		     x_len == y_len && memcmp(x, y, x_len) == 0;

	free(x);
	free(y);
	return equal;
}

/* Both are without keys. Only where programs alone could have made the difference. */
static bool file_is_same(const struct xt_reload *reload, const struct xt_conf *conf)
{
	const struct xt_conf_diff *diff = &reload->diff;

	if (diff->keys[XT_KEY_PRIVATE_KEY] || diff->keys[XT_KEY_PRESHARED_KEY])
		return false;
	return diff->n == 0 || texts_equal(conf, &reload->file);
}

int xt_reload_compare(struct xt_reload *reload, const struct xt_reload_running *running, int error)
{
	const struct xt_conf_running now = {
	    .conf = running->conf, .report = running->report, .auto_mark = running->auto_mark};
	int rc = 0;

	if (reload->accepted)
		rc = xt_conf_diff(&reload->diff, &now, &reload->file);
	if (error < 0)
		rc = error;
	if (rc == 0 && running->prepare)
		rc = running->prepare(&reload->prepared, &reload->file);
	xt_reload_file_wipe(reload);
	reload->same = rc == 0 && file_is_same(reload, running->conf);
	return rc;
}
