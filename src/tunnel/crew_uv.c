/* The crew.
 *
 * One word says which call is under way, how many jobs it has and which is the next to be taken:
 * whoever moves it on from what he read has taken a share, and no share of an earlier call can be
 * taken by mistake. Jobs are looked at only after that: the caller does not return, and so the
 * jobs stay, before each share is done. */
#include "tunnel/crew.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <uv.h>
#include <xtunnel/error.h>

#include "base/bytes.h"
#include "packet/merge.h"

#define SHARE	  4	      /* jobs taken at once */
#define MIN_BYTES (16 * 1024) /* a call with less is done alone */
#define SPINS	  64	      /* before whoever waits offers its processor to others */
/* To wake a sleeper takes about as long as to do his share: after calls that came in shorter
 * intervals than this, a member stays awake for as long. */
#define PATIENCE_NS 100000

/* call       the last that was seen
 * asleep     or about to be: whoever takes this back owes a post */
struct member {
	struct xt_crew *crew;
	struct xt_aead *aead;
	uv_thread_t thread;
	uv_sem_t wake;
	uint32_t call;
	_Atomic bool asleep;
};

struct xt_crew {
	struct xt_aead *own;
	struct member *members;
	unsigned n; /* of members that run */
	struct xt_job *jobs;
	bool opening;
	_Atomic uint64_t word; /* call << 32 | jobs << 16 | next */
	_Atomic uint32_t done;
	_Atomic bool end;
};

static uint64_t word_of(uint32_t call, uint32_t n)
{
	return (uint64_t)call << 32 | (uint64_t)n << 16;
}

/* The plaintext is near now: what will be asked of all its bytes later is answered here. */
static void open_and_see(struct xt_aead *aead, struct xt_job *jobs, uint32_t n)
{
	xt_aead_open(aead, jobs, n);
	for (struct xt_job *job = jobs; job < jobs + n; job++)
		job->sums = job->ok && xt_merge_sums_right(job->dst, job->len);
}

/* Take shares and do them until there are none. */
static void work(struct xt_crew *crew, struct xt_aead *aead)
{
	uint64_t word = atomic_load_explicit(&crew->word, memory_order_acquire);

	for (;;) {
		uint32_t n = (uint32_t)(word >> 16) & 0xffff, at = (uint32_t)word & 0xffff;
		uint32_t take;

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

static bool called(const struct member *m)
{
	return (uint32_t)(atomic_load(&m->crew->word) >> 32) != m->call;
}

/* Until the next call. Returns how long that took. */
static uint64_t await_call(struct member *m, bool patient)
{
	uint64_t since = uv_hrtime(), until = since + (patient ? PATIENCE_NS : 0);
	unsigned spins = 0;

	while (!called(m) && (spins % SPINS != 0 || uv_hrtime() < until))
		relax(&spins);
	/* Either the caller sees that we sleep or we see that he called. */
	if (!called(m)) {
		atomic_store(&m->asleep, true);
		if (!called(m) || !atomic_exchange(&m->asleep, false))
			uv_sem_wait(&m->wake);
	}
	m->call = (uint32_t)(atomic_load(&m->crew->word) >> 32);
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

static void call(struct xt_crew *crew, uint32_t n, unsigned members)
{
	uint32_t next = (uint32_t)(atomic_load(&crew->word) >> 32) + 1;

	atomic_store(&crew->word, word_of(next, n));
	for (unsigned i = 0; i < members; i++)
		if (atomic_exchange(&crew->members[i].asleep, false))
			uv_sem_post(&crew->members[i].wake);
}

static int member_start(struct xt_crew *crew, struct member *m)
{
	int rc = xt_aead_twin(&m->aead, crew->own);

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

int xt_crew_new(struct xt_crew **out, struct xt_aead *aead, unsigned threads)
{
	struct xt_crew *crew;
	sigset_t all, before;
	int rc = 0;

	if (threads < 1 || threads > XT_CREW_MAX)
		return XT_E_INVALID;
	crew = calloc(1, sizeof(*crew));
	if (!crew)
		return XT_E_NOMEM;
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
		xt_crew_free(crew);
		return rc;
	}
	*out = crew;
	return 0;
}

void xt_crew_free(struct xt_crew *crew)
{
	if (!crew)
		return;
	atomic_store(&crew->end, true);
	call(crew, 0, crew->n);
	for (unsigned i = 0; i < crew->n; i++) {
		uv_thread_join(&crew->members[i].thread);
		uv_sem_destroy(&crew->members[i].wake);
		xt_aead_free(crew->members[i].aead);
	}
	free(crew->members);
	free(crew);
}

unsigned xt_crew_threads(const struct xt_crew *crew)
{
	return crew->n + 1;
}

static bool worth_it(const struct xt_crew *crew, const struct xt_job *jobs, size_t n)
{
	size_t bytes = 0;

	if (!crew->n || n <= SHARE)
		return false;
	for (size_t i = 0; i < n && bytes < MIN_BYTES; i++)
		bytes += jobs[i].len;
	return bytes >= MIN_BYTES;
}

static void together(struct xt_crew *crew, struct xt_job *jobs, uint32_t n, bool opening)
{
	uint32_t shares = (n + SHARE - 1) / SHARE;
	unsigned spins = 0;

	crew->jobs = jobs;
	crew->opening = opening;
	atomic_store_explicit(&crew->done, 0, memory_order_relaxed);
	call(crew, n, XT_MIN(crew->n, shares - 1));
	work(crew, crew->own);
	while (atomic_load_explicit(&crew->done, memory_order_acquire) != n)
		relax(&spins);
}

void xt_crew_seal(struct xt_crew *crew, struct xt_job *jobs, size_t n)
{
	if (worth_it(crew, jobs, n))
		together(crew, jobs, (uint32_t)n, false);
	else
		xt_aead_seal(crew->own, jobs, n);
}

void xt_crew_open(struct xt_crew *crew, struct xt_job *jobs, size_t n)
{
	if (worth_it(crew, jobs, n))
		together(crew, jobs, (uint32_t)n, true);
	else
		xt_aead_open(crew->own, jobs, n);
}

/* Both ends and the traffic's own programs want processors too; beyond four the copies and the
 * system calls of the one loop are the limit. */
unsigned xt_crew_auto(unsigned processors)
{
	return processors < 4 ? 1 : XT_MIN(processors / 2, 4u);
}
