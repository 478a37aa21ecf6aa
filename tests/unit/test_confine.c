/* SPDX-License-Identifier: Apache-2.0 */
/* test_confine.c - a confined process really cannot: tried from inside, in a child. */
#include "base/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"

/* No sanitizer call after the filter: it would be killed for what the sanitizer does. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int only_tmp_can_be_read(void)
{
	struct landlock_rule rule = { .fd = open("/tmp", O_PATH | O_CLOEXEC),
				      .access = LANDLOCK_READ };
	struct err e = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || landlock_restrict(&rule, 1, &e) < 0)
		return e.code == ERR_NO_LANDLOCK ? 77 : 1;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open("/tmp", O_RDONLY | O_DIRECTORY) < 0)
		return 3;
	if (open("/tmp/kennel-confine", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EACCES)
		return 4;
	return 0;
}

static int role_must_not_open_a_socket(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_install(SECCOMP_AUDIT, NULL) < 0)
		return 1;
	return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) + 2; /* killed here */
}

static int role_must_not_map_code(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_install(SECCOMP_LOADER, NULL) < 0)
		return 1;
	return (int)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int plugin_is_told_that_a_call_does_not_exist(void)
{
	static const long calls[] = { SYS_socket,	SYS_mount,
				      SYS_ptrace,	SYS_bpf,
				      SYS_unshare,	SYS_setns,
				      SYS_keyctl,	SYS_io_uring_setup,
				      SYS_memfd_create, SYS_open_by_handle_at,
				      SYS_userfaultfd,	SYS_perf_event_open };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(SECCOMP_PLUGIN_WASM, NULL) < 0)
		return 1;
	for (size_t i = 0; i < countof(calls); i++)
		if (syscall(calls[i], 0, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
			return 2 + (int)i;
	return 0;
}

/* The argument is cut to 32 bits by the kernel; bits above must not make the check say yes. */
static int a_namespace_flag_is_seen_through_high_bits(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(SECCOMP_PLUGIN_NATIVE, NULL) < 0)
		return 1;
	if (syscall(SYS_clone, 0x10000000ul | 0x100000000ul, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		return 2;
	if (syscall(SYS_mprotect, 0, 0, 4ul | 0xff00000000ul) != -1 || errno != ENOSYS)
		return 3;
	if (syscall(SYS_socket, AF_INET | 0x100000000ul, SOCK_STREAM, 0) != -1 || errno != ENOSYS)
		return 4;
	return 0;
}

static int maps(int prot)
{
	void *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED;
}

/* What a library needs, and no mapping that is written and run; with the JIT's profile the guard
 * alone decides. */
static int javascript_maps_nothing_to_write_and_run(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	if (seccomp_install(SECCOMP_PLUGIN_JS_JIT, NULL) < 0 ||
	    !maps(PROT_READ | PROT_WRITE | PROT_EXEC))
		return 2;
	if (seccomp_install(SECCOMP_PLUGIN_JS, NULL) == 0)
		return 3; /* a filter on a filter: the call itself is not in the list */
	return 0;
}

static int javascript_without_jit(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(SECCOMP_PLUGIN_JS, NULL) < 0)
		return 1;
	if (maps(PROT_READ | PROT_WRITE | PROT_EXEC) || maps(PROT_WRITE | PROT_EXEC))
		return 2;
	if (!maps(PROT_READ | PROT_EXEC) || !maps(PROT_READ | PROT_WRITE))
		return 3;
	if (syscall(SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC) != -1 || errno != ENOSYS)
		return 4;
	return 0;
}

/* It is one static program, and loaded already. */
static int wasm_maps_nothing_to_run(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(SECCOMP_PLUGIN_WASM, NULL) < 0)
		return 1;
	if (maps(PROT_READ | PROT_EXEC) || errno != ENOSYS || maps(PROT_EXEC))
		return 2;
	return maps(PROT_READ | PROT_WRITE) ? 0 : 3;
}

static void wasm_runs_no_mapping(void **state)
{
	(void)state;
	assert_int_equal(in_child(wasm_maps_nothing_to_run), 0);
}

static int others_are_out_of_reach(void)
{
	static const struct sockaddr_un name = { AF_UNIX, "\0kennel-test-confine" };
	struct err e = { 0 };
	int ends[2], s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 6)
		return 77;
	if (s < 0 || bind(s, (const struct sockaddr *)&name, sizeof(name)) < 0 || listen(s, 1) < 0)
		return 1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || landlock_restrict(NULL, 0, &e) < 0)
		return 2;
	if (kill(getppid(), 0) == 0 || errno != EPERM)
		return 3;
	if (kill(getpid(), 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return 4;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(s, (const struct sockaddr *)&name, sizeof(name)) == 0 || errno != EPERM ? 5
											       : 0;
}

static void landlock_keeps_signals_and_sockets_inside(void **state)
{
	int r = in_child(others_are_out_of_reach);

	(void)state;
	if (r == 77)
		skip();
	assert_int_equal(r, 0);
}

static void javascript_writes_or_runs_a_mapping(void **state)
{
	(void)state;
	assert_int_equal(in_child(javascript_maps_nothing_to_write_and_run), 0);
	assert_int_equal(in_child(javascript_without_jit), 0);
}

/* Accepting that there is no Landlock takes nothing away where there is one. */
static int the_word_of_the_launcher_is_for_kernels_without(void)
{
	struct err e = { 0 };

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
		return 77;
	if (setenv(CONFINE_WITHOUT_LANDLOCK, "1", 1) < 0 ||
	    confine_enter(SECCOMP_LOADER, NULL, 0, &e) < 0)
		return 1;
	return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 2;
}

static void accepting_no_landlock_is_not_giving_it_up(void **state)
{
	int r = in_child(the_word_of_the_launcher_is_for_kernels_without);

	(void)state;
	if (r == 77)
		skip();
	assert_int_equal(r, 0);
}

static void landlock_leaves_only_what_is_named(void **state)
{
	int r = in_child(only_tmp_can_be_read);

	(void)state;
	if (r == 77)
		skip();
	assert_int_equal(r, 0);
}

static void a_role_dies_at_a_call_outside_its_list(void **state)
{
	(void)state;
	assert_int_equal(in_child(role_must_not_open_a_socket), 128 + 31 /* SIGSYS */);
	assert_int_equal(in_child(role_must_not_map_code), 128 + 31);
}

static void a_plugin_gets_enosys(void **state)
{
	(void)state;
	assert_int_equal(in_child(plugin_is_told_that_a_call_does_not_exist), 0);
	assert_int_equal(in_child(a_namespace_flag_is_seen_through_high_bits), 0);
}

static void every_profile_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(seccomp_profile_name(SECCOMP_LOADER), "loader");
	assert_string_equal(seccomp_profile_name(SECCOMP_COMPILE), "compile");
	assert_string_equal(seccomp_profile_name(SECCOMP_PROFILE_COUNT), "none");
	assert_int_equal(seccomp_install(SECCOMP_PROFILE_COUNT, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(javascript_writes_or_runs_a_mapping),
		cmocka_unit_test(landlock_leaves_only_what_is_named),
		cmocka_unit_test(landlock_keeps_signals_and_sockets_inside),
		cmocka_unit_test(wasm_runs_no_mapping),
		cmocka_unit_test(accepting_no_landlock_is_not_giving_it_up),
		cmocka_unit_test(a_role_dies_at_a_call_outside_its_list),
		cmocka_unit_test(a_plugin_gets_enosys),
		cmocka_unit_test(every_profile_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
