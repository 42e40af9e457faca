/* SPDX-License-Identifier: MIT */
/* Asking running instances for their state, as an observer. Blocks. */
#ifndef XT_EXPORTER_COLLECT_H
#define XT_EXPORTER_COLLECT_H

#include "ipc/client.h"
#include "ipc/metrics.h"

/* An instance may be silent for so long before it counts as one that does not answer. */
#define XT_COLLECT_SILENCE_MS 3000

/* Ask the instance at client for its state. -errno or XT_E_*: metrics has it as silent. */
int xt_collect_instance(struct xt_metrics *metrics, struct xt_client *client, const char *name);

/* Ask all instances that this user can see; one that cannot be asked is in metrics as silent.
 * *failed: how many there are. XT_E_NOMEM; -errno: they cannot be listed. */
int xt_collect(struct xt_metrics *metrics, size_t *failed);

#endif
