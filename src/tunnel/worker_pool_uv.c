/* The crew.
 *
 * One word says which call is under way, how many jobs it has by now and which is the next to be
 * taken: whoever moves it on from what he read has taken a share, and no share of an earlier call
 * can be taken by mistake. Jobs are looked at only after that: the call does not end, and so the
 * jobs stay, before each share is done. */
#include "tunnel/worker_pool.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/merge.h"

#define LINE	  128	      /* of a cache, and the one that is fetched with it */
#define SHARE	  4	      /* jobs taken at once */
#define MIN_BYTES (16 * 1024) /* a call with less is done alone */
#define SPINS	  64	      /* before whoever waits offers its processor to others */
/* To wake a sleeper takes about as long as to do his share: after calls that came in shorter
 * intervals than this, a member stays awake for as long. */
#define PATIENCE_NS 100000

/* asleep  or about to be: whoever takes this back owes a post */
struct member {
	struct xt_worker_pool *crew;
	struct xt_aead *aead;
	uv_thread_t thread;
	uv_sem_t wake;
	_Atomic bool asleep;
};

/* What the caller alone knows of a call: so many of the jobs are laid down, with so many bytes that
 * nobody was told of, and so many are the members' as well. */
struct laid {
	uint32_t n, told;
	size_t bytes;
};

struct xt_worker_pool {
	struct xt_aead *own;
	struct member *members;
	unsigned n; /* of members that run */
	struct laid laid;
	struct xt_job *jobs;
	bool opening;
	_Atomic bool end;
	/* Lines of their own: all write to them. */
	_Alignas(LINE) _Atomic uint64_t word; /* call << 32 | jobs << 16 | next */
	_Alignas(LINE) _Atomic uint32_t done;
};

/* Jobs of the word, and the next of them. */
static uint32_t word_jobs(uint64_t word)
{
	return (uint32_t)(word >> 16) & 0xffff;
}

static uint32_t word_next(uint64_t word)
{
	return (uint32_t)word & 0xffff;
}

/* The plaintext is near now: what will be asked of all its bytes later is answered here. */
static void open_and_see(struct xt_aead *aead, struct xt_job *jobs, uint32_t n)
{
	xt_aead_open(aead, jobs, n);
	for (struct xt_job *job = jobs; job < jobs + n; job++)
		job->sums = job->ok && xt_merge_sums_right(job->dst, job->len);
}

/* Take shares and do them until there are none. */
static void work(struct xt_worker_pool *crew, struct xt_aead *aead)
{
	uint64_t word = atomic_load_explicit(&crew->word, memory_order_acquire);

	for (;;) {
		uint32_t n = word_jobs(word), at = word_next(word), take;

		if (at >= n)
			return;
		take = XT_MIN(n - at, SHARE);
		if (!atomic_compare_exchange_weak_explicit(&crew->word, &word, word + take,
							   memory_order_acquire,
							   memory_order_acquire))
			continue;
		if (crew->opening)
			open_and_see(aead, crew->jobs + at, take);
		else
			xt_aead_seal(aead, crew->jobs + at, take);
		atomic_fetch_add_explicit(&crew->done, take, memory_order_release);
		word = atomic_load_explicit(&crew->word, memory_order_acquire);
	}
}

static void relax(unsigned *spins)
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

/* Is there something to do for members, or are they to end? */
static bool called(struct xt_worker_pool *crew)
{
	uint64_t word = atomic_load(&crew->word);

	return word_next(word) < word_jobs(word) || atomic_load(&crew->end);
}

/* Until there is work. Returns how long that took. */
static uint64_t await_call(struct member *m, bool patient)
{
	uint64_t since = uv_hrtime(), until = since + (patient ? PATIENCE_NS : 0);
	unsigned spins = 0;

	while (!called(m->crew) && (spins % SPINS != 0 || uv_hrtime() < until))
		relax(&spins);
	/* Either the caller sees that we sleep or we see that he called. */
	if (!called(m->crew)) {
		atomic_store(&m->asleep, true);
		if (!called(m->crew) || !atomic_exchange(&m->asleep, false))
			uv_sem_wait(&m->wake);
	}
	return uv_hrtime() - since;
}

static void member_run(void *arg)
{
	struct member *m = arg;
	bool patient = false;

	for (;;) {
		patient = await_call(m, patient) < PATIENCE_NS;
		if (atomic_load(&m->crew->end))
			return;
		work(m->crew, m->aead);
	}
}

static void wake(struct xt_worker_pool *crew, unsigned members)
{
	for (unsigned i = 0; i < members; i++)
		if (atomic_exchange(&crew->members[i].asleep, false))
			uv_sem_post(&crew->members[i].wake);
}

