/* SPDX-License-Identifier: MIT */
/* The running state, put into the configuration file on a worker thread. */
#ifndef XT_HOST_SAVE_UV_H
#define XT_HOST_SAVE_UV_H

#include <uv.h>

#include "host/save.h"

/* error: 0; XT_E_SYNTAX: the file has errors; -errno; XT_E_NOMEM */
typedef void xt_save_done(void *ctx, int error);

/* Read the file at path, update it and replace it; name: of the interface. Hooks and the like may
 * have been edited meanwhile: they stay as they stand in the file. One at a time. done is
 * called once, from the loop. On failure save was released all the same. */
int xt_save_start(uv_loop_t *loop, const char *path, const char *name, const struct xt_save *save,
		  xt_save_done *done, void *ctx);

#endif
