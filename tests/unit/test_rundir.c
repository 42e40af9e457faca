/* SPDX-License-Identifier: MIT */
/* layers: cli */
/* Where running instances are searched, and which directories are trusted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/path_trust.h"
#include "daemon/rundir.h"
#include "host/run_directory.h"

static char base[64], run[80];

static int setup(void **state)
{
	(void)state;
	strcpy(base, "/tmp/xt-rundir-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(run, sizeof(run), "%s/run", base);
	setenv("XT_RUN_DIR", run, 1);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", base);
	return system(command);
}

/* A socket file without a listener. */
static void put_socket(const char *file)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run, file);
	assert_int_equal(bind(fd, (const void *)&address, sizeof(address)), 0);
	close(fd);
}

static void put_file(const char *file)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", run, file);
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

static void a_search_makes_no_directory(void **state)
{
	char path[XT_RUNSOCK_MAX], dir[XT_RUNDIR_MAX];
	uint32_t uid;
	struct stat st;

	(void)state;
	assert_false(xt_rundir_find(path, "left"));
	assert_false(xt_run_directory_marked(run, "left", &uid));
	assert_int_equal(xt_rundir_path(dir), 0);
	assert_int_equal(stat(run, &st), -1);
}

static void the_directory_is_made_and_one_of_another_user_is_refused(void **state)
{
	char dir[XT_RUNDIR_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(xt_run_directory_make(run), 0);
	assert_int_equal(xt_rundir_path(dir), 0);
	assert_string_equal(dir, run);
	assert_int_equal(stat(run, &st), 0);
	assert_int_equal(st.st_mode & 022, 0);
	assert_int_equal(xt_run_directory_make(run), 0);
	chmod(run, 0777);
	assert_true(xt_run_directory_make(run) < 0);
	rmdir(run);
	assert_int_equal(symlink("/tmp", run), 0);
	assert_true(xt_run_directory_make(run) < 0);
	unlink(run);
	close(open(run, O_WRONLY | O_CREAT, 0600));
	assert_true(xt_run_directory_make(run) < 0);
}

static void only_sockets_with_a_good_name_are_listed_in_order(void **state)
{
	char **names;
	size_t n;

	(void)state;
	assert_int_equal(xt_rundir_list(&names, &n), 0);
	assert_int_equal(n, 0);
	xt_rundir_list_free(names, n);
	assert_int_equal(xt_run_directory_make(run), 0);
	put_socket("right.sock");
	put_socket("left.sock");
	put_socket("a.b.sock");
	put_socket("sixteen-is-a-lot.sock");
	put_socket("-x.sock");
	put_socket("left");
	put_socket(".sock");
	put_file("left.tun");
	assert_int_equal(xt_rundir_list(&names, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], "a.b");
	assert_string_equal(names[1], "left");
	assert_string_equal(names[2], "right");
	xt_rundir_list_free(names, n);
}

static void only_a_socket_is_found(void **state)
{
	char path[XT_RUNSOCK_MAX];

	(void)state;
	assert_int_equal(xt_run_directory_make(run), 0);
	put_file("left.sock");
	assert_false(xt_rundir_find(path, "left"));
	put_socket("right.sock");
	assert_true(xt_rundir_find(path, "right"));
	assert_non_null(strstr(path, "/run/right.sock"));
}

static void a_mark_holds_the_owner(void **state)
{
	uint32_t uid = 0;

	(void)state;
	assert_int_equal(xt_run_directory_make(run), 0);
	xt_run_directory_mark(run, "left", 1000);
	assert_true(xt_run_directory_marked(run, "left", &uid));
	assert_int_equal(uid, 1000);
	assert_false(xt_run_directory_marked(run, "right", &uid));
	xt_run_directory_mark(run, "left", 1001);
	assert_true(xt_run_directory_marked(run, "left", &uid));
	assert_int_equal(uid, 1001);
	xt_run_directory_unmark(run, "left");
	assert_false(xt_run_directory_marked(run, "left", &uid));
	put_file("left.tun"); /* empty: marked, without an owner */
	assert_true(xt_run_directory_marked(run, "left", &uid));
	assert_int_equal(uid, UINT32_MAX);
}

static void a_path_that_no_socket_can_have_is_refused(void **state)
{
	char dir[XT_RUNDIR_MAX], path[XT_RUNSOCK_MAX], longer[200];

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("XT_RUN_DIR", longer, 1);
	assert_true(xt_rundir_path(dir) < 0);
	assert_false(xt_rundir_each(0, dir));
	assert_false(xt_rundir_find(path, "left"));
}

static void a_user_has_directories_of_its_own(void **state)
{
	char dir[XT_RUNDIR_MAX];

	(void)state;
	unsetenv("XT_RUN_DIR");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	if (geteuid() == 0) {
		assert_true(xt_rundir_each(0, dir));
		assert_string_equal(dir, "/run/xtunnel");
		assert_true(xt_rundir_each(1, dir));
		assert_string_equal(dir, "/run/xtunnel-strict");
		assert_false(xt_rundir_each(2, dir));
		assert_int_equal(seteuid(65534), 0);
	}
	assert_true(xt_rundir_each(0, dir));
	assert_string_equal(dir, "/run/xtunnel");
	assert_true(xt_rundir_each(1, dir));
	assert_string_equal(dir, "/run/xtunnel-strict");
	assert_true(xt_rundir_each(2, dir));
	assert_string_equal(dir, "/run/user/7/xtunnel");
	assert_true(xt_rundir_each(3, dir));
	assert_memory_equal(dir, "/tmp/xtunnel-", 13);
	assert_false(xt_rundir_each(4, dir));
	assert_int_equal(seteuid(getuid()), 0);
}

static void expect_fault(const char *path, const char *sentence, const char *remedy)
{
	struct xt_path_fault fault;

	assert_int_equal(xt_path_judge_directory(path, &fault), -EPERM);
	if (!strstr(fault.sentence, sentence))
		fail_msg("%s: %s", path, fault.sentence);
	if (remedy && !strstr(fault.remedy, remedy))
		fail_msg("%s: %s", path, fault.remedy);
}

static void every_directory_on_the_way_is_judged(void **state)
{
	char deep[120], link[120];
	struct xt_path_fault fault;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/deep", run);
	assert_int_equal(xt_path_judge_directory(deep, &fault), -ENOENT);
	mkdir(run, 0755);
	mkdir(deep, 0755);
	assert_int_equal(xt_path_judge_directory(deep, &fault), 0);
	chmod(run, 0777);
	expect_fault(deep, "/run: other users may write", "chmod 755");
	chmod(run, 0775);
	expect_fault(deep, "(mode 0775)", "chmod 755");
	chmod(run, 01777); /* as /tmp: deep cannot be replaced */
	assert_int_equal(xt_path_judge_directory(deep, &fault), 0);
	chmod(deep, 01777);
	expect_fault(deep, "(mode 1777)", "/run/deep");
	chmod(deep, 0700);
	snprintf(link, sizeof(link), "%s/link", run);
	assert_int_equal(symlink("deep/../deep", link), 0);
	assert_int_equal(xt_path_judge_directory(link, &fault), geteuid() == 0 ? 0 : -EPERM);
	if (geteuid() != 0)
		return;
	assert_int_equal(lchown(link, 65534, 65534), 0);
	expect_fault(link, "this link belongs to user 65534", NULL);
	assert_int_equal(chown(run, 65534, 65534), 0);
	expect_fault(deep, "this directory belongs to user 65534", NULL);
	unlink(link);
	assert_int_equal(symlink(link, link), 0);
	chmod(run, 0755);
	assert_int_equal(chown(run, 0, 0), 0);
	assert_int_equal(xt_path_judge_directory(link, &fault), -ELOOP);
}

static void a_directory_that_others_may_write_holds_no_instance(void **state)
{
	char path[XT_RUNSOCK_MAX], dir[XT_RUNDIR_MAX], **names;
	size_t n;

	(void)state;
	assert_int_equal(xt_run_directory_make(run), 0);
	put_socket("left.sock");
	xt_run_directory_mark(run, "left", 1000);
	assert_true(xt_rundir_find(path, "left"));
	assert_false(xt_rundir_explain(NULL));
	chmod(run, 01777);
	assert_false(xt_rundir_find(path, "left"));
	assert_int_equal(xt_rundir_path(dir), -EPERM);
	assert_int_equal(xt_rundir_list(&names, &n), 0);
	assert_int_equal(n, 0);
	xt_rundir_list_free(names, n);
	assert_true(xt_rundir_explain(NULL));
	assert_true(xt_rundir_explain(run));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_search_makes_no_directory),
	    T(the_directory_is_made_and_one_of_another_user_is_refused),
	    T(only_sockets_with_a_good_name_are_listed_in_order),
	    T(only_a_socket_is_found),
	    T(a_mark_holds_the_owner),
	    T(a_path_that_no_socket_can_have_is_refused),
	    T(a_user_has_directories_of_its_own),
	    T(every_directory_on_the_way_is_judged),
	    T(a_directory_that_others_may_write_holds_no_instance),
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
