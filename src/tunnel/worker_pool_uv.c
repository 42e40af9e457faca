/* SPDX-License-Identifier: MIT */
/* The worker pool.
 *
 * One atomic word holds the generation of the submission, the number of its published jobs and the
 * next one to be taken. A thread that advances the word from the value it read owns a chunk of
 * jobs; the generation makes the exchange fail for a chunk of an earlier submission. Jobs are read
 * only after the exchange. Complete returns when every chunk is done, so the jobs stay until
 * then. */
#include "tunnel/worker_pool.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/pages.h"
#include "packet/merge.h"
#include "platform/sandbox.h"

#define LINE	  128	      /* a cache line, and the neighbour that is fetched with it */
#define CHUNK	  4	      /* jobs taken at once */
#define MIN_BYTES (16 * 1024) /* less than that is left to the caller */
#define SPINS	  64	      /* between two offers of the processor to other threads */
/* Waking a sleeper takes about as long as its chunk of work: after submissions that came at shorter
 * intervals than this, a worker stays awake for as long. */
#define BUSY_POLL_NS 100000

/* asleep  or about to be: the thread that resets it posts the semaphore */
struct worker {
	struct xt_worker_pool *pool;
	struct xt_aead *aead;
	uv_thread_t thread;
	uv_sem_t wake;
	_Atomic bool asleep;
};

/* Caller-only submission state: jobs submitted, of these published to the workers, and bytes of the
 * others. */
struct submission {
	uint32_t submitted, published;
	size_t bytes;
};

struct xt_worker_pool {
	struct xt_aead *aead; /* the caller's */
	struct worker *workers;
	unsigned n; /* workers that run */
	struct submission submission;
	struct xt_job *jobs;
	enum xt_worker_op op;
	_Atomic bool end;
	/* Every thread writes to these: lines of their own. */
	_Alignas(LINE) _Atomic uint64_t word; /* generation << 32 | published << 16 | next */
	_Alignas(LINE) _Atomic uint32_t done;
};

static uint32_t word_jobs(uint64_t word)
{
	return (uint32_t)(word >> 16) & 0xffff;
}

static uint32_t word_next(uint64_t word)
{
	return (uint32_t)word & 0xffff;
}

/* Checksums are verified here because the plaintext is in this thread's cache. */
static void jobs_open(struct xt_aead *aead, struct xt_job *jobs, uint32_t n)
{
	xt_aead_open(aead, jobs, n);
	for (struct xt_job *job = jobs; job < jobs + n; job++)
		job->sums = job->ok && xt_merge_sums_right(job->dst, job->len);
}

/* Take chunks and do them until there are none. */
static void pool_work(struct xt_worker_pool *pool, struct xt_aead *aead)
{
	uint64_t word = atomic_load_explicit(&pool->word, memory_order_acquire);

	for (;;) {
		uint32_t n = word_jobs(word), at = word_next(word), take;

		if (at >= n)
			return;
		take = XT_MIN(n - at, CHUNK);
		if (!atomic_compare_exchange_weak_explicit(&pool->word, &word, word + take,
							   memory_order_acquire,
							   memory_order_acquire))
			continue;
		if (pool->op == XT_WORKER_OPEN)
			jobs_open(aead, pool->jobs + at, take);
		else
			xt_aead_seal(aead, pool->jobs + at, take);
		atomic_fetch_add_explicit(&pool->done, take, memory_order_release);
		word = atomic_load_explicit(&pool->word, memory_order_acquire);
	}
}

static void worker_spin(unsigned *spins)
{
	if (++*spins % SPINS == 0)
		sched_yield();
#if defined(__x86_64__) || defined(__i386__)
	else
		__builtin_ia32_pause();
#elif defined(__aarch64__)
	else
		__asm__ volatile("yield");
#endif
}

/* Are there jobs to take, or is the pool to end? */
static bool pool_has_work(struct xt_worker_pool *pool)
{
	uint64_t word = atomic_load(&pool->word);

	return word_next(word) < word_jobs(word) || atomic_load(&pool->end);
}

/* Wait for work, polling first if busy. Returns how long that took. */
static uint64_t worker_wait(struct worker *worker, bool busy)
{
	uint64_t since = uv_hrtime(), until = since + (busy ? BUSY_POLL_NS : 0);
	unsigned spins = 0;

	while (!pool_has_work(worker->pool) && (spins % SPINS != 0 || uv_hrtime() < until))
		worker_spin(&spins);
	/* Either the caller sees that the worker sleeps or the worker sees the published jobs. */
	if (!pool_has_work(worker->pool)) {
		atomic_store(&worker->asleep, true);
		if (!pool_has_work(worker->pool) || !atomic_exchange(&worker->asleep, false))
			uv_sem_wait(&worker->wake);
	}
	return uv_hrtime() - since;
}

static void worker_run(void *arg)
{
	struct worker *worker = arg;
	bool busy = false;

	for (;;) {
		busy = worker_wait(worker, busy) < BUSY_POLL_NS;
		if (atomic_load(&worker->pool->end))
			return;
		pool_work(worker->pool, worker->aead);
	}
}

