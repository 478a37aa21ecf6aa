/* SPDX-License-Identifier: Apache-2.0 */
/* test_fd.c - nothing leads out of a folder; a closed descriptor is closed once. */
#include "base/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "base/fs.h"

static void nothing_leads_out_of_a_folder(void **state)
{
	static const struct {
		const char *way;
		int sys;
	} cases[] = {
		{ "../x", EXDEV },     { "/etc/passwd", EXDEV }, { "a/../../x", EXDEV },
		{ "out/passwd", ELOOP }, { "out", ELOOP },
	};
	char path[] = "/tmp/kennel-fd-XXXXXX";
	struct err e;
	int root, fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("/etc", root, "out"), 0);
	assert_int_equal(mkdirat(root, "a", 0700), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(fd_open_beneath(root, cases[i].way, O_RDONLY, 0), -1);
		assert_int_equal(errno, cases[i].sys);
	}
	assert_int_equal(symlinkat("../a", root, "a/in"), 0);
	assert_int_equal(symlinkat("loop", root, "loop"), 0);
	for (size_t i = 0; i < countof(cases); i++) { /* a link that leads out leads nowhere */
		assert_int_equal(fd_open_inside(root, cases[i].way, O_RDONLY), -1);
		assert_int_equal(errno, EXDEV);
	}
	assert_int_equal(fd_open_inside(root, "loop", O_RDONLY), -1);
	assert_int_equal(errno, ELOOP);
	fd = fd_open_inside(root, "a/in/in", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close_p(&fd);
	fd = fd_open_beneath(root, "a", O_RDONLY | O_DIRECTORY, 0);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close_p(&fd);
	assert_int_equal(fd, -1);
	fd_close_p(&fd);
	(void)close(root);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path, &e), 0);
}

static void a_short_stream_is_counted(void **state)
{
	char buf[8];
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(p[1], "abc", 3), 0);
	(void)close(p[1]);
	assert_int_equal(fd_read_full(p[0], buf, sizeof(buf)), 3);
	(void)close(p[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_leads_out_of_a_folder),
		cmocka_unit_test(a_short_stream_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
