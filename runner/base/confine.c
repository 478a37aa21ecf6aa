/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - our pledge(): a process gives up what it does not need before it reads a byte
 * (seccomp(2), landlock(7), prctl(2)). */
#include "base/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "seccomp.h"

#define PROFILE_ROW_(name) { #name, { countof(seccomp_filter_##name), \
				      (struct sock_filter *)(uintptr_t)seccomp_filter_##name } },
static const struct {
	const char *name;
	struct sock_fprog prog;
} profiles[] = { SECCOMP_FILTERS(PROFILE_ROW_) };
#undef PROFILE_ROW_
_Static_assert(countof(profiles) == SECCOMP_PROFILE_COUNT,
	       "tools/gen/seccomp.c has one filter a profile");

/* Constants of newer kernels; the running kernel's ABI number decides which of them are used. */
#define ACCESS_TRUNCATE (1ull << 14)  /* ABI 3 */
#define ACCESS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define SCOPE_ABSTRACT_UNIX (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ull << 1)	/* ABI 6 */
#define ACCESS_ABI1 ((1ull << 13) - 1)

/* The kernel's struct landlock_ruleset_attr of ABI 6; an older one takes what it does not know, if
 * it is zero. */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* sockets of the internet are seccomp's to refuse */
	uint64_t scoped;
};

static const uint64_t file_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
				    LANDLOCK_ACCESS_FS_READ_FILE | ACCESS_TRUNCATE |
				    ACCESS_IOCTL_DEV;

const char *seccomp_profile_name(enum seccomp_profile p)
{
	return (unsigned int)p < SECCOMP_PROFILE_COUNT ? profiles[p].name : "none";
}

int seccomp_install(enum seccomp_profile p, struct err *e)
{
	if ((unsigned int)p >= SECCOMP_PROFILE_COUNT)
		return err_set(e, ERR_INTERNAL, "no seccomp profile %d", (int)p);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &profiles[p].prog) < 0)
		return err_sys(e, "seccomp filter %s", profiles[p].name);
	return 0;
}

static uint64_t handled_access(long abi)
{
	uint64_t all = ACCESS_ABI1;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= ACCESS_TRUNCATE;
	if (abi >= 5)
		all |= ACCESS_IOCTL_DEV;
	return all;
}

static uint64_t rule_access(int access, uint64_t handled)
{
	uint64_t a = 0;

	if (access & LANDLOCK_READ)
		a |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	if (access & LANDLOCK_EXEC)
		a |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (access & LANDLOCK_WRITE)
		a |= handled & ~(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				 LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				 LANDLOCK_ACCESS_FS_MAKE_BLOCK);
	return a & handled;
}

static int add_rule(int ruleset, const struct landlock_rule *rule, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr b = { .parent_fd = rule->fd,
						.allowed_access =
							rule_access(rule->access, handled) };
	struct stat st;

	if (fstat(rule->fd, &st) < 0)
		return err_sys(e, "landlock: fstat");
	if (!S_ISDIR(st.st_mode))
		b.allowed_access &= file_access;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &b, 0) < 0)
		return err_sys(e, "landlock_add_rule");
	return 0;
}

int landlock_abi(struct err *e)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 1)
		return err_set(e, ERR_NO_LANDLOCK,
			       "no Landlock: add landlock to lsm= on the kernel command line");
	return (int)abi;
}

int landlock_restrict(const struct landlock_rule *rules, size_t n, struct err *e)
{
	CLEANUP_FD int ruleset = -1;
	struct ruleset_attr attr = { 0 };
	int abi = landlock_abi(e);

	if (abi < 0)
		return -1;
	attr.handled_access_fs = handled_access(abi);
	if (abi >= 6) /* signals and abstract sockets of others than itself and its children */
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return err_sys(e, "landlock_create_ruleset");
	for (size_t i = 0; i < n; i++)
		if (add_rule(ruleset, &rules[i], attr.handled_access_fs, e) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_sys(e, "landlock_restrict_self");
	return 0;
}

static bool may_go_without_landlock(void)
{
	const char *said = secure_getenv(CONFINE_WITHOUT_LANDLOCK);

	return said && !strcmp(said, "1") && landlock_abi(NULL) < 0;
}

int confine_enter(enum seccomp_profile p, const struct landlock_rule *rules, size_t n,
		  struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "not dumpable");
	if (!may_go_without_landlock() && landlock_restrict(rules, n, e) < 0)
		return -1;
	return seccomp_install(p, e);
}
