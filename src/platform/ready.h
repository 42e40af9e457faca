/* Descriptors that are watched together, through one that is readable while any of them is ready.
 *
 * On Linux more than a convenience: a socket wakes who sleeps on it with the hint that the waker is
 * about to sleep, and the scheduler then likes to run both on one processor while another idles. Who
 * sleeps on the descriptor in between is woken without it (docs/decisions/0009). */
#ifndef XT_PLATFORM_READY_H
#define XT_PLATFORM_READY_H

struct xt_ready;

/* TROUBLE: an error waits there; reported wherever something is wanted, never asked for. */
enum { XT_READABLE = 1, XT_WRITABLE = 2, XT_TROUBLE = 4 };

struct xt_ready_event {
	void *ctx;
	unsigned what;
};

int xt_ready_new(struct xt_ready **out);    /* XT_E_NOMEM, -errno */
void xt_ready_free(struct xt_ready *ready); /* closes nothing but its own; NULL is fine */
int xt_ready_fd(const struct xt_ready *ready);

/* From now on what (XT_READABLE, XT_WRITABLE) is wanted of fd; 0: nothing, which also has to be said
 * before fd is closed.  0 or -errno: nothing has changed. */
int xt_ready_want(struct xt_ready *ready, int fd, unsigned what, void *ctx);

/* Who is ready at this moment, max of them at most; asks, never sleeps.  They stay so until what they
 * have is taken. Returns how many. */
unsigned xt_ready_take(struct xt_ready *ready, struct xt_ready_event *events, unsigned max);

#endif
