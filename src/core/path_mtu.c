/* SPDX-License-Identifier: MIT */
/* The search for the path's MTU; path_mtu.h lists its phases. */
#include "core/path_mtu.h"

#include <string.h>

#include "base/bytes.h"
#include "core/limits.h"

#define SMALL	      1u	     /* bit of the small probe */
#define GRID_LEAST    1200u	     /* IPv6 needs a path of 1280, less the overhead */
#define BURST_GAP     (5 * XT_MS)    /* 16 sizes in 20 ms */
#define TIMEOUT	      (250 * XT_MS)  /* or three round trips */
#define TIMEOUT_ERROR (1100 * XT_MS) /* of forms that are answered by ICMP errors: 1 a second */
#define SUSPECT_GAP   (2 * XT_SECOND)
#define CHECK_S	      600
#define CHECK_FIRST_S 30 /* after a result below top; then twice as long each time */
#define ROUNDS	      3
#define MISSES	      3
#define MISSES_MAX    9
#define ROUNDS_SILENT 2	 /* without any answer, until the next form is tried */
#define ROUNDS_MAX    10 /* of one search */

static uint32_t bit(unsigned i)
{
	return UINT32_C(1) << i;
}

static bool form_is_single(const struct xt_path_mtu *s)
{
	return s->form + s->single_forms >= s->forms;
}

void xt_path_mtu_init(struct xt_path_mtu *s)
{
	*s = (struct xt_path_mtu){.due = XT_NEVER, .check = XT_NEVER, .check_s = CHECK_FIRST_S};
}

static uint64_t round_timeout(const struct xt_path_mtu *s)
{
	uint64_t least = form_is_single(s) ? TIMEOUT_ERROR : TIMEOUT;

	if (!s->heard && !s->rtt && s->round > 1)
		least <<= 1; /* perhaps the round trip takes longer */
	return XT_MAX(least, 3 * s->rtt);
}

/* Of the sizes, the index of the largest that was answered; 0: none. */
static unsigned answered_top(const struct xt_path_mtu *s)
{
	for (unsigned i = s->n; i > 0; i--)
		if (s->answered & bit(i))
			return i;
	return 0;
}

/* Probes that were lost although their size passes. */
static unsigned probes_lost(const struct xt_path_mtu *s)
{
	unsigned top = answered_top(s), lost = 0;

	for (unsigned i = 0; i <= top; i++)
		lost += s->tries[i] - (s->answered & bit(i) ? 1u : 0u);
	return lost;
}

static void round_begin(struct xt_path_mtu *s, uint64_t now)
{
	unsigned top = answered_top(s);

	s->round++;
	s->pending = 0;
	for (unsigned i = top + 1; i <= s->n; i++)
		s->pending |= bit(i);
	if (s->phase == XT_PATH_MTU_CHECK || s->phase == XT_PATH_MTU_TOP)
		s->pending = (bit(s->n + 1) - bit(1)) & ~s->answered;
	else if (!(s->answered & SMALL))
		s->pending |= SMALL;
	s->again = s->phase == XT_PATH_MTU_SHRINK;
	s->round_start = s->due = now;
}

static void phase_begin(struct xt_path_mtu *s, uint64_t now, enum xt_path_mtu_phase phase,
			const struct xt_path_mtu_random *random)
{
	s->phase = (uint8_t)phase;
	s->round = 0;
	s->phase_start = now;
	s->answered = 0;
	s->heard = false;
	s->sizes[0] = 0;
	memset(s->tries, 0, sizeof(s->tries));
	random->fill(random->ctx, s->tokens, sizeof(s->tokens));
	round_begin(s, now);
}

/* The sizes in (from, top], top itself included, as many as go into one round. */
static void sizes_fill(struct xt_path_mtu *s, unsigned from, unsigned top)
{
	unsigned below = (top - 1) / XT_PATH_MTU_STEP - from / XT_PATH_MTU_STEP, step;
	unsigned size;

	step = (below + XT_PATH_MTU_SIZES - 2) / (XT_PATH_MTU_SIZES - 1);
	step = XT_MAX(step, 1u) * XT_PATH_MTU_STEP;
	size = from / XT_PATH_MTU_STEP * XT_PATH_MTU_STEP + step;
	s->n = 0;
	for (; size < top && s->n < XT_PATH_MTU_SIZES - 1; size += step)
		s->sizes[++s->n] = (uint16_t)size;
	s->sizes[++s->n] = (uint16_t)top;
}

