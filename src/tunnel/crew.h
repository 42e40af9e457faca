/* A crew: threads that do the middle act together. The thread that owns the device lends the jobs
 * of one batch, works along, and goes on when all are done; so packets stay in the order in which
 * they were planned and the device needs no lock. Workers see jobs and nothing else; under load
 * they look out for the next call for a tenth of a millisecond before they sleep. */
#ifndef XT_TUNNEL_CREW_H
#define XT_TUNNEL_CREW_H

#include <xtunnel/aead.h>

struct xt_crew;

#define XT_CREW_MAX 64 /* threads in all */

/* aead     of the calling thread, borrowed; the workers get twins of it
 * threads  in all, the calling one included: 1..XT_CREW_MAX
 * XT_E_NOMEM, XT_E_INVALID, what xt_aead_twin returns; -errno when a thread cannot be had. */
int xt_crew_new(struct xt_crew **out, struct xt_aead *aead, unsigned threads);
void xt_crew_free(struct xt_crew *crew); /* ends the threads; NULL is fine */
unsigned xt_crew_threads(const struct xt_crew *crew);

/* A call: the jobs that the caller lays down at jobs, one after another, are done in any order and
 * do not overlap.  Few or small ones are not worth a wake-up: those wait for the end, and the
 * caller does them alone.  What a crew of several opens it also looks through (job.sums).
 * begin  no call may be under way
 * more   jobs[0..n) are laid down and stay as they are; n <= 65535, never less than before.
 *        Returns at once; a crew of one does them there
 * end    works along until all are done */
void xt_crew_begin(struct xt_crew *crew, struct xt_job *jobs, bool opening);
void xt_crew_more(struct xt_crew *crew, size_t n);
void xt_crew_end(struct xt_crew *crew);

/* All three: as xt_aead_seal and xt_aead_open. */
void xt_crew_seal(struct xt_crew *crew, struct xt_job *jobs, size_t n);
void xt_crew_open(struct xt_crew *crew, struct xt_job *jobs, size_t n);

/* How many threads `Threads = auto` means on a host with so many processors. */
unsigned xt_crew_auto(unsigned processors);

#endif
