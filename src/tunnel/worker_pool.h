/* A crew: threads that do the middle act together. The thread that owns the device lends the jobs
 * of one batch, works along, and goes on when all are done; so packets stay in the order in which
 * they were planned and the device needs no lock. Workers see jobs and nothing else; under load
 * they look out for the next call for a tenth of a millisecond before they sleep. */
#ifndef XT_TUNNEL_WORKER_POOL_H
#define XT_TUNNEL_WORKER_POOL_H

#include <xtunnel/aead.h>

struct xt_worker_pool;

#define XT_WORKER_POOL_MAX 64 /* threads in all */

/* aead     of the calling thread, borrowed; the workers get twins of it
 * threads  in all, the calling one included: 1..XT_WORKER_POOL_MAX
 * XT_E_NOMEM, XT_E_INVALID, what xt_aead_clone returns; -errno when a thread cannot be had. */
int xt_worker_pool_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads);
void xt_worker_pool_free(struct xt_worker_pool *crew); /* ends the threads; NULL is fine */
unsigned xt_worker_pool_threads(const struct xt_worker_pool *crew);

/* A call: the jobs that the caller lays down at jobs, one after another, are done in any order and
 * do not overlap.  Few or small ones are not worth a wake-up: those wait for the end, and the
 * caller does them alone.  What a crew of several opens it also looks through (job.sums).
 * begin  no call may be under way
 * more   jobs[0..n) are laid down and stay as they are; n <= 65535, never less than before.
 *        Returns at once; a crew of one does them there
 * end    works along until all are done */
void xt_worker_pool_begin(struct xt_worker_pool *crew, struct xt_job *jobs, bool opening);
void xt_worker_pool_more(struct xt_worker_pool *crew, size_t n);
void xt_worker_pool_end(struct xt_worker_pool *crew);

/* All three: as xt_aead_seal and xt_aead_open. */
void xt_worker_pool_seal(struct xt_worker_pool *crew, struct xt_job *jobs, size_t n);
void xt_worker_pool_open(struct xt_worker_pool *crew, struct xt_job *jobs, size_t n);

/* How many threads `Threads = auto` means on a host with so many processors. */
unsigned xt_worker_pool_auto(unsigned processors);

#endif