static void pool_wake(struct xt_worker_pool *pool, unsigned workers)
{
	for (unsigned i = 0; i < workers; i++)
		if (atomic_exchange(&pool->workers[i].asleep, false))
			uv_sem_post(&pool->workers[i].wake);
}

static int worker_start(struct xt_worker_pool *pool, struct worker *worker)
{
	int rc = xt_aead_clone(&worker->aead, pool->aead);

	if (rc)
		return rc;
	worker->pool = pool;
	rc = uv_sem_init(&worker->wake, 0);
	if (rc) {
		xt_aead_free(worker->aead);
		return rc;
	}
	rc = uv_thread_create(&worker->thread, worker_run, worker);
	if (rc) {
		uv_sem_destroy(&worker->wake);
		xt_aead_free(worker->aead);
	}
	return rc;
}

int xt_worker_pool_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads)
{
	struct xt_worker_pool *pool;
	sigset_t all, before;
	int rc = 0;

	if (threads < 1 || threads > XT_WORKER_POOL_MAX)
		return XT_E_INVALID;
	pool = xt_aligned_new(LINE, sizeof(*pool));
	if (!pool)
		return XT_E_NOMEM;
	pool->aead = aead;
	pool->workers = calloc(threads, sizeof(*pool->workers));
	if (!pool->workers) {
		xt_aligned_free(pool);
		return XT_E_NOMEM;
	}
	/* Signals are for the loop's thread: workers inherit a mask that blocks all but
	 * the one by which they are locked. */
	sigfillset(&all);
	sigdelset(&all, xt_sandbox_signal());
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!rc && pool->n < threads - 1) {
		rc = worker_start(pool, &pool->workers[pool->n]);
		pool->n += !rc;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		xt_worker_pool_free(pool);
		return rc;
	}
	*out = pool;
	return 0;
}

void xt_worker_pool_free(struct xt_worker_pool *pool)
{
	if (!pool)
		return;
	atomic_store(&pool->end, true);
	pool_wake(pool, pool->n);
	for (unsigned i = 0; i < pool->n; i++) {
		uv_thread_join(&pool->workers[i].thread);
		uv_sem_destroy(&pool->workers[i].wake);
		xt_aead_free(pool->workers[i].aead);
	}
	free(pool->workers);
	xt_aligned_free(pool);
}

unsigned xt_worker_pool_threads(const struct xt_worker_pool *pool)
{
	return pool->n + 1;
}

/* The caller does the jobs from that one on. */
static void pool_work_alone(struct xt_worker_pool *pool, uint32_t from)
{
	struct xt_job *jobs = pool->jobs + from;
	uint32_t n = pool->submission.submitted - from;

	if (!n)
		return;
	if (pool->op == XT_WORKER_OPEN)
		xt_aead_open(pool->aead, jobs, n);
	else
		xt_aead_seal(pool->aead, jobs, n);
}

static void pool_publish(struct xt_worker_pool *pool)
{
	struct submission *sub = &pool->submission;
	uint32_t n = sub->submitted - sub->published, chunks = (n + CHUNK - 1) / CHUNK;

	atomic_fetch_add(&pool->word, (uint64_t)n << 16);
	sub->published = sub->submitted;
	sub->bytes = 0;
	pool_wake(pool, XT_MIN(pool->n, chunks - 1)); /* the caller takes one as well */
}

bool xt_worker_pool_submit(struct xt_worker_pool *pool, enum xt_worker_op op, struct xt_job *jobs,
			   size_t n)
{
	struct submission *sub = &pool->submission;
	uint32_t from = sub->submitted;

	if (from ? op != pool->op || jobs != pool->jobs + from : !n)
		return false;
	if (!from) {
		uint64_t generation =
		    (atomic_load_explicit(&pool->word, memory_order_relaxed) >> 32) + 1;

		pool->jobs = jobs;
		pool->op = op;
		atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
		atomic_store(&pool->word, generation << 32);
	}
	sub->submitted += (uint32_t)n;
	if (!pool->n) {
		pool_work_alone(pool, from);
		sub->published = sub->submitted;
		return true;
	}
	while (from < sub->submitted)
		sub->bytes += pool->jobs[from++].len;
	if (sub->bytes >= MIN_BYTES && sub->submitted - sub->published > CHUNK)
		pool_publish(pool);
	return true;
}

bool xt_worker_pool_poll(const struct xt_worker_pool *pool)
{
	const struct submission *sub = &pool->submission;

	if (!pool->n || !sub->submitted)
		return true;
	return sub->published == sub->submitted &&
	       atomic_load_explicit(&pool->done, memory_order_acquire) == sub->published;
}

void xt_worker_pool_complete(struct xt_worker_pool *pool)
{
	struct submission *sub = &pool->submission;
	unsigned spins = 0;

	if (pool->n) {
		pool_work_alone(pool, sub->published);
		sub->submitted = sub->published;
		pool_work(pool, pool->aead);
		while (!xt_worker_pool_poll(pool))
			worker_spin(&spins);
	}
	*sub = (struct submission){0};
}

/* Both ends and the programs behind them need processors too; beyond four the copies and the system
 * calls of the one loop are the limit. */
unsigned xt_worker_pool_auto(unsigned processors)
{
	return processors < 4 ? 1 : XT_MIN(processors / 2, 4u);
}
