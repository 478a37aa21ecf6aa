/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_report.c - what kennel-loader says of a bundle, gathered for a subcommand that shows it.
 */
#include "cli/bundle_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/bounds.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/record.h"
#include "cli/cli.h"
#include "cli/sibling.h"

void bundle_report_free_p(struct bundle_report **r)
{
	if (*r)
		free((*r)->files);
	free(*r);
	*r = NULL;
}

/* ---- the loader's records ---- */

static int keep_file(struct bundle_report *r, const struct loader_file *f, struct err *e)
{
	if (r->file_count == BUNDLE_FILES_MAX || !str_ends_inside(f->path, sizeof(f->path)))
		return err_set(e, ERR_PROTOCOL, "kennel-loader: bad list of files");
	if (!r->files)
		r->files = calloc(BUNDLE_FILES_MAX, sizeof(*r->files));
	if (!r->files)
		return err_set(e, ERR_NOMEM, "list of files");
	r->files[r->file_count++] = *f;
	return 0;
}

static int keep_refusal(const struct err *refused, struct err *e)
{
	*e = *refused;
	e->text[sizeof(e->text) - 1] = '\0';
	if ((unsigned int)e->code >= ERR_COUNT || e->code == ERR_OK)
		e->code = ERR_PROTOCOL;
	return -1;
}

/* The reader is confined, not trusted: every text it sends must end inside its field. */
static int keep_identity(struct bundle_report *r, const struct loader_identity *id, struct err *e)
{
	bool ok =
		id->signer_count <= BUNDLE_SIGNATURES_MAX && id->trusted_count <= id->signer_count;

	for (size_t i = 0; ok && i < id->signer_count; i++)
		ok = str_ends_inside(id->signers[i].label, sizeof(id->signers[i].label));
	if (!ok)
		return err_set(e, ERR_PROTOCOL, "kennel-loader: bad identity");
	r->identity = *id;
	r->has_identity = true;
	return 0;
}

static int keep_manifest(struct bundle_report *r, const struct manifest *m, struct err *e)
{
	bool ok = str_ends_inside(m->name, sizeof(m->name)) &&
		  str_ends_inside(m->version, sizeof(m->version)) &&
		  str_ends_inside(m->description, sizeof(m->description)) &&
		  str_ends_inside(m->author, sizeof(m->author)) &&
		  str_ends_inside(m->entry, sizeof(m->entry)) &&
		  str_ends_inside(m->license, sizeof(m->license)) &&
		  m->scope_count <= SCOPE_RULES_MAX && m->file_count <= FILE_RULES_MAX;

	for (size_t i = 0; ok && i < PERM_COUNT; i++)
		ok = str_ends_inside(m->reasons[i], sizeof(m->reasons[i]));
	for (size_t i = 0; ok && i < m->scope_count; i++)
		ok = m->scopes[i].permission < PERM_COUNT &&
		     str_ends_inside(m->scopes[i].glob, sizeof(m->scopes[i].glob));
	if (!ok)
		return err_set(e, ERR_PROTOCOL, "kennel-loader: bad manifest");
	r->manifest = *m;
	r->has_manifest = true;
	return 0;
}

static int keep(struct bundle_report *r, const struct loader_msg *m, size_t n, struct err *e)
{
	if (n < offsetof(struct loader_msg, u) || m->abi != LOADER_ABI ||
	    n != loader_msg_size(m->kind))
		return err_set(e, ERR_PROTOCOL, "kennel-loader is of another version");
	switch (m->kind) {
	case LOADER_IDENTITY:
		return keep_identity(r, &m->u.identity, e);
	case LOADER_MANIFEST:
		return keep_manifest(r, &m->u.manifest, e);
	case LOADER_FILE:
		return keep_file(r, &m->u.file, e);
	case LOADER_PROGRESS:
		return 0;
	case LOADER_DONE:
		r->end = m->u.done;
		r->done = true;
		return 0;
	case LOADER_REFUSED:
		return keep_refusal(&m->u.refused, e);
	default:
		return err_set(e, ERR_PROTOCOL, "kennel-loader: record %u", m->kind);
	}
}

static int listen_to(int sock, struct bundle_report *r, struct err *e)
{
	CLEANUP(free_p) struct loader_msg *m = malloc(sizeof(*m));

	if (!m)
		return err_set(e, ERR_NOMEM, "record");
	while (!r->done) {
		long n = record_recv(sock, m, sizeof(*m), NULL, 0, e);

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(e, ERR_PROTOCOL, "kennel-loader ended without an answer");
		if (keep(r, m, (size_t)n, e) < 0)
			return -1;
	}
	if (!r->has_identity || !r->has_manifest)
		return err_set(e, ERR_PROTOCOL, "kennel-loader left something out");
	return 0;
}

static int run_loader(const char *job, int input, int trust, struct bundle_report *r, struct err *e)
{
	const struct bundle_bounds most = bundle_bounds_most(); /* of any host */
	char bounds[BUNDLE_BOUNDS_TEXT_BYTES];
	const char *const argv[] = { "kennel-loader", job, "0", bounds, NULL };
	int ends[2], result, status;
	struct sibling loader;

	bundle_bounds_print(&most, bounds);
	if (record_pair(ends, e) < 0)
		return -1;
	result = sibling_start(argv, (int[]){ -1, -1, STDERR_FILENO, ends[1], input, trust }, 6,
			       &loader, e);
	fd_close_p(&ends[1]);
	if (result == 0) {
		result = listen_to(ends[0], r, e);
		fd_close_p(&ends[0]); /* one that still talks is ended by it */
		(void)sibling_wait(&loader, &status, NULL);
	}
	fd_close_p(&ends[0]);
	return result;
}

int bundle_report_read(const char *job, const char *file, int trust, struct bundle_report **ret,
		       struct err *e)
{
	CLEANUP(bundle_report_free_p) struct bundle_report *r = calloc(1, sizeof(*r));
	CLEANUP_FD int input = -1;

	if (!r)
		return err_set(e, ERR_NOMEM, "report");
	input = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (input < 0)
		return err_sys(e, "open");
	if (run_loader(job, input, trust, r, e) < 0)
		return -1;
	*ret = take_ptr(r);
	return 0;
}

int bundle_report_open_trust(const char *public_key, const char *folder, int *ret, struct err *e)
{
	struct stat st;

	if (public_key && folder)
		return err_set(e, ERR_USAGE, "-p and --trust: one of them");
	if (!public_key && !folder)
		return 0;
	*ret = open(public_key ? public_key : folder,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK | (public_key ? 0 : O_DIRECTORY));
	if (*ret < 0 || fstat(*ret, &st) < 0)
		return err_sys(e, "open %s", public_key ? public_key : folder);
	if (public_key && !S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE, "-p %s: not a public key file", public_key);
	if (folder && st.st_uid != 0 && st.st_uid != getuid())
		return err_set(e, ERR_TRUST_FILE, "--trust %s: belongs to somebody else", folder);
	return 0;
}
