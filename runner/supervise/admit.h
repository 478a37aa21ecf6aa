/* SPDX-License-Identifier: Apache-2.0 */
/* admit.h - from a bundle's descriptor to an installed plugin: one job at a time, step by step.
 * Owns: the order of the steps, what is refused.  Must not know: a bundle's bytes, how a plugin
 * runs. */
#ifndef KENNEL_SUPERVISE_ADMIT_H
#define KENNEL_SUPERVISE_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/compile.h"
#include "proto/loader.h"
#include "proto/request.h"
#include "supervise/control.h"
#include "supervise/store.h"
#include "supervise/filetree.h"

#define ADMIT_WAITING_MAX 64u	   /* jobs that wait for their turn */
#define ADMIT_LOADER_MS 60000u	   /* 64 MiB take 2 s */
#define ADMIT_COMPILE_MS 180000u   /* a module of 20 MB takes a minute */
#define ADMIT_LAST_WORDS_MAX 4096u /* of the compiler, shown as text */

enum admit_kind { ADMIT_INSTALL = 1, ADMIT_VERIFY, ADMIT_TRUST, ADMIT_ROTATE, ADMIT_REVOCATIONS };

struct admit_job {
	struct supervisor *s;
	struct admit_job *next;
	enum admit_kind kind;
	struct control_ref who;
	char what[TEXT_MAX_BYTES]; /* for people: file name or key label */
	int bundle_fd;
	const struct tenant_ceiling *tenant;
	json_t *wish;			/* params of the request: grant, accept-less */
	char approve[DIGEST_HEX_BYTES]; /* whose native code the caller approves; "": nobody's */
	char staging[STORE_STAGING_NAME_BYTES];
	int staging_fd;
	/* loader */
	int loader_fd;
	struct loop_source *loader;
	bool has_identity;
	bool has_manifest;
	struct loader_identity identity;
	struct manifest manifest;
	struct loader_done done;
	struct filetree tree; /* ADMIT_INSTALL: the files, as the loader listed them */
	int64_t told_ms;      /* last progress */
	/* compiler */
	uint64_t compiler; /* instance */
	bool compiler_asked;
	int words_fd;
	struct loop_source *words;
	size_t words_len;
	char words_text[ADMIT_LAST_WORDS_MAX];
	/* decided */
	struct install_info info;
	struct grant grant;
	bool granted;
	enum native_approval native;
	bool waits;	     /* stored, not started: it asks for more than anybody granted, */
	bool young;	     /* or nobody has known it for long enough */
	bool must_exist;     /* an upgrade */
	permission_set more; /* what it asks beyond */
	bool more_jit;
	int64_t deadline_ms;
	/* what a verify or trust job is part of; called once with the verdict, then the job is gone
	 */
	void (*on_end)(struct admit_job *j, const struct err *refused);
	int (*on_record)(struct admit_job *j, const struct loader_msg *m, struct err *e);
	void *arg;
};

struct admit {
	struct admit_job *now;
	struct admit_job *waiting; /* first in, first out */
	size_t waiting_count;
};

/* All take fd. The answer to who follows from the job. */
int admit_install(struct supervisor *s, struct control_request *q, const struct tenant_ceiling *t,
		  const char *what, int fd, struct err *e);
struct admit_check {
	enum admit_kind kind;
	const char *what;
	int fd;
	char staging[STORE_STAGING_NAME_BYTES]; /* ADMIT_TRUST: holds the file to be tried */
	int staging_fd;				/* ADMIT_TRUST; taken */
	void (*on_end)(struct admit_job *j, const struct err *refused);
	/* Of a statement: every record of it. */
	int (*on_record)(struct admit_job *j, const struct loader_msg *m, struct err *e);
	void *arg;
};
int admit_check(struct supervisor *s, const struct admit_check *c, struct err *e);

/* false: not the compiler's. */
bool admit_on_ended(struct supervisor *s, const struct launch_ended *end);
void admit_on_time(struct supervisor *s, int64_t now_ms);
void admit_close(struct supervisor *s);

/* ---- between admit.c, admit_loader.c and build.c ---- */
void admit_end(struct admit_job *j, const struct err *refused); /* frees j */
void admit_step(struct admit_job *j, const char *step, uint64_t done, uint64_t total);
int loader_begin(struct admit_job *j, struct err *e); /* admit_loader.c */
void loader_close(struct admit_job *j);
int admit_check_native(struct admit_job *j, struct err *e); /* as soon as the manifest is known */
void admit_decide(struct admit_job *j);			    /* the loader is done */
int build_begin(struct admit_job *j, struct err *e);	    /* build.c; 1: nothing to compile */
void build_on_ended(struct admit_job *j, const struct launch_ended *end);
void build_close(struct admit_job *j);
void admit_commit(struct admit_job *j); /* the executable lies in staging */

#endif
