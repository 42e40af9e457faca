/* SPDX-License-Identifier: MIT */
/* What happens to an instance: the one place that every event passes, to the log and to those who
 * follow it by `xtunnel events`.
 *
 * A reader that does not keep up costs the instance neither time nor more than UNREAD_MAX: events
 * are left out and counted. The log says a peer's state when it changes (peer_marks.h), and each
 * line not too often (log_limit.h). Why a peer does not answer is asked for a moment later, because
 * an event comes from within the device. */
#include "daemon/instance_uv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/log_limit.h"
#include "daemon/peer_marks.h"
#include "daemon/peer_names.h"
#include "platform/clock.h"

#define UNREAD_MAX    (256u << 10) /* bytes of events that a reader has not read */
#define READERS_MAX   32u
#define WHYS_MAX      64u /* peers whose reason is asked for at once; others are told without */
#define WHYS_AT_ONCE  8u
#define LOST_RETRY_MS 250u
#define LABEL_MAX     64

struct reader {
	struct reader *prev, *next;
	struct xt_control_request *request;
	uint64_t lost;
};

struct unexplained {
	enum xt_event_code code;
	struct xt_public peer;
	struct xt_endpoint endpoint;
};

struct xt_instance_events {
	struct xt_instance *instance;
	struct reader *readers;
	unsigned n_readers;
	struct xt_log_limit *limit;
	struct xt_peer_marks marks;
	struct xt_peer_names names;
	struct unexplained whys[WHYS_MAX];
	size_t n_whys;
	uint64_t fallbacks; /* of offloads, already told */
	xt_instance_why *why;
	uv_timer_t timer;
};

/* What an event is about, as given to xt_instance_emit.
 * again  the peer is in that state already
 * why    its code; NULL: not known or none */
struct subject {
	enum xt_event_code code;
	const struct xt_public *peer;
	const struct xt_endpoint *endpoint;
	bool again;
	const char *why;
};

/* The peer's Name, else the beginning of its key; *name: NULL without a Name. */
static const char *peer_label(struct xt_instance *instance, const struct xt_public *peer,
			      char buf[LABEL_MAX], const char **name)
{
	char key[XT_KEY_BASE64];

	*name = NULL;
	if (instance->feed)
		*name = xt_peer_names_get(&instance->feed->names, instance->conf, peer);
	if (*name)
		return *name;
	xt_key_to_base64(key, peer->b);
	snprintf(buf, LABEL_MAX, "%.8s...", key);
	return buf;
}

static void timer_update(struct xt_instance_events *events);

/* --- readers --- */

static bool reader_has_room(const struct reader *reader)
{
	return xt_control_unread(reader->request) <= UNREAD_MAX;
}

/* false: it has to wait. */
static bool lost_send(struct xt_instance_events *events, struct reader *reader)
{
	char text[192];
	struct xt_event_record record = {.code = XT_CODE_LOST,
					 .wall_ns = xt_clock_now().wall,
					 .interface = events->instance->conf->name,
					 .message = text,
					 .lost = reader->lost};

	if (!reader_has_room(reader))
		return false;
	snprintf(text, sizeof(text), "%s: %llu event%s lost: this reader did not keep up",
		 record.interface, (unsigned long long)reader->lost,
		 reader->lost == 1 ? " was" : "s were");
	reader->lost = 0;
	xt_control_reply(reader->request, xt_event_json(&record), false);
	return true;
}

static void record_send(struct xt_instance_events *events, const struct xt_event_record *record)
{
	json_t *event = xt_event_json(record);
	struct reader *reader;

	DL_FOREACH(events->readers, reader)
	{
		if (event && (!reader->lost || lost_send(events, reader)) &&
		    reader_has_room(reader))
			xt_control_reply(reader->request, json_incref(event), false);
		else
			reader->lost++;
	}
	json_decref(event);
}