/* passed: a size that is known to pass; 0: none. */
static void search_begin(struct xt_path_mtu *s, uint64_t now, unsigned passed, unsigned from,
			 unsigned top, const struct xt_path_mtu_random *random)
{
	sizes_fill(s, from, top);
	s->passed = (uint16_t)passed;
	phase_begin(s, now, XT_PATH_MTU_SEARCH, random);
}

/* Below the sizes that a path of 1280 bytes carries. */
static unsigned grid_floor(unsigned top)
{
	return top > GRID_LEAST ? GRID_LEAST - XT_PATH_MTU_STEP
				: XT_PATH_MTU_LEAST - XT_PATH_MTU_STEP;
}

static void one_size(struct xt_path_mtu *s, uint16_t size)
{
	s->n = 1;
	s->sizes[1] = size;
}

static void ping_begin(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random)
{
	s->n = 0;
	s->known_form = false;
	phase_begin(s, now, XT_PATH_MTU_PING, random);
}

static void top_begin(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random)
{
	one_size(s, s->top);
	phase_begin(s, now, XT_PATH_MTU_TOP, random);
}

void xt_path_mtu_start(struct xt_path_mtu *s, uint64_t now, uint16_t top, uint8_t forms,
		       uint8_t single_forms, const struct xt_path_mtu_random *random)
{
	s->top = top;
	s->forms = forms;
	s->single_forms = single_forms;
	s->form = 0;
	s->known_form = false;
	s->rtt = 0;
	s->check_s = CHECK_FIRST_S;
	top_begin(s, now, random);
}

static void search_end(struct xt_path_mtu *s, uint64_t now)
{
	s->phase = XT_PATH_MTU_IDLE;
	s->pending = 0;
	s->again = false;
	s->check = s->due = now + s->check_s * XT_SECOND;
	s->check_s = (uint16_t)XT_MIN(s->check_s * 2u, (unsigned)CHECK_S);
}

static void size_found(struct xt_path_mtu *s, uint64_t now, uint16_t size)
{
	if (size != s->found || s->source != XT_PATH_MTU_PROBED)
		s->check_s = size < s->top ? CHECK_FIRST_S : CHECK_S;
	s->found = size;
	s->since = now;
	s->source = XT_PATH_MTU_PROBED;
	search_end(s, now);
}

/* The next check comes when it would have come. */
static void size_confirmed(struct xt_path_mtu *s, uint64_t now)
{
	uint64_t check = s->check;

	size_found(s, now, s->found);
	if (check != XT_NEVER)
		s->check = s->due = check;
}

/* Nothing was learned: the size is as it was. */
static void nothing_found(struct xt_path_mtu *s, uint64_t now)
{
	search_end(s, now);
}

static void peer_is_silent(struct xt_path_mtu *s, uint64_t now)
{
	if (s->source != XT_PATH_MTU_SILENT)
		s->since = now;
	s->source = XT_PATH_MTU_SILENT;
	s->form = 0;
	s->known_form = false;
	search_end(s, now);
}

static void form_next(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random)
{
	if (s->form + 1u >= s->forms) {
		peer_is_silent(s, now);
		return;
	}
	s->form++;
	ping_begin(s, now, random);
}

/* The largest multiple of the step below size. */
static unsigned step_below(unsigned size)
{
	return (size - 1) / XT_PATH_MTU_STEP * XT_PATH_MTU_STEP;
}

/* The largest size that was answered passes, and the next one does not. */
static void search_verdict(struct xt_path_mtu *s, uint64_t now,
			   const struct xt_path_mtu_random *random)
{
	unsigned top = answered_top(s), above = s->sizes[top + 1];
	unsigned size = top ? s->sizes[top] : s->passed;

	if (!size && above <= XT_PATH_MTU_LEAST)
		nothing_found(s, now);
	else if (!size)
		search_begin(s, now, 0, XT_PATH_MTU_LEAST - XT_PATH_MTU_STEP, step_below(above),
			     random);
	else if (above > size + XT_PATH_MTU_STEP)
		search_begin(s, now, size, size, step_below(above), random);
	else
		size_found(s, now, (uint16_t)size);
}

