/* SPDX-License-Identifier: Apache-2.0 */
/* test_seccomp_text.c - what is printed of a filter is what the filter does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/confine.h"

static bool lists(enum seccomp_profile p, const char *call)
{
	for (const char *const *c = seccomp_profile_calls(p); *c; c++)
		if (!strcmp(*c, call))
			return true;
	return false;
}

static void every_profile_has_a_list_and_a_rule_for_the_rest(void **state)
{
	(void)state;
	for (int p = 0; p < SECCOMP_PROFILE_COUNT; p++) {
		assert_true(lists((enum seccomp_profile)p, "read"));
		assert_false(lists((enum seccomp_profile)p, "ptrace"));
		assert_false(lists((enum seccomp_profile)p, "execveat"));
		assert_string_equal(seccomp_profile_else((enum seccomp_profile)p),
				    p < SECCOMP_FETCH ? "kill" : "ENOSYS");
	}
	assert_null(seccomp_profile_calls(SECCOMP_PROFILE_COUNT)[0]);
	assert_true(lists(SECCOMP_PLUGIN_NATIVE, "socket(arg0 == 1)"));
	assert_true(lists(SECCOMP_PLUGIN_WASM, "mmap(arg2 & 0x4 == 0)"));
	/* it has no memory to run */
	assert_false(lists(SECCOMP_PLUGIN_WASM, "mmap(arg2 & 0x2 == 0)"));
	assert_false(lists(SECCOMP_PLUGIN_WASM, "mmap"));
	assert_true(lists(SECCOMP_PLUGIN_JS, "mmap(arg2 & 0x2 == 0)"));
	assert_false(lists(SECCOMP_PLUGIN_JS, "mmap"));
	assert_true(lists(SECCOMP_PLUGIN_JS_JIT, "mmap"));
}

/* Calls that do no harm with these arguments, whichever way they go. */
static void listed_calls_pass_and_others_do_not(void **state)
{
	static const struct {
		const char *name;
		long number;
	} tries[] = { { "getpid", SYS_getpid }, { "umask", SYS_umask },
		      { "getcwd", SYS_getcwd }, { "fsync", SYS_fsync },
		      { "getsid", SYS_getsid }, { "unshare", SYS_unshare },
		      { "syslog", SYS_syslog }, { "sync", SYS_sync } };
	static const enum seccomp_profile jailed[] = { SECCOMP_PLUGIN_WASM, SECCOMP_PLUGIN_NATIVE,
						       SECCOMP_PLUGIN_JS, SECCOMP_COMPILE };

	(void)state;
	for (size_t p = 0; p < countof(jailed); p++)
		for (size_t i = 0; i < countof(tries); i++) {
			int status = 0;
			pid_t pid = fork();

			assert_true(pid >= 0);
			if (pid == 0) {
				prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
				if (seccomp_install(jailed[p], NULL) < 0)
					_exit(3);
				errno = 0;
				syscall(tries[i].number, 0L, 0L, 0L, 0L);
				_exit(errno == ENOSYS);
			}
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), !lists(jailed[p], tries[i].name));
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_has_a_list_and_a_rule_for_the_rest),
		cmocka_unit_test(listed_calls_pass_and_others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
