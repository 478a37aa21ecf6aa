/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c - kennel-supervisor: decides what is installed and started; the launcher starts it,
 * nobody else. Owns: confinement, exit status.  Must not know: what it supervises
 * (supervise/supervisor.h). */
#include <signal.h>
#include <sodium.h>

#include "base/confine.h"
#include "base/log.h"
#include "proto/request.h"
#include "supervise/supervisor.h"

/* Its own state, and the folders to look into; nothing else of this host can be opened. */
static int confine(const struct supervisor *s, struct err *e)
{
	struct landlock_rule rules[3] = { { SUPERVISOR_STATE_FD, LANDLOCK_READ | LANDLOCK_WRITE } };
	size_t n = 1;

	if (s->scan_fd >= 0)
		rules[n++] = (struct landlock_rule){ s->scan_fd, LANDLOCK_READ };
	if (s->revoked.folder >= 0)
		rules[n++] = (struct landlock_rule){ s->revoked.folder, LANDLOCK_READ };
	return confine_enter(SECCOMP_SUPERVISOR, rules, n, e);
}

int main(int argc, char **argv)
{
	struct supervisor *s = NULL;
	struct err e = { 0 };
	int r;

	(void)argv;
	log_init("supervisor", LOG_INFO);
	if (argc != 1) {
		log_line(LOG_ERROR, "started by kenneld; it takes no arguments", NULL);
		return err_exit_status(ERR_USAGE);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0) /* digests of what lies in the store; no more of it is linked */
		return err_exit_status(ERR_INTERNAL);
	r = supervisor_new(&s, &e);
	if (r == 0)
		r = confine(s, &e);
	if (r == 0) {
		if (s->scan_fd < 0)
			log_err(LOG_WARN, "scan finds nothing", &s->scan_error);
		r = supervisor_serve(s, &e);
		if (s->audit_lost > 0)
			log_line(LOG_ERROR, "decisions are missing from the audit log", "why",
				 s->audit_why, NULL);
	}
	supervisor_free_p(&s);
	if (r < 0)
		log_err(LOG_ERROR, "supervisor cannot go on", &e);
	return r < 0 ? err_exit_status(e.code) : 0;
}
