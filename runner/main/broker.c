/* SPDX-License-Identifier: Apache-2.0 */
/* broker.c - kennel-broker: options, confinement, wiring. Started by the launcher as the owner of
 * the tenant's vault, with the descriptors of enum broker_fd. */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/confine.h"
#include "base/log.h"
#include "broker/broker.h"

static int usage(void)
{
	(void)fputs("usage: kennel-broker --tenant NAME\n"
		    "Started by kenneld with its descriptors; not for people.\n",
		    stderr);
	return err_exit_status(ERR_USAGE);
}

static int check_fd(int fd, mode_t type, const char *what, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "descriptor %d (%s)", fd, what);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(e, ERR_USAGE, "descriptor %d is not the %s", fd, what);
	return 0;
}

/* Nothing of the vault, of a plugin or of a socket is read before this is done. */
static int confine(struct err *e)
{
	const struct landlock_rule rules[] = {
		{ BROKER_VAULT_FD, LANDLOCK_READ | LANDLOCK_WRITE },
		{ BROKER_STATE_FD, LANDLOCK_READ | LANDLOCK_WRITE },
	};

	if (getuid() == 0 || geteuid() == 0)
		return err_set(e, ERR_REFUSED,
			       "the broker does not run as root: it is the owner of the vault");
	if (check_fd(BROKER_LINK_FD, S_IFSOCK, "supervisor's socket", e) < 0 ||
	    check_fd(BROKER_AUDIT_FD, S_IFSOCK, "audit writer's socket", e) < 0 ||
	    check_fd(BROKER_VAULT_FD, S_IFDIR, "vault", e) < 0 ||
	    check_fd(BROKER_STATE_FD, S_IFDIR, "state folder", e) < 0)
		return -1;
	(void)umask(077);
	if (sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "libsodium");
	return confine_enter(SECCOMP_BROKER, rules, countof(rules), e);
}

static int run(const char *tenant, struct err *e)
{
	const struct broker_fds fds = { BROKER_LINK_FD, BROKER_AUDIT_FD, BROKER_VAULT_FD,
					BROKER_STATE_FD };
	CLEANUP(broker_free_p) struct broker *b = NULL;

	if (confine(e) < 0 || broker_new(tenant, &fds, &b, e) < 0)
		return -1;
	return broker_run(b, e);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "tenant", required_argument, NULL, 't' },
						 { 0 } };
	const char *tenant = NULL;
	struct err e;
	int opt;

	log_init("broker", LOG_INFO);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 't' || tenant)
			return usage();
		tenant = optarg;
	}
	if (!tenant || !name_is_valid(tenant) || optind != argc)
		return usage();
	if (run(tenant, &e) < 0) {
		log_err(LOG_ERROR, "broker ended", &e);
		return err_exit_status(e.code);
	}
	return 0;
}