int xt_instance_follow(struct xt_instance *instance, struct xt_control_request *request)
{
	struct xt_instance_events *events = instance->feed;
	struct reader *reader;

	if (!events)
		return XT_E_AGAIN;
	if (events->n_readers >= READERS_MAX) {
		xt_control_error(request, XT_E_FULL, "too many readers of events");
		return 0;
	}
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return XT_E_NOMEM;
	reader->request = request;
	DL_APPEND(events->readers, reader);
	events->n_readers++;
	xt_control_follow(request);
	xt_control_reply(
	    request, json_pack("{s:i,s:s}", "events", 1, "interface", instance->conf->name), false);
	return 0;
}

bool xt_instance_unfollow(struct xt_instance *instance, const struct xt_control_request *request)
{
	struct xt_instance_events *events = instance->feed;
	struct reader *reader;

	if (!events)
		return false;
	DL_SEARCH_SCALAR(events->readers, reader, request, request);
	if (!reader)
		return false;
	DL_DELETE(events->readers, reader);
	events->n_readers--;
	free(reader);
	return true;
}

/* --- an event --- */

/* Will the log have a line of it? One that is too many is counted. */
static bool log_wants(struct xt_instance_events *events, const struct subject *subject,
		      enum xt_log_level level)
{
	if (!xt_log_enabled(level))
		return false;
	if (!events || !events->limit ||
	    xt_log_limit_take(events->limit, subject->code, subject->peer,
			      xt_log_enabled(XT_LOG_VERBOSE), uv_hrtime()))
		return true;
	timer_update(events);
	return false;
}

/* text: NULL, or in place of the table's sentence */
static void event_put(struct xt_instance *instance, const struct subject *subject, const char *text)
{
	struct xt_instance_events *events = instance->feed;
	enum xt_log_level level = xt_event_code_level(subject->code, subject->again);
	const char *label = NULL, *name = NULL;
	char buf[LABEL_MAX], address[XT_ENDPOINT_TEXT] = "", message[1001];
	bool logs = log_wants(events, subject, level);

	if (!logs && !(events && events->readers))
		return;
	if (subject->peer)
		label = peer_label(instance, subject->peer, buf, &name);
	if (!text && subject->endpoint && subject->endpoint->ip.family)
		xt_endpoint_print(subject->endpoint, address);
	snprintf(message, sizeof(message), "%s: %s%s%s%s%s", instance->conf->name,
		 label ? label : "", label ? ": " : "",
		 text ? text : xt_event_code_sentence(subject->code), *address ? ", " : "",
		 address);
	xt_text_clean(message);
	if (logs)
		xt_log_about(
		    level,
		    &(struct xt_log_fields){
			label, subject->why ? subject->why : xt_event_code_word(subject->code)},
		    "%s", message);
	if (events && events->readers)
		record_send(events, &(struct xt_event_record){.code = subject->code,
							      .wall_ns = xt_clock_now().wall,
							      .interface = instance->conf->name,
							      .key = subject->peer,
							      .label = label,
							      .name = name,
							      .endpoint = subject->endpoint,
							      .why = subject->why,
							      .message = message});
	if (events)
		timer_update(events);
}

static void offload_check(struct xt_instance_events *events)
{
	struct xt_instance *instance = events->instance;
	uint64_t fallbacks;

	if (!instance->tunnel)
		return;
	fallbacks =
	    xt_tunnel_tun(instance->tunnel)->fallbacks + xt_tunnel_udp(instance->tunnel)->fallbacks;
	if (fallbacks == events->fallbacks)
		return;
	events->fallbacks = fallbacks;
	event_put(instance, &(struct subject){.code = XT_CODE_OFFLOAD}, NULL);
}

void xt_instance_emit(struct xt_instance *instance, enum xt_event_code code,
		      const struct xt_public *peer, const struct xt_endpoint *endpoint, bool again,
		      const char *format, ...)
{
	struct subject subject = {.code = code, .peer = peer, .endpoint = endpoint, .again = again};
	char text[800];
	va_list args;

	if (format) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
	}
	event_put(instance, &subject, format ? text : NULL);
}

void xt_instance_emit_mtu(struct xt_instance *instance, uint32_t mtu)
{
	xt_instance_emit(instance, XT_CODE_MTU, NULL, NULL, false, "MTU is %u now", (unsigned)mtu);
}

