/* SPDX-License-Identifier: MIT */
/* layers: tunnel host crypto base */
/* The bound of TAI64N timestamps and the file that keeps it, in a directory of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/bound_file.h"
#include "test_main.h"
#include "tunnel/timestamp.h"

#define SECOND UINT64_C(1000000000)
#define NOON   (UINT64_C(1700000000) * SECOND)

static char dir[64];
static const struct xt_public key = {{1, 2, 3}};

static void remove_files(void)
{
	char path[512];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/xt-timestamp-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	remove_files();
	return rmdir(dir);
}

/* The one file there, or an empty name. */
static void only_file(char *path, size_t len)
{
	struct dirent *entry;
	DIR *d = opendir(dir);

	path[0] = '\0';
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_string_equal(path, "");
		snprintf(path, len, "%s/%s", dir, entry->d_name);
	}
	closedir(d);
}

static void overwrite(const char *text, size_t len)
{
	char path[512];

	only_file(path, sizeof(path));
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

/* The arithmetic and its file, joined as an instance joins them. */
struct kept {
	struct xt_timestamp *timestamp;
	struct xt_bound_file *file;
};

static struct kept open_in(const char *where, const struct xt_public *identity)
{
	char name[XT_TIMESTAMP_NAME];
	struct kept kept;

	xt_timestamp_name(name, identity);
	assert_int_equal(xt_bound_open(&kept.file, where, name), 0);
	assert_int_equal(xt_timestamp_new(&kept.timestamp), 0);
	/* Until the file was read no timestamp is allowed at all. */
	assert_int_equal(xt_timestamp_bound(kept.timestamp), 0);
	xt_timestamp_read(kept.timestamp, xt_bound_floor(kept.file), xt_bound_stored(kept.file));
	return kept;
}

static struct kept reopen(void)
{
	return open_in(dir, &key);
}

static uint64_t floor_of(const struct kept *kept)
{
	return xt_timestamp_floor(kept->timestamp);
}

static uint64_t bound_of(const struct kept *kept)
{
	return xt_timestamp_bound(kept->timestamp);
}

static const char *warning_of(const struct kept *kept)
{
	return xt_bound_warning(kept->file);
}

/* true: the bound has changed. */
static bool advance(const struct kept *kept, uint64_t wall, uint64_t next)
{
	uint64_t before = bound_of(kept);
	uint64_t bound = xt_timestamp_advance(kept->timestamp, wall, next);

	if (bound)
		xt_timestamp_written(kept->timestamp, xt_bound_write(kept->file, bound) == 0);
	return bound_of(kept) != before;
}

static void run_end(const struct kept *kept, uint64_t next)
{
	if (xt_timestamp_close(kept->timestamp, next))
		assert_int_equal(xt_bound_write(kept->file, next), 0);
	xt_bound_close(kept->file);
}

static void nothing_is_written_before_a_handshake_may_be_sent(void **state)
{
	struct kept kept = reopen();
	char path[512];

	(void)state;
	assert_int_equal(floor_of(&kept), 0);
	assert_null(warning_of(&kept));
	only_file(path, sizeof(path));
	assert_string_equal(path, "");
	run_end(&kept, XT_NEVER);
	only_file(path, sizeof(path));
	assert_string_equal(path, "");
}

static void the_bound_moves_only_when_the_time_comes_near(void **state)
{
	struct kept kept = reopen();

	(void)state;
	assert_true(advance(&kept, NOON, 0));
	assert_int_equal(bound_of(&kept), NOON + XT_TIMESTAMP_AHEAD_NS);
	assert_false(advance(&kept, NOON, 0));
	assert_false(advance(&kept, NOON + 239 * SECOND, 0));
	assert_true(advance(&kept, NOON + 240 * SECOND, 0));
	assert_int_equal(bound_of(&kept), NOON + 540 * SECOND);
	run_end(&kept, NOON + 240 * SECOND);
}

static void after_a_crash_the_floor_is_the_bound(void **state)
{
	struct kept kept = reopen();

	(void)state;
	advance(&kept, NOON, 0);
	run_end(&kept, XT_NEVER); /* no exact bound was left: as after kill -9 */
	kept = reopen();
	assert_int_equal(floor_of(&kept), NOON + XT_TIMESTAMP_AHEAD_NS);
	/* Until the first advance no timestamp is allowed at all. */
	assert_int_equal(bound_of(&kept), floor_of(&kept));
	run_end(&kept, XT_NEVER);
}

static void a_clean_end_leaves_the_exact_bound(void **state)
{
	struct kept kept = reopen();

	(void)state;
	advance(&kept, NOON, 0);
	run_end(&kept, NOON + 7);
	kept = reopen();
	assert_int_equal(floor_of(&kept), NOON + 7);
	run_end(&kept, NOON + 7);
}

static void a_run_that_sent_nothing_leaves_no_lead(void **state)
{
	struct kept kept;

	(void)state;
	for (int run = 0; run < 3; run++) {
		kept = reopen();
		assert_int_equal(floor_of(&kept), 0);
		advance(&kept, NOON, 0);
		run_end(&kept, 0);
	}
}

static void a_clock_set_back_leaves_the_floor_where_it_was(void **state)
{
	uint64_t used = NOON, floor;
	struct kept kept = reopen();

	(void)state;
	advance(&kept, used, 0);
	run_end(&kept, used + 1);
	for (int run = 0; run < 20; run++) {
		uint64_t wall = NOON - 3600 * SECOND; /* one hour back, again and again */
		kept = reopen();
		floor = floor_of(&kept);
		assert_true(floor > used);
		uint64_t next = floor > wall ? floor : wall;
		advance(&kept, wall, next);
		assert_true(next < bound_of(&kept));
		/* A crash costs no more than the small lead. */
		assert_true(bound_of(&kept) <= next + XT_TIMESTAMP_LEAD_AHEAD_NS);
		used = next;
		run_end(&kept, run % 2 ? used + 1 : XT_NEVER);
	}
}

static void identities_do_not_share_a_bound(void **state)
{
	static const struct xt_public other = {{9}};
	struct kept kept = reopen(), second;

	(void)state;
	advance(&kept, NOON, 0);
	second = open_in(dir, &other);
	assert_int_equal(floor_of(&second), 0);
	run_end(&kept, XT_NEVER);
	run_end(&second, XT_NEVER);
}

static void the_file_is_private_and_does_not_name_the_key(void **state)
{
	struct kept kept = reopen();
	char path[512];
	struct stat st;

	(void)state;
	advance(&kept, NOON, 0);
	only_file(path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(strstr(path, "010203"));
	run_end(&kept, XT_NEVER);
}

static void a_damaged_file_is_a_warning_and_a_floor_from_its_age(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
	    {"", 0},
	    {"bound=", 6},
	    {"bound=\n", 7},
	    {"bound=17", 8},
	    {"bound=-5\n", 9},
	    {"bound=99999999999999999999999\n", 30},
	    {"bound=18446744073709551615\n", 27},
	    {"bound=1\0 2\n", 11},
	    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 78},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kept kept = reopen();
		advance(&kept, NOON, 0);
		run_end(&kept, XT_NEVER);
		overwrite(bad[i].text, bad[i].len);
		uint64_t now = (uint64_t)time(NULL) * SECOND;
		kept = reopen();
		assert_non_null(warning_of(&kept));
		assert_null(warning_of(&kept));
		assert_in_range(floor_of(&kept), now, now + 2 * XT_TIMESTAMP_AHEAD_NS);
		assert_true(advance(&kept, 0, floor_of(&kept)));
		run_end(&kept, XT_NEVER);
		remove_files();
	}
}

