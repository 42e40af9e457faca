/* SPDX-License-Identifier: MIT */
/* The worker pool: threads that seal and open jobs. The thread that owns the device submits the
 * jobs of a batch, may go on meanwhile, works along at the end and continues when all are done:
 * packets stay in the order in which they were planned, and the device needs no lock. Workers see
 * jobs and nothing else. Under load they poll for the next submission for a tenth of a millisecond
 * before they sleep. */
#ifndef XT_TUNNEL_WORKER_POOL_H
#define XT_TUNNEL_WORKER_POOL_H

#include <xtunnel/aead.h>

struct xt_worker_pool;

#define XT_WORKER_POOL_MAX 64 /* threads, the calling one included */

/* aead     of the calling thread, borrowed; each worker gets a clone of it
 * threads  the calling one included: 1..XT_WORKER_POOL_MAX
 * XT_E_NOMEM, XT_E_INVALID, what xt_aead_clone returns; -errno: a thread cannot be started. */
int xt_worker_pool_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads);
void xt_worker_pool_free(struct xt_worker_pool *pool); /* ends the threads; NULL: no-op */
unsigned xt_worker_pool_threads(const struct xt_worker_pool *pool);

/* Opening by a worker also computes job->sums. */
enum xt_worker_op { XT_WORKER_SEAL, XT_WORKER_OPEN };

/* Jobs are done in any order and must not overlap; they stay as they are until complete. All are
 * called by the thread that made the pool.
 * submit    jobs[0..n), at most 65535 before complete. Jobs right behind those of the same op that
 *           were submitted before join them. Returns at once; a pool of one thread does them there.
 *           Few or small jobs are not worth a wake-up: those wait for complete.
 *           false: nothing was taken: the pool is busy with other jobs, or there are none
 * poll      true: no job waits or is being done
 * complete  works along until poll is true; the pool is free */
bool xt_worker_pool_submit(struct xt_worker_pool *pool, enum xt_worker_op op, struct xt_job *jobs,
			   size_t n);
bool xt_worker_pool_poll(const struct xt_worker_pool *pool);
void xt_worker_pool_complete(struct xt_worker_pool *pool);

/* How many threads `Threads = auto` means on a host with so many processors. */
unsigned xt_worker_pool_auto(unsigned processors);

#endif