void xt_instance_emit_reload(struct xt_instance *instance, const char *result, const char *error)
{
	const char *sentence = xt_event_code_sentence(XT_CODE_RELOAD_FAILED);

	if (instance->feed)
		xt_peer_names_clear(&instance->feed->names);
	if (strcmp(result, "applied") == 0)
		xt_instance_emit(instance, XT_CODE_RELOAD, NULL, NULL, false, NULL);
	else if (strcmp(result, "unchanged") != 0)
		xt_instance_emit(instance, XT_CODE_RELOAD_FAILED, NULL, NULL, false, "%s%s%s",
				 sentence, *error ? ": " : "", error);
}

/* --- events of the device --- */

/* The reason of what the log or a reader is told: later, and not of more peers than fit. */
static bool why_queue(struct xt_instance_events *events, const struct subject *subject)
{
	struct unexplained *row;
	bool wanted =
	    events->readers || xt_log_enabled(xt_event_code_level(subject->code, subject->again));

	if (!wanted || events->n_whys == WHYS_MAX)
		return false;
	row = &events->whys[events->n_whys++];
	*row = (struct unexplained){.code = subject->code, .peer = *subject->peer};
	if (subject->endpoint)
		row->endpoint = *subject->endpoint;
	timer_update(events);
	return true;
}

/* Is the peer in the state already that an event of it brings about? */
static bool mark_is(enum xt_event_code code, enum xt_peer_mark mark)
{
	switch (code) {
	case XT_CODE_SESSION:
		return mark == XT_MARK_UP;
	case XT_CODE_UNANSWERED:
		return mark >= XT_MARK_UNANSWERED;
	case XT_CODE_GAVE_UP:
		return mark == XT_MARK_GAVE_UP;
	default:
		return false;
	}
}

static void mark_set(struct xt_instance_events *events, enum xt_event_code code,
		     const struct xt_public *peer)
{
	xt_peer_marks_set(&events->marks, peer,
			  code == XT_CODE_SESSION      ? XT_MARK_UP
			  : code == XT_CODE_UNANSWERED ? XT_MARK_UNANSWERED
						       : XT_MARK_GAVE_UP);
}

void xt_instance_emit_device(struct xt_instance *instance, enum xt_event event,
			     const struct xt_public *peer, const struct xt_endpoint *endpoint)
{
	struct xt_instance_events *events = instance->feed;
	struct subject subject = {
	    .code = xt_event_code_of(event), .peer = peer, .endpoint = endpoint};
	bool state = subject.code == XT_CODE_SESSION || subject.code == XT_CODE_UNANSWERED ||
		     subject.code == XT_CODE_GAVE_UP;

	if (events && peer && state) {
		enum xt_peer_mark mark = xt_peer_marks_get(&events->marks, peer);

		subject.again = mark_is(subject.code, mark);
		if (subject.code != XT_CODE_SESSION && why_queue(events, &subject))
			return;
		if (!subject.again)
			mark_set(events, subject.code, peer);
	}
	event_put(instance, &subject, NULL);
	if (events)
		offload_check(events);
}

/* A peer that works all the same, such as one whose session outlives a lost message, is not accused
 * at a level that is always read. Of a loop the log has a warning. */
static void why_tell(struct xt_instance_events *events, const struct unexplained *row)
{
	struct xt_instance *instance = events->instance;
	struct subject subject = {
	    .code = row->code, .peer = &row->peer, .endpoint = &row->endpoint};
	char sentence[XT_WHY_SENTENCE], text[XT_WHY_SENTENCE + 200], address[XT_ENDPOINT_TEXT] = "";
	enum xt_why why = events->why(instance, &row->peer, sentence);

	subject.again = mark_is(row->code, xt_peer_marks_get(&events->marks, &row->peer)) ||
			why == XT_WHY_LOOP || (why < XT_WHYS && xt_why_is_fine(why));
	if (!subject.again)
		mark_set(events, row->code, &row->peer);
	if (why >= XT_WHYS || !*sentence || xt_why_is_fine(why)) {
		event_put(instance, &subject, NULL);
		return;
	}
	subject.why = xt_why_word(why);
	if (row->endpoint.ip.family)
		xt_endpoint_print(&row->endpoint, address);
	snprintf(text, sizeof(text), "%s%s%s: %s", xt_event_code_sentence(row->code),
		 *address ? ", " : "", address, sentence);
	event_put(instance, &subject, text);
}

