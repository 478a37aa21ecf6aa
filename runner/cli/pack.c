/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - what the author's subcommands share: kennel-pack does the work. */
#include "cli/pack.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/sibling.h"

enum { ARGS_MAX = 64 };

static int exec_pack(const char *group, int argc, char **argv)
{
	char path[PATH_MAX], *args[ARGS_MAX] = { (char *)(uintptr_t) "kennel-pack" };
	struct err e = { 0 };
	size_t n = 1;

	if (argc + 3 > ARGS_MAX) {
		(void)err_set(&e, ERR_USAGE, "too many arguments");
		return cli_fail(&e);
	}
	if (group)
		args[n++] = (char *)(uintptr_t)group;
	memcpy(args + n, argv, (size_t)argc * sizeof(*argv));
	if (!sibling_path("kennel-pack", path, sizeof(path))) {
		(void)err_set(&e, ERR_NOT_FOUND, "kennel-pack is not beside this program");
		return cli_fail(&e);
	}
	(void)execv(path, args);
	(void)err_sys(&e, "start %.160s, which signs and packs", path);
	return cli_fail(&e);
}

int cli_hand_to_pack(const char *group, const char *help, int argc, char **argv)
{
	bool asked = false;

	for (int i = 1; i < argc; i++)
		asked = asked || !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
	if (!asked && argc > 1)
		return exec_pack(group, argc, argv);
	(void)fputs(help, asked ? stdout : stderr);
	return asked ? 0 : err_exit_status(ERR_USAGE);
}
