/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h - our pledge(): a process gives up what it does not need before it reads a byte.
 * Owns: no_new_privs, Landlock, the seccomp filters made at build time.  Must not know: what roles
 * do. */
#ifndef KENNEL_BASE_CONFINE_H
#define KENNEL_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* One filter each, written by tools/gen/seccomp.c; from PLUGIN_WASM on they run in jails. */
enum seccomp_profile {
	SECCOMP_LOADER,
	SECCOMP_BROKER,
	SECCOMP_AUDIT,
	SECCOMP_SUPERVISOR,
	SECCOMP_FETCH,
	SECCOMP_PLUGIN_WASM,
	SECCOMP_PLUGIN_NATIVE,
	SECCOMP_PLUGIN_JS,     /* no mapping is writable and executable */
	SECCOMP_PLUGIN_JS_JIT, /* the guard alone decides about that */
	SECCOMP_COMPILE,
	SECCOMP_PROFILE_COUNT
};

const char *seccomp_profile_name(enum seccomp_profile p);
/* For people: what it allows, each with its condition on an argument; ends with NULL. And what
 * happens to every other call. */
const char *const *seccomp_profile_calls(enum seccomp_profile p);
const char *seccomp_profile_else(enum seccomp_profile p);
/* Installs the filter in this thread; no_new_privs must be set. A call outside the list kills the
 * process in our own roles, and is ENOSYS in a jail, where a plugin must be able to go on. */
int seccomp_install(enum seccomp_profile p, struct err *e);

/* What the kernel's Landlock can do, 1 or more; ERR_NO_LANDLOCK with advice. */
int landlock_abi(struct err *e);
enum landlock_access { LANDLOCK_READ = 1, LANDLOCK_WRITE = 2, LANDLOCK_EXEC = 4 };
struct landlock_rule {
	int fd;	    /* a directory or a file, any kind of descriptor */
	int access; /* enum landlock_access bits */
};
/* From here on only what the rules name can be opened, in this thread and its children. The
 * kernel's ABI decides how much is handled; no Landlock at all is ERR_NO_LANDLOCK. no_new_privs
 * must be set. */
int landlock_restrict(const struct landlock_rule *rules, size_t n, struct err *e);

/* Set by the launcher in the environment of its roles: the operator accepts a kernel without
 * Landlock, or is being asked (the loader that reads the configuration). */
#define CONFINE_WITHOUT_LANDLOCK "KENNEL_WITHOUT_LANDLOCK"

/* no_new_privs, not dumpable, landlock_restrict, seccomp_install: in this order, all or -1. With
 * CONFINE_WITHOUT_LANDLOCK=1, and on a kernel that has none, all but Landlock. */
int confine_enter(enum seccomp_profile p, const struct landlock_rule *rules, size_t n,
		  struct err *e);

#endif
