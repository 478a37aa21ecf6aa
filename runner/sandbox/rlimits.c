/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits.c - the per-process limits of a jail (setrlimit(2)). */
#include "sandbox/rlimits.h"

#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/limits.h"

int rlimits_set(const struct rlimits *l, struct err *e)
{
	const struct {
		__rlimit_resource_t which;
		rlim_t value;
		const char *name;
	} table[] = {
		{ RLIMIT_CORE, 0, "core" }, /* memory of a plugin never goes to the host's disk */
		{ RLIMIT_MEMLOCK, 0, "memlock" },
		{ RLIMIT_MSGQUEUE, 0, "msgqueue" },
		{ RLIMIT_RTPRIO, 0, "rtprio" }, /* real time would escape cpu.max and the meter */
		{ RLIMIT_NICE, 0, "nice" },
		{ RLIMIT_SIGPENDING, JAIL_SIGPENDING_MAX, "sigpending" },
		{ RLIMIT_STACK, JAIL_STACK_BYTES, "stack" },
		{ RLIMIT_NOFILE, l->files, "nofile" },
		{ RLIMIT_FSIZE, l->file_bytes, "fsize" },
		{ RLIMIT_NPROC, l->tasks, "nproc" },
	};

	for (size_t i = 0; i < countof(table); i++) {
		struct rlimit r = { .rlim_cur = table[i].value, .rlim_max = table[i].value };
		struct rlimit now;

		/* A host's own hard limit may be lower; raising it is neither needed nor possible
		 * here. */
		if (getrlimit(table[i].which, &now) == 0 && now.rlim_max < r.rlim_max)
			r.rlim_cur = r.rlim_max = now.rlim_max;
		if (setrlimit(table[i].which, &r) < 0)
			return err_sys(e, "rlimit %s", table[i].name);
	}
	return 0;
}
