/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_text.c - the filters of confine.c as people read them; from the same tables, by the same
 * run of tools/gen/seccomp.c. */
#include "base/cleanup.h"
#include "base/confine.h"
#include "seccomp_text.h"

#define PROFILE_ROW_(name) { seccomp_calls_##name, seccomp_else_##name },
static const struct {
	const char *const *calls;
	const char *other;
} profiles[] = { SECCOMP_LISTS(PROFILE_ROW_) };
#undef PROFILE_ROW_
_Static_assert(countof(profiles) == SECCOMP_PROFILE_COUNT,
	       "tools/gen/seccomp.c has one list a profile");

const char *const *seccomp_profile_calls(enum seccomp_profile p)
{
	static const char *const none[] = { NULL };

	return (unsigned int)p < SECCOMP_PROFILE_COUNT ? profiles[p].calls : none;
}

const char *seccomp_profile_else(enum seccomp_profile p)
{
	return (unsigned int)p < SECCOMP_PROFILE_COUNT ? profiles[p].other : "";
}
