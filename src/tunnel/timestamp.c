/* The bound of TAI64N stamps: one small text file per identity, "bound=NANOSECONDS\n", named by a
 * hash of the public key so that a listing of the directory tells nothing about peers. */
#include "tunnel/timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xtunnel/error.h>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/blake2s.h"

#define NAME_BYTES 16
#define NAME_LEN   (2 * NAME_BYTES)

struct xt_timestamp {
	int dir; /* kept open: a sandbox may come down later */
	char name[NAME_LEN + 1];
	char temporary[NAME_LEN + 8];
	uint64_t floor, bound;
	uint64_t planned; /* bound that was written, or would have been */
	bool warned;
	bool news;
	char warning[256];
};

int xt_timestamp_dir(char *buf, size_t len)
{
	const char *chosen = getenv("XT_STATE_DIR"), *home;
	int n = -1;

	if (chosen && *chosen)
		n = snprintf(buf, len, "%s", chosen);
	else if (geteuid() == 0)
		n = snprintf(buf, len, "/var/lib/xtunnel");
	else if ((home = getenv("XDG_STATE_HOME")) && *home == '/')
		n = snprintf(buf, len, "%s/xtunnel", home);
	else if ((home = getenv("HOME")) && *home == '/')
		n = snprintf(buf, len, "%s/.local/state/xtunnel", home);
	return n > 0 && (size_t)n < len ? 0 : -ENOENT;
}

static void stamp_warn(struct xt_timestamp *stamp, const char *what, int error)
{
	if (stamp->warned)
		return;
	stamp->warned = stamp->news = true;
	snprintf(stamp->warning, sizeof(stamp->warning),
		 "%s%s%s: should the clock go back across a restart, peers may refuse handshakes "
		 "until it has caught up",
		 what, error ? ": " : "", error ? xt_strerror(error) : "");
}

/* mkdir -p, private to the user. */
static int make_dirs(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* true: text is a whole file with a bound that leaves room for later ones. */
static bool parse_bound(uint64_t *out, char *text, size_t len)
{
	static const char head[] = "bound=";
	const size_t head_len = sizeof(head) - 1;

	if (len <= head_len + 1 || text[len - 1] != '\n' || memchr(text, '\0', len))
		return false;
	text[len - 1] = '\0';
	return strncmp(text, head, head_len) == 0 &&
	       xt_number(out, text + head_len, UINT64_MAX / 4, false);
}

static void read_bound(struct xt_timestamp *stamp)
{
	char text[64];
	struct stat st;
	ssize_t n;
	int fd = openat(stamp->dir, stamp->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT)
			stamp_warn(stamp, "the state file cannot be read", -errno);
		return;
	}
	n = read(fd, text, sizeof(text));
	if (n < 0 || !parse_bound(&stamp->floor, text, (size_t)n)) {
		/* The bound lay this far ahead of the time when it was written. */
		stamp->floor = 0;
		if (fstat(fd, &st) == 0 && st.st_mtime > 0 && st.st_mtime < UINT32_MAX)
			stamp->floor =
			    (uint64_t)st.st_mtime * UINT64_C(1000000000) + XT_TIMESTAMP_AHEAD_NS;
		stamp_warn(stamp, "the state file is damaged", n < 0 ? -errno : 0);
	}
	close(fd);
}

int xt_timestamp_open(struct xt_timestamp **out, const char *dir, const struct xt_public *key)
{
	uint8_t hash[XT_HASH_LEN];
	struct xt_timestamp *stamp = calloc(1, sizeof(*stamp));
	int rc;

	if (!stamp)
		return XT_E_NOMEM;
	xt_blake2s(hash, &(struct xt_piece){key->b, sizeof(key->b)}, 1);
	for (size_t i = 0; i < NAME_BYTES; i++)
		snprintf(stamp->name + 2 * i, 3, "%02x", hash[i]);
	snprintf(stamp->temporary, sizeof(stamp->temporary), "%s.tmp", stamp->name);
	stamp->dir = -1;
	rc = dir ? make_dirs(dir) : -ENOENT;
	if (rc == 0) {
		stamp->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = stamp->dir < 0 ? -errno : 0;
	}
	if (rc == 0)
		read_bound(stamp);
	else
		stamp_warn(stamp, "there is no state directory", rc);
	stamp->bound = stamp->planned = stamp->floor;
	if (stamp->dir < 0)
		stamp->bound = XT_NEVER;
	*out = stamp;
	return 0;
}

uint64_t xt_timestamp_floor(const struct xt_timestamp *stamp)
{
	return stamp->floor;
}

uint64_t xt_timestamp_bound(const struct xt_timestamp *stamp)
{
	return stamp->bound;
}

static int write_bound(const struct xt_timestamp *stamp, uint64_t bound)
{
	char text[40];
	int n = snprintf(text, sizeof(text), "bound=%llu\n", (unsigned long long)bound);
	int rc = 0;
	int fd = openat(stamp->dir, stamp->temporary,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	ssize_t done = write(fd, text, (size_t)n);
	if (done != n)
		rc = done < 0 ? -errno : -ENOSPC;
	else if (fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(stamp->dir, stamp->temporary, stamp->dir, stamp->name) < 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(stamp->dir, stamp->temporary, 0);
	else
		(void)fsync(stamp->dir); /* some file systems cannot; the rename stands anyway */
	return rc;
}

bool xt_timestamp_advance(struct xt_timestamp *stamp, uint64_t wall, uint64_t next)
{
	uint64_t before = stamp->bound;
	uint64_t at = next > wall ? next : wall;
	uint64_t margin = next > wall ? XT_TIMESTAMP_LEAD_MARGIN_NS : XT_TIMESTAMP_MARGIN_NS;
	int rc;

	if (stamp->dir < 0 || at > UINT64_MAX / 2 || at + margin < stamp->planned)
		return false;
	stamp->planned = at + (next > wall ? XT_TIMESTAMP_LEAD_AHEAD_NS : XT_TIMESTAMP_AHEAD_NS);
	rc = write_bound(stamp, stamp->planned);
	if (rc < 0)
		stamp_warn(stamp, "the state file cannot be written", rc);
	/* Without a file a bound protects nobody; the next attempt comes when it would be due. */
	stamp->bound = rc < 0 ? XT_NEVER : stamp->planned;
	return stamp->bound != before;
}

const char *xt_timestamp_warning(struct xt_timestamp *stamp)
{
	bool news = stamp->news;

	stamp->news = false;
	return news ? stamp->warning : NULL;
}

void xt_timestamp_close(struct xt_timestamp *stamp, uint64_t next)
{
	if (!stamp)
		return;
	/* Untouched in this run, or nothing written: then there is no exact bound to leave. */
	if (stamp->dir >= 0 && stamp->bound != XT_NEVER && stamp->bound != stamp->floor &&
	    next >= stamp->floor && next < stamp->bound)
		(void)write_bound(stamp, next);
	if (stamp->dir >= 0)
		close(stamp->dir);
	free(stamp);
}
