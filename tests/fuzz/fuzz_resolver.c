/* SPDX-License-Identifier: MIT */
/* layers: host config core crypto packet base */
/* parses: src/host/channel_uv.c src/host/resolver_client_uv.c */
/* A hostile resolver process: any packets, while the monitor asks it for names. Each question is
 * answered once, unless it is forgotten: by addresses of the families that were asked for and of
 * one form, or by a sentence of printable text.
 * Input: steps, a byte what is done and more of it; MESSAGE: see packets.h. */
#include "base/log.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "fuzz/channel_end.h"
#include "host/resolver_client_uv.h"
#include "host/resolver_process.h"

enum { ASK, FORGET, MESSAGE, MESSAGE_TOO, MESSAGE_AGAIN, END, STEPS };

#define ASKERS 4

/* again  asks once more from within its next answer */
struct asker {
	struct monitor *monitor;
	unsigned open;
	bool again;
};

struct monitor {
	struct packets packets;
	struct xt_resolver_process *resolver;
	struct asker askers[ASKERS];
};

static void on_line(void *ctx, const struct xt_log_line *line)
{
	(void)ctx;
	check(xt_text_is_printable(line->text));
}

static void ask(struct asker *asker, unsigned families, size_t name_len);

static void address_check(const struct xt_endpoint *address, unsigned families)
{
	static const uint8_t zeros[16];
	bool old = address->ip.family == 4;

	check(address->port == 0 && (old || address->ip.family == 6));
	check(families & (old ? 1 : 2));
	/* Addresses are compared as bytes. */
	check(!old || (memcmp(address->ip.b + 4, zeros, 12) == 0 && address->scope == 0));
}

static void on_answered(void *ctx, const struct xt_resolver_answer *answer)
{
	struct asker *asker = ctx;

	check(asker->open-- > 0);
	check(answer->n <= XT_RESOLVER_ADDRESSES && (answer->why != NULL) == (answer->n == 0));
	check(!answer->why || (*answer->why && xt_text_is_printable(answer->why)));
	for (size_t i = 0; i < answer->n; i++)
		address_check(&answer->v[i], answer->id);
	if (asker->again) {
		asker->again = false;
		ask(asker, answer->id, 3);
	}
}

/* Its families are the question's id. */
static void ask(struct asker *asker, unsigned families, size_t name_len)
{
	char name[512] = "";
	const struct xt_resolver_question question = {
	    .id = families, .host = name, .families = families};

	memset(name, 'a', name_len);
	asker->open++;
	check(xt_resolver_process_ask(asker->monitor->resolver, &question, on_answered, asker) ==
	      0);
}

static void step(struct monitor *monitor, struct input *in)
{
	static const size_t sizes[] = {sizeof(struct xt_resolver_reply)};
	uint8_t what = input_byte(in), which;
	struct asker *asker;

	switch (what % STEPS) {
	case ASK:
		which = input_byte(in);
		asker = &monitor->askers[which % ASKERS];
		asker->again = which & 4;
		ask(asker, which >> 3 & 3, input_byte(in) * 2u);
		break;
	case FORGET:
		asker = &monitor->askers[input_byte(in) % ASKERS];
		xt_resolver_process_forget(monitor->resolver, asker);
		asker->open = 0;
		break;
	case END:
		packets_close(&monitor->packets);
		break;
	default:
		packets_send(&monitor->packets, in, sizes, XT_LEN(sizes));
		break;
	}
	packets_run(&monitor->packets);
}

static bool is_open(const struct monitor *monitor)
{
	for (size_t i = 0; i < ASKERS; i++)
		if (monitor->askers[i].open)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct monitor monitor = {0};
	struct input in = {data, len};
	int fd = packets_begin(&monitor.packets);

	xt_log_set_sink(on_line, NULL);
	for (size_t i = 0; i < ASKERS; i++)
		monitor.askers[i].monitor = &monitor;
	check(xt_resolver_process_open(&monitor.resolver, &monitor.packets.loop, fd) == 0);
	while (in.len > 0)
		step(&monitor, &in);
	packets_close(&monitor.packets);
	while (is_open(&monitor))
		packets_run(&monitor.packets);
	xt_resolver_process_close(monitor.resolver);
	(void)uv_run(&monitor.packets.loop, UV_RUN_DEFAULT);
	check(uv_loop_close(&monitor.packets.loop) == 0);
	return 0;
}