/* A few, so that a pass of packets waits for less than a millisecond. */
static void whys_tell(struct xt_instance_events *events)
{
	size_t n = XT_MIN(events->n_whys, WHYS_AT_ONCE);

	for (size_t i = 0; i < n; i++)
		why_tell(events, &events->whys[i]);
	events->n_whys -= n;
	memmove(events->whys, events->whys + n, events->n_whys * sizeof(events->whys[0]));
}

/* --- the timer --- */

static void more_log(struct xt_instance_events *events)
{
	struct xt_instance *instance = events->instance;
	struct xt_log_more more;
	char buf[LABEL_MAX];
	const char *label, *name;

	while (events->limit && xt_log_limit_more(events->limit, uv_hrtime(), &more)) {
		enum xt_event_code code = (enum xt_event_code)more.code;

		label = more.has_peer ? peer_label(instance, &more.peer, buf, &name) : NULL;
		xt_log_about(xt_event_code_level(code, false),
			     &(struct xt_log_fields){label, xt_event_code_word(code)},
			     "%s: %s%s%s (%u more in the last %u s)", instance->conf->name,
			     label ? label : "", label ? ": " : "", xt_event_code_sentence(code),
			     (unsigned)more.n, XT_LOG_LIMIT_S);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct xt_instance_events *events = timer->data;
	struct reader *reader;

	whys_tell(events);
	more_log(events);
	DL_FOREACH(events->readers, reader)
	{
		if (reader->lost)
			(void)lost_send(events, reader);
	}
	timer_update(events);
}

static void timer_update(struct xt_instance_events *events)
{
	uint64_t due = events->limit ? xt_log_limit_due(events->limit) : UINT64_MAX;
	uint64_t now = uv_hrtime(), in_ms;
	struct reader *reader;

	DL_FOREACH(events->readers, reader)
	{
		if (reader->lost)
			due = XT_MIN(due, now + LOST_RETRY_MS * 1000000u);
	}
	if (events->n_whys)
		due = now;
	if (due == UINT64_MAX) {
		uv_timer_stop(&events->timer);
		return;
	}
	in_ms = due > now ? (due - now + 999999) / 1000000 : 0;
	if (!uv_is_active((uv_handle_t *)&events->timer) ||
	    uv_timer_get_due_in(&events->timer) > in_ms)
		uv_timer_start(&events->timer, on_timer, in_ms, 0);
}

/* --- start, end --- */

int xt_instance_events_open(struct xt_instance *instance, xt_instance_why *why)
{
	struct xt_instance_events *events = calloc(1, sizeof(*events));

	if (!events)
		return XT_E_NOMEM;
	events->instance = instance;
	events->why = why;
	events->limit = xt_log_limit_new();
	uv_timer_init(&instance->uv, &events->timer);
	events->timer.data = events;
	instance->feed = events;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct xt_instance_events *events = handle->data;

	xt_log_limit_free(events->limit);
	xt_peer_marks_clear(&events->marks);
	xt_peer_names_clear(&events->names);
	free(events);
}

void xt_instance_events_close(struct xt_instance *instance)
{
	struct xt_instance_events *events = instance->feed;
	struct reader *reader, *next;

	if (!events)
		return;
	xt_instance_emit(instance, XT_CODE_END, NULL, NULL, false, NULL);
	DL_FOREACH_SAFE(events->readers, reader, next)
	{
		DL_DELETE(events->readers, reader);
		xt_control_reply(reader->request, json_pack("{s:b}", "end", 1), true);
		free(reader);
	}
	instance->feed = NULL;
	uv_close((uv_handle_t *)&events->timer, on_closed);
}
