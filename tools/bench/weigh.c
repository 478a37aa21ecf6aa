/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.c - bench-weigh users LOW HIGH | tree PID: "PROCESSES PRIVATE-KIB GROUP-KIB". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/memory.h"

int main(int argc, char **argv)
{
	struct memory sum = { 0 };

	if (argc == 4 && !strcmp(argv[1], "users")) {
		memory_of_users((uid_t)strtoul(argv[2], NULL, 10),
				(uid_t)strtoul(argv[3], NULL, 10), &sum);
	} else if (argc == 3 && !strcmp(argv[1], "tree")) {
		const pid_t root = (pid_t)strtoul(argv[2], NULL, 10);

		memory_of_trees(&root, 1, &sum);
	} else {
		(void)fprintf(stderr, "usage: bench-weigh users LOW HIGH | tree PID\n");
		return 2;
	}
	(void)printf("%u %llu %llu\n", sum.processes, (unsigned long long)sum.private_kib,
		     (unsigned long long)sum.group_kib);
	return 0;
}
