/* SPDX-License-Identifier: Apache-2.0 */
/* handover.c - one loader of the guard, as kenneld is at its start: opens it, sees that it refuses,
 * ends. Linked twice: with the programs of this build, and with the next generation of them
 * (tests/bpf.mk). Owns: nothing; the pins stay.
 *
 * usage: handover PIN-DIR SLICE-DIR LEVEL [wrong]   LEVEL: depth of the slice; wrong: takes the old
 * generation away before the new one stands, which is what must never happen. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sandbox/guard.h"

int main(int argc, char **argv)
{
	CLEANUP(guard_close_p) struct guard *g = NULL;
	CLEANUP_FD int slice = -1;
	struct guard_config c = { 0 };
	struct err e = { 0 };
	struct stat st;

	if (argc < 4)
		return 2;
	slice = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slice < 0 || fstat(slice, &st) < 0)
		return 2;
	c.pin_dir = argv[1];
	c.slice_cgroup = st.st_ino;
	c.slice_level = (uint32_t)strtoul(argv[3], NULL, 10);
	if ((argc > 4 && guard_unload(c.pin_dir, &e) < 0) || guard_open(&c, &g, &e) < 0 ||
	    guard_probe(g, slice, &e) < 0) {
		(void)fprintf(stderr, "# handover: %s\n", e.text);
		return 1;
	}
	return 0;
}
