/* SPDX-License-Identifier: MIT */
/* Memory for a number of items that comes from outside. */
#include "base/size.h"

#include <stdlib.h>

void *xt_items_resize(void *items, size_t n, size_t size)
{
	size_t len;

	return xt_size_mul(&len, n, size) ? realloc(items, len) : NULL;
}
