/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.c - kenneld: options, log, exit status.
 * Owns: its command line.  Must not know: anything the launcher does (sandbox/launcher.h). */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/control.h"
#include "sandbox/launcher.h"

#define DEFAULT_CONFIG "/etc/kennel/kennel.json"
#define DEFAULT_BPFFS "/sys/fs/bpf/kennel"
#define DEFAULT_ROLE_UID 64100u

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "run", required_argument, NULL, 'r' },
	{ "bpffs", required_argument, NULL, 'b' },
	{ "role-uid-base", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char help[] =
	"Usage: kenneld [OPTION]...\n"
	"\n"
	"Starts plugins in kernel jails, for kennel-supervisor. Runs in the foreground, as root, and\n"
	"logs on standard error; your service manager keeps it. Use `kennel` to talk to it.\n"
	"\n"
	"  --config FILE      what this host allows; a file of root, writable for nobody else\n"
	"                     (" DEFAULT_CONFIG ")\n"
	"  --run DIR          control.sock stands here (" CONTROL_RUN_DIR ")\n"
	"  --bpffs DIR        enforcement is pinned here, so that it outlives this process\n"
	"                     (" DEFAULT_BPFFS ")\n"
	"  --role-uid-base N  Kennel's own users: supervisor N, store N+1, audit N+2, fetch N+3,\n"
	"                     groups alike (64100)\n"
	"  -h, --help         this text\n"
	"\n"
	"What the kernel cannot enforce is refused, unless the configuration accepts it by name\n"
	"(\"accept\": [\"no-bpf-lsm\", \"no-cgroup\", \"no-landlock\", \"no-storage-quota\",\n"
	"\"no-io-limit\"]); each is\n"
	"logged at every start.\n"
	"`kennel doctor` says what this host can do.\n"
	"\n"
	"SIGTERM and SIGINT end all plugins, then this. Exit status: 0 ended as asked, 2 wrong usage,\n"
	"12 configuration refused, 125 failed (start it again), 126 this host cannot enforce.\n";

static void note(enum log_level level, const char *msg, const struct err *e)
{
	if (e && e->code != ERR_OK)
		log_err(level, msg, e);
	else
		log_line(level, msg, (char *)NULL);
}

static int parse_uid(const char *text, uint32_t *ret, struct err *e)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '1' || text[0] > '9' || *end || n > UINT32_MAX - 16)
		return err_set(e, ERR_USAGE, "--role-uid-base %s: a number from 1 on is expected",
			       text);
	*ret = (uint32_t)n;
	return 0;
}

static int check_path(const char *name, const char *path, struct err *e)
{
	if (path[0] != '/' || strlen(path) >= HOST_PATH_MAX)
		return err_set(e, ERR_USAGE, "--%s %s: an absolute path is expected", name, path);
	return 0;
}

/* 1: help was asked for. */
static int parse_options(int argc, char **argv, struct launcher_options *o, struct err *e)
{
	bool seen[128] = { false };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c == '?')
			return err_set(e, ERR_USAGE, "unknown option or missing value: %s",
				       argv[optind - 1]);
		if (seen[c])
			return err_set(e, ERR_USAGE, "an option was given twice");
		seen[c] = true;
		if (c == 'c')
			o->config = optarg;
		else if (c == 'r')
			o->run_dir = optarg;
		else if (c == 'b')
			o->bpffs = optarg;
		else if (parse_uid(optarg, &o->role_uid_base, e) < 0)
			return -1;
	}
	if (optind < argc)
		return err_set(e, ERR_USAGE, "unexpected argument %s", argv[optind]);
	if (check_path("config", o->config, e) < 0 || check_path("run", o->run_dir, e) < 0)
		return -1;
	return check_path("bpffs", o->bpffs, e);
}

int main(int argc, char **argv)
{
	struct launcher_options o = { .config = DEFAULT_CONFIG,
				      .run_dir = CONTROL_RUN_DIR,
				      .bpffs = DEFAULT_BPFFS,
				      .role_uid_base = DEFAULT_ROLE_UID,
				      .note = note };
	struct launcher *l = NULL;
	struct err e = { 0 };
	int status;

	log_init("launcher", LOG_INFO);
	status = parse_options(argc, argv, &o, &e);
	if (status > 0) {
		(void)fputs(help, stdout);
		return 0;
	}
	if (status < 0) {
		(void)fprintf(stderr, "kenneld: %s\nTry: kenneld --help\n", e.text);
		return err_exit_status(e.code);
	}
	if (launcher_boot(&o, &l, &e) < 0) {
		log_err(LOG_ERROR, "not started", &e);
		return err_exit_status(e.code);
	}
	log_line(LOG_INFO, "serving", "run", o.run_dir, (char *)NULL);
	status = launcher_serve(l, &e);
	if (status < 0) {
		log_err(LOG_ERROR, "failed", &e);
		status = 125;
	}
	launcher_free_p(&l);
	log_line(LOG_INFO, "ended", (char *)NULL);
	return status;
}