static void search_round_end(struct xt_path_mtu *s, uint64_t now,
			     const struct xt_path_mtu_random *random)
{
	unsigned needed = MISSES + probes_lost(s);

	if (s->answered & bit(s->n)) {
		size_found(s, now, s->sizes[s->n]);
		return;
	}
	if (!s->heard && s->round >= ROUNDS_SILENT && !s->known_form) {
		form_next(s, now, random);
		return;
	}
	if (s->round >= ROUNDS && (s->answered & SMALL) && s->tries[s->n] >= needed) {
		search_verdict(s, now, random);
		return;
	}
	if (s->round >= ROUNDS_MAX || (s->round >= ROUNDS && !s->heard))
		nothing_found(s, now);
	else
		round_begin(s, now);
}

static void shrink_round_end(struct xt_path_mtu *s, uint64_t now,
			     const struct xt_path_mtu_random *random)
{
	unsigned needed = MISSES + 2 * probes_lost(s);

	needed = XT_MIN(needed, MISSES_MAX);
	if (s->answered & bit(s->n)) { /* a false alarm */
		size_confirmed(s, now);
	} else if ((s->answered & SMALL) && s->tries[s->n] >= needed) {
		search_verdict(s, now, random);
	} else if (s->round >= ROUNDS_MAX || (s->round >= ROUNDS && !s->heard)) {
		nothing_found(s, now);
	} else {
		round_begin(s, now);
	}
}

static void shrink_begin(struct xt_path_mtu *s, uint64_t now,
			 const struct xt_path_mtu_random *random)
{
	sizes_fill(s, grid_floor(s->found), s->found);
	s->passed = 0;
	phase_begin(s, now, XT_PATH_MTU_SHRINK, random);
}

static uint16_t size_above(const struct xt_path_mtu *s)
{
	uint32_t above = (s->found / XT_PATH_MTU_STEP + 1u) * XT_PATH_MTU_STEP;

	return (uint16_t)XT_MIN(above, s->top);
}

static void check_begin(struct xt_path_mtu *s, uint64_t now,
			const struct xt_path_mtu_random *random)
{
	s->check = XT_NEVER;
	if (s->source == XT_PATH_MTU_SILENT) {
		ping_begin(s, now, random);
		return;
	}
	if (!s->found) {
		top_begin(s, now, random);
		return;
	}
	s->whole = s->check_s >= CHECK_S || s->found >= s->top;
	one_size(s, s->whole ? s->found : size_above(s));
	if (s->whole && s->found < s->top)
		s->sizes[++s->n] = size_above(s);
	phase_begin(s, now, XT_PATH_MTU_CHECK, random);
}

/* The next size above passes: look for more only between it and the top. */
static void check_round_end(struct xt_path_mtu *s, uint64_t now,
			    const struct xt_path_mtu_random *random)
{
	uint16_t last = s->sizes[s->n];
	bool grown = last > s->found && (s->answered & bit(s->n));
	unsigned rounds = s->whole ? ROUNDS : 1;

	if (grown && last == s->top)
		size_found(s, now, last);
	else if (grown)
		search_begin(s, now, last, last, s->top, random);
	else if (s->answered != bit(s->n + 1) - bit(1) && s->round < rounds)
		round_begin(s, now);
	else if (!s->whole)
		search_end(s, now);
	else if (s->answered & bit(1))
		size_found(s, now, s->found);
	else
		shrink_begin(s, now, random);
}

