/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_spawn.c - a child has exactly the descriptors it was given; a failed exec is told. */
#include "base/spawn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/wait.h>

static int run(const char *script, const int *fds, size_t n, struct err *e)
{
	char *argv[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t)script, NULL };
	struct spawn s = { .path = "/bin/sh",
			   .path_fd = -1,
			   .argv = argv,
			   .fds_count = n,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };
	int pidfd = -1, status = 0;
	pid_t pid;

	memcpy(s.fds, fds, n * sizeof(int));
	if (spawn_program(&s, &pid, &pidfd, e) < 0)
		return -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(pidfd);
	return WEXITSTATUS(status);
}

static void descriptors_are_exactly_those_given(void **state)
{
	int p[2], other = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
	struct err e = { 0 };
	char got[64] = { 0 };
	int fds[4] = { -1, -1, 2, -1 };

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[1] = p[1];
	fds[3] = p[1];
	assert_int_equal(
		run("echo a; echo b >&3; for f in 4 5 6 7 8 9; do [ -e /proc/self/fd/$f ] && "
		    "echo $f; done; echo end",
		    fds, 4, &e),
		0);
	(void)close(p[1]);
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "a\nb\nend\n");
	(void)close(p[0]);
	(void)close(other);
}

static void sources_may_overlap_their_targets(void **state)
{
	struct err e = { 0 };
	char got[8] = { 0 };
	int a[2], b[2], fds[5] = { -1, 1, 2, -1, -1 };

	(void)state;
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	fds[3] = b[1];
	fds[4] = a[1];
	assert_int_equal(run("printf 3 >&3; printf 4 >&4", fds, 5, &e), 0);
	assert_int_equal(read(b[0], got, 1), 1);
	assert_int_equal(read(a[0], got + 1, 1), 1);
	assert_string_equal(got, "34");
	for (int i = 0; i < 2; i++) {
		(void)close(a[i]);
		(void)close(b[i]);
	}
}

static void a_missing_program_is_told_here(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "x", NULL };
	struct spawn s = { .path = "/nonexistent",
			   .path_fd = -1,
			   .argv = argv,
			   .uid = (uid_t)-1,
			   .extra_gid = (gid_t)-1,
			   .cgroup_fd = -1 };
	struct err e = { 0 };
	int pidfd;
	pid_t pid;

	(void)state;
	assert_int_equal(spawn_program(&s, &pid, &pidfd, &e), -1);
	assert_non_null(strstr(e.text, "exec"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_exactly_those_given),
		cmocka_unit_test(sources_may_overlap_their_targets),
		cmocka_unit_test(a_missing_program_is_told_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