static void without_a_directory_there_is_one_warning_and_no_bound(void **state)
{
	struct kept kept;

	(void)state;
	kept = open_in("/proc/nowhere/xtunnel", &key);
	assert_non_null(warning_of(&kept));
	assert_null(warning_of(&kept));
	assert_true(bound_of(&kept) == XT_NEVER);
	assert_false(advance(&kept, NOON, 0));
	run_end(&kept, XT_NEVER);
	kept = open_in(NULL, &key);
	assert_true(bound_of(&kept) == XT_NEVER);
	run_end(&kept, XT_NEVER);
}

static void when_writing_fails_later_the_bound_is_given_up_with_a_warning(void **state)
{
	struct kept kept = reopen();

	(void)state;
	advance(&kept, NOON, 0);
	remove_files();
	assert_int_equal(rmdir(dir), 0); /* the directory is gone: no file can be made in it */
	assert_true(advance(&kept, NOON + 300 * SECOND, 0));
	assert_true(bound_of(&kept) == XT_NEVER);
	assert_non_null(warning_of(&kept));
	assert_false(advance(&kept, NOON + 900 * SECOND, 0));
	assert_null(warning_of(&kept));
	run_end(&kept, XT_NEVER);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void the_directory_is_made_with_its_parents(void **state)
{
	char deep[128], path[256];
	struct kept kept;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/.a/b", dir);
	kept = open_in(deep, &key);
	assert_null(warning_of(&kept));
	run_end(&kept, XT_NEVER);
	assert_int_equal(rmdir(deep), 0);
	snprintf(path, sizeof(path), "%s/.a", dir);
	assert_int_equal(rmdir(path), 0);
}

static void a_name_that_is_no_hash_is_refused(void **state)
{
	struct xt_bound_file *file;

	(void)state;
	assert_int_equal(xt_bound_open(&file, dir, "../../etc/passwd"), -EINVAL);
	assert_int_equal(xt_bound_open(&file, dir, ""), -EINVAL);
	assert_int_equal(xt_bound_open(&file, dir, "0123456789abcdef0123456789abcdeF"), -EINVAL);
}

static void the_directory_follows_the_environment(void **state)
{
	char text[128], tiny[4];

	(void)state;
	setenv("XT_STATE_DIR", "/some/where", 1);
	assert_int_equal(xt_bound_dir(text, sizeof(text)), 0);
	assert_string_equal(text, "/some/where");
	assert_true(xt_bound_dir(tiny, sizeof(tiny)) < 0);
	unsetenv("XT_STATE_DIR");
	if (geteuid() == 0) {
		assert_int_equal(xt_bound_dir(text, sizeof(text)), 0);
		assert_string_equal(text, "/var/lib/xtunnel");
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(T(nothing_is_written_before_a_handshake_may_be_sent),
	  T(the_bound_moves_only_when_the_time_comes_near), T(after_a_crash_the_floor_is_the_bound),
	  T(a_clean_end_leaves_the_exact_bound), T(a_run_that_sent_nothing_leaves_no_lead),
	  T(a_clock_set_back_leaves_the_floor_where_it_was), T(identities_do_not_share_a_bound),
	  T(the_file_is_private_and_does_not_name_the_key),
	  T(a_damaged_file_is_a_warning_and_a_floor_from_its_age),
	  T(without_a_directory_there_is_one_warning_and_no_bound),
	  T(when_writing_fails_later_the_bound_is_given_up_with_a_warning),
	  T(the_directory_is_made_with_its_parents), T(a_name_that_is_no_hash_is_refused),
	  T(the_directory_follows_the_environment))