static void round_end(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random)
{
	switch ((enum xt_path_mtu_phase)s->phase) {
	case XT_PATH_MTU_IDLE:
		check_begin(s, now, random);
		break;
	case XT_PATH_MTU_TOP:
		if (s->answered)
			size_found(s, now, s->top);
		else if (form_is_single(s) && s->round < ROUNDS)
			round_begin(s, now);
		else if (form_is_single(s))
			peer_is_silent(s, now);
		else
			search_begin(s, now, 0, grid_floor(s->top), s->top, random);
		break;
	case XT_PATH_MTU_SEARCH:
		search_round_end(s, now, random);
		break;
	case XT_PATH_MTU_CHECK:
		check_round_end(s, now, random);
		break;
	case XT_PATH_MTU_SHRINK:
		shrink_round_end(s, now, random);
		break;
	case XT_PATH_MTU_PING:
		if (s->answered) {
			s->known_form = true;
			top_begin(s, now, random);
		} else if (s->round < ROUNDS) {
			round_begin(s, now);
		} else {
			form_next(s, now, random);
		}
		break;
	}
}

bool xt_path_mtu_suspect(struct xt_path_mtu *s, uint64_t now,
			 const struct xt_path_mtu_random *random)
{
	if (s->source != XT_PATH_MTU_PROBED || form_is_single(s) || now < s->suspect_after ||
	    (s->phase != XT_PATH_MTU_IDLE && s->phase != XT_PATH_MTU_CHECK))
		return false;
	s->suspect_after = now + SUSPECT_GAP;
	shrink_begin(s, now, random);
	return true;
}

void xt_path_mtu_pause(struct xt_path_mtu *s, uint64_t now)
{
	if (s->phase != XT_PATH_MTU_IDLE)
		s->check = s->due = now;
	s->phase = XT_PATH_MTU_IDLE;
	s->pending = 0;
	s->again = false;
}

void xt_path_mtu_confirm(struct xt_path_mtu *s, uint64_t now)
{
	if (s->source != XT_PATH_MTU_PROBED)
		return;
	s->since = now;
	if (s->phase == XT_PATH_MTU_IDLE && s->found >= s->top)
		s->check = s->due = now + CHECK_S * XT_SECOND;
}

bool xt_path_mtu_step(struct xt_path_mtu *s, uint64_t now, const struct xt_path_mtu_random *random)
{
	if (now < s->due || s->pending || s->again)
		return false;
	if (s->phase != XT_PATH_MTU_IDLE && !(s->answered & bit(s->n)) &&
	    now < s->last_sent + round_timeout(s)) {
		s->due = s->last_sent + round_timeout(s); /* the round trip takes longer */
		return false;
	}
	round_end(s, now, random);
	return true;
}

bool xt_path_mtu_ready(const struct xt_path_mtu *s, uint64_t now)
{
	return now >= s->due && (s->pending || s->again);
}

static void probe_take(struct xt_path_mtu *s, unsigned i, struct xt_path_mtu_probe *out)
{
	*out =
	    (struct xt_path_mtu_probe){.token = s->tokens[i], .size = s->sizes[i], .form = s->form};
	s->tries[i]++;
}

bool xt_path_mtu_next(struct xt_path_mtu *s, uint64_t now, struct xt_path_mtu_probe *out)
{
	unsigned i = 0;

	if (!xt_path_mtu_ready(s, now))
		return false;
	if (s->pending) {
		while (!(s->pending & bit(i)))
			i++;
		s->pending &= ~bit(i);
		probe_take(s, i, out);
	} else {
		s->again = false;
		probe_take(s, s->n, out);
	}
	s->last_sent = now;
	s->burst = s->burst + 1u < XT_PATH_MTU_BURST ? s->burst + 1 : 0;
	if (!s->pending && !s->again) {
		s->burst = 0;
		s->due = now + round_timeout(s);
	} else if (!s->burst) {
		s->due = now + BURST_GAP;
	}
	return true;
}

bool xt_path_mtu_answer(struct xt_path_mtu *s, uint64_t now, uint32_t token)
{
	for (unsigned i = 0; i <= s->n; i++) {
		if (s->tokens[i] != token || !s->tries[i])
			continue;
		if (s->phase == XT_PATH_MTU_IDLE || (s->answered & bit(i)))
			return true;
		s->answered |= bit(i);
		s->pending &= ~bit(i);
		s->heard = s->known_form = true;
		if (s->round == 1 || !s->rtt)
			s->rtt = now - (s->round == 1 ? s->round_start : s->phase_start);
		if (i == s->n) { /* the largest: nothing more to wait for */
			s->pending = 0;
			s->again = false;
			s->due = now;
		}
		return true;
	}
	return false;
}
