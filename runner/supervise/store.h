/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the folders below STATE/supervisor: what is installed, what is being installed.
 * Owns: names, modes, atomic change.  Must not know: what is in a bundle, who may install.
 *
 *   store/PLUGIN/BUNDLE/{root/, exec/plugin, manifest.rec, install.json}   store/PLUGIN/current ->
 * BUNDLE staging/NAME/{root/, in/, out/}    trust/    grants/
 *   registry/    incoming/ root/ belongs to the
 * loader's user and is writable for the group that both share: only so can the supervisor remove it
 * again. */
#ifndef KENNEL_SUPERVISE_STORE_H
#define KENNEL_SUPERVISE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/policy.h"
#include "supervise/vouched.h"

#define STORE_EXECUTABLE_MAX (64u << 20) /* of the compiled plugin */
#define STORE_STAGING_NAME_BYTES 33u	 /* 16 random bytes as hex */

struct store {
	int state; /* the caller's */
	int store;
	int staging;
	int trust;
	int grants;
	int registry;
	int incoming;
};

/* What is remembered of an installation beside its manifest. */
struct install_info {
	char bundle[DIGEST_HEX_BYTES];
	char content[DIGEST_HEX_BYTES];
	char module[DIGEST_HEX_BYTES]; /* the entry's digest: what the executable is made of */
	char signer[DIGEST_HEX_BYTES]; /* fingerprint of the key the name belongs to */
	struct vouched vouched;	       /* all whose signature counted, it among them */
	char key_id[17];	       /* the signer's, a hint for people */
	char label[NAME_MAX_BYTES];
	struct key_ceiling key;
	uint64_t counter;
	int64_t installed_at;
	uint64_t executable_bytes;
};

/* fn gets every name in the folder but "." and ".."; it may remove it. -1 ends the walk. */
typedef int (*store_name_fn)(void *arg, const char *name, struct err *e);
int store_each(int dir, store_name_fn fn, void *arg, struct err *e);

/* Makes what is absent, removes every staging leftover. */
int store_open(int state, struct store *ret, struct err *e);
void store_close(struct store *s);

/* A new folder below staging, 2770, so that the loader's group can write there. */
int store_stage(const struct store *s, char ret_name[STORE_STAGING_NAME_BYTES], int *ret_fd,
		struct err *e);
void store_unstage(const struct store *s, const char *name);
/* The whole staging folder becomes store/PLUGIN/BUNDLE, after one syncfs. A folder of that name
 * changes places with it, and goes with the staging folder. */
int store_commit(const struct store *s, const char *staging, const char *plugin, const char *bundle,
		 struct err *e);
int store_set_current(const struct store *s, const char *plugin, const char *bundle, struct err *e);
int store_remove_bundle(const struct store *s, const char *plugin, const char *bundle,
			struct err *e);
/* Its folder, or -1; not looked into. */
int store_open_bundle(const struct store *s, const char *plugin, const char *bundle, struct err *e);
/* What "current" points to, or "". */
void store_read_current(const struct store *s, const char *plugin, char ret[DIGEST_HEX_BYTES]);
int store_remove_plugin(const struct store *s, const char *plugin, struct err *e);

/* Into a staging folder: store_commit makes it durable. */
int store_write_install(int dir, const struct install_info *i, const struct manifest *m,
			struct err *e);
/* ret_manifest may be NULL. ERR_NOT_FOUND when it is not whole there. */
int store_read_install(const struct store *s, const char *plugin, const char *bundle,
		       struct install_info *ret, struct manifest *ret_manifest, struct err *e);
/* An installed bundle of that plugin with the same module, whose executable can be used again. */
bool store_find_module(const struct store *s, const char *plugin, const char *module,
		       char ret_bundle[DIGEST_HEX_BYTES]);
/* to_dir/exec/plugin := that of the installed bundle. */
int store_link_executable(const struct store *s, const char *plugin, const char *bundle, int to_dir,
			  struct err *e);

/* A regular file, no link on the way; written anew with mode, and synced. */
struct store_copy {
	int from_dir;
	const char *from;
	int to_dir;
	const char *to;
	mode_t mode;
	uint64_t max_bytes;
};
int store_copy_file(const struct store_copy *c, uint64_t *ret_bytes, struct err *e);

#endif