static int member_start(struct xt_worker_pool *crew, struct member *m)
{
	int rc = xt_aead_clone(&m->aead, crew->own);

	if (rc)
		return rc;
	m->crew = crew;
	rc = uv_sem_init(&m->wake, 0);
	if (rc) {
		xt_aead_free(m->aead);
		return rc;
	}
	rc = uv_thread_create(&m->thread, member_run, m);
	if (rc) {
		uv_sem_destroy(&m->wake);
		xt_aead_free(m->aead);
	}
	return rc;
}

int xt_worker_pool_new(struct xt_worker_pool **out, struct xt_aead *aead, unsigned threads)
{
	struct xt_worker_pool *crew;
	sigset_t all, before;
	int rc = 0;

	if (threads < 1 || threads > XT_WORKER_POOL_MAX)
		return XT_E_INVALID;
	crew = aligned_alloc(LINE, sizeof(*crew));
	if (!crew)
		return XT_E_NOMEM;
	memset(crew, 0, sizeof(*crew));
	crew->own = aead;
	crew->members = calloc(threads, sizeof(*crew->members));
	if (!crew->members) {
		free(crew);
		return XT_E_NOMEM;
	}
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!rc && crew->n < threads - 1) {
		rc = member_start(crew, &crew->members[crew->n]);
		crew->n += !rc;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		xt_worker_pool_free(crew);
		return rc;
	}
	*out = crew;
	return 0;
}

void xt_worker_pool_free(struct xt_worker_pool *crew)
{
	if (!crew)
		return;
	atomic_store(&crew->end, true);
	wake(crew, crew->n);
	for (unsigned i = 0; i < crew->n; i++) {
		uv_thread_join(&crew->members[i].thread);
		uv_sem_destroy(&crew->members[i].wake);
		xt_aead_free(crew->members[i].aead);
	}
	free(crew->members);
	free(crew);
}

unsigned xt_worker_pool_threads(const struct xt_worker_pool *crew)
{
	return crew->n + 1;
}

void xt_worker_pool_begin(struct xt_worker_pool *crew, struct xt_job *jobs, bool opening)
{
	uint64_t call = (atomic_load_explicit(&crew->word, memory_order_relaxed) >> 32) + 1;

	crew->laid = (struct laid){0};
	crew->jobs = jobs;
	crew->opening = opening;
	atomic_store_explicit(&crew->done, 0, memory_order_relaxed);
	atomic_store(&crew->word, call << 32);
}

/* The jobs from that one on, by the caller alone. */
static void alone(struct xt_worker_pool *crew, uint32_t from)
{
	struct xt_job *jobs = crew->jobs + from;
	uint32_t n = crew->laid.n - from;

	if (!n)
		return;
	if (crew->opening)
		xt_aead_open(crew->own, jobs, n);
	else
		xt_aead_seal(crew->own, jobs, n);
}

void xt_worker_pool_more(struct xt_worker_pool *crew, size_t n)
{
	struct laid *laid = &crew->laid;
	uint32_t from = laid->n, shares;

	laid->n = (uint32_t)n;
	if (!crew->n) {
		alone(crew, from);
		laid->told = laid->n;
		return;
	}
	while (from < laid->n)
		laid->bytes += crew->jobs[from++].len;
	if (laid->bytes < MIN_BYTES || laid->n - laid->told <= SHARE)
		return;
	shares = (laid->n - laid->told + SHARE - 1) / SHARE;
	atomic_fetch_add(&crew->word, (uint64_t)(laid->n - laid->told) << 16);
	laid->told = laid->n;
	laid->bytes = 0;
	wake(crew, XT_MIN(crew->n, shares - 1));
}

void xt_worker_pool_end(struct xt_worker_pool *crew)
{
	struct laid *laid = &crew->laid;
	unsigned spins = 0;

	if (crew->n) {
		alone(crew, laid->told);
		work(crew, crew->own);
		while (atomic_load_explicit(&crew->done, memory_order_acquire) != laid->told)
			relax(&spins);
	}
	*laid = (struct laid){0};
}

static void together(struct xt_worker_pool *crew, struct xt_job *jobs, size_t n, bool opening)
{
	xt_worker_pool_begin(crew, jobs, opening);
	xt_worker_pool_more(crew, n);
	xt_worker_pool_end(crew);
}

void xt_worker_pool_seal(struct xt_worker_pool *crew, struct xt_job *jobs, size_t n)
{
	together(crew, jobs, n, false);
}

void xt_worker_pool_open(struct xt_worker_pool *crew, struct xt_job *jobs, size_t n)
{
	together(crew, jobs, n, true);
}

/* Both ends and the traffic's own programs want processors too; beyond four the copies and the
 * system calls of the one loop are the limit. */
unsigned xt_worker_pool_auto(unsigned processors)
{
	return processors < 4 ? 1 : XT_MIN(processors / 2, 4u);
}
