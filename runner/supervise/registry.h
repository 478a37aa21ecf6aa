/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - what is installed for whom, and what is remembered of what was: one file a plugin
 * of a tenant, registry/TENANT.PLUGIN.json, so that a change costs the same however many there are.
 * Owns: the files, user numbers, counters, the pinned signer of a name.  Must not know: processes.
 */
#ifndef KENNEL_SUPERVISE_REGISTRY_H
#define KENNEL_SUPERVISE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "supervise/marks.h"

#define REGISTRY_ENTRIES_MAX 4096u /* installed or remembered */
#define REGISTRY_FILE_MAX 8192u	   /* of one; what is written has half of it at most */
#define UID_INDEX_COMPILER 0u	   /* of the compiler's jail; plugins start at 1 */

/* One plugin in one tenant. It stays when the plugin is removed, because its data and its user
 * number stay its own, and an old version must not come back. */
struct registry_entry {
	char tenant[NAME_MAX_BYTES];
	char plugin[NAME_MAX_BYTES];
	char version[VERSION_MAX_BYTES];
	char bundle[DIGEST_HEX_BYTES];	 /* current; "": removed */
	char previous[DIGEST_HEX_BYTES]; /* installed before it; "": none */
	char older[DIGEST_HEX_BYTES];	 /* and before that one */
	char pending[DIGEST_HEX_BYTES];	 /* stored, waits for a person; "": none */
	uint8_t signer[DIGEST_BYTES];	 /* whom the name belongs to */
	uint32_t uid_index;
	uint64_t counter;   /* highest ever installed under a key that is still its owner's */
	struct marks marks; /* the same by key */
	bool enabled;	    /* starts at boot */
	bool quarantined;
	char reason[TEXT_MAX_BYTES]; /* of the quarantine */
};

struct registry {
	struct registry_entry *entries; /* REGISTRY_ENTRIES_MAX at most */
	uint32_t count;
	uint32_t next_uid_index; /* only rises */
};

/* dir is the folder registry/. Anything odd in it is refused: user numbers are at stake. */
int registry_load(int dir, struct registry *ret, struct err *e);
/* One file's text becomes one more entry. */
int registry_parse(struct registry *r, const char *text, size_t n, struct err *e);
void registry_free_p(struct registry *r);
/* Whole, old or new, whatever happens. */
int registry_save(int dir, const struct registry_entry *g, struct err *e);

struct registry_entry *registry_find(const struct registry *r, const char *tenant,
				     const char *plugin);
/* Whoever first installed that name, in any tenant; NULL: nobody did. */
const struct registry_entry *registry_owner(const struct registry *r, const char *plugin);
/* One of the versions that are kept for somebody, or wait. */
bool registry_keeps(const struct registry *r, const char *plugin, const char *bundle);
/* bundle becomes the current one; what was current is kept, and what that one had replaced. A
 * bundle that is among them changes its place. The counter only rises. */
void registry_advance(struct registry_entry *g, const char *bundle);
/* Its current version, or one kept for a rollback. */
bool registry_has_version(const struct registry_entry *g, const char *bundle);
/* A new entry with a user number of its own below uid_count. Pointers from registry_find end here.
 */
int registry_add(struct registry *r, const struct registry_entry *init, uint32_t uid_count,
		 struct registry_entry **ret, struct err *e);

#endif
