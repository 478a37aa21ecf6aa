/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - the flat records: what a plugin asks, what is granted, what the plugin gets.
 * Owns: their shape; equal iff the bytes are equal, so producers zero them first.  No pointers.
 * Must not know: JSON, files, sockets. */
#ifndef KENNEL_POLICY_POLICY_H
#define KENNEL_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/ceiling.h"
#include "policy/glob.h"
#include "policy/grant.h"

struct scope_rule {
	uint8_t permission; /* enum permission */
	uint8_t deny;	    /* 1: wins over every allow */
	uint8_t reserved[6];
	char glob[SCOPE_GLOB_MAX]; /* "**" crosses folders, "*" and "?" do not; "" never matches */
};

enum file_root { FILE_ROOT_VAULT = 1, FILE_ROOT_DATA = 2 };
enum file_access { FILE_ACCESS_READ = 1, FILE_ACCESS_WRITE = 2 }; /* write includes read */

struct file_rule {
	uint8_t root;	/* enum file_root */
	uint8_t access; /* enum file_access bits */
	uint8_t reserved[6];
	char path[VAULT_PATH_MAX]; /* below the root, "" is the root; no "..", no leading '/' */
};

struct restart_rule {
	uint32_t policy; /* enum restart_policy */
	uint32_t max;	 /* crashes in the window before quarantine */
	uint64_t within_ms;
};
enum restart_policy { RESTART_NEVER = 1, RESTART_ON_FAILURE = 2, RESTART_ALWAYS = 3 };

/* What the plugin asks, from manifest.json, after validation. */
struct manifest {
	uint32_t abi;
	uint32_t runtime; /* enum runtime, derived from the entry's ending unless said */
	char name[NAME_MAX_BYTES];
	char version[VERSION_MAX_BYTES];
	char description[PROSE_MAX_BYTES];
	char author[LINE_MAX_BYTES];
	char license[NAME_MAX_BYTES];
	char entry[BUNDLE_PATH_MAX + 1];
	permission_set permissions;
	uint32_t events; /* EVENT_BIT(...) */
	uint8_t jit;
	uint8_t native; /* the TOC says the bundle holds native code */
	uint8_t reserved[6];
	char reasons[PERM_COUNT][LINE_MAX_BYTES]; /* recommendedPermissions: shown at consent */
	struct limits limits;
	struct restart_rule restart;
	uint32_t scope_count;
	uint32_t file_count;
	struct scope_rule scopes[SCOPE_RULES_MAX];
	struct file_rule files[FILE_RULES_MAX];
};

/* What the operator granted one plugin in one tenant: from the grant file. */
struct grant {
	char plugin[NAME_MAX_BYTES];
	uint8_t signer[DIGEST_BYTES]; /* BLAKE2b-256 of the public key; all zero: refused */
	permission_set permissions;
	uint32_t scope_count;
	struct scope_rule scopes[SCOPE_RULES_MAX]; /* deny wins; no allow: nothing */
	uint8_t files; /* the manifest's files rules are allowed, inside readNotes' scope */
	uint8_t reserved[7];
	struct limits limits; /* 0: the tenant's */
};

/* What the plugin gets. manifest, key ceiling, tenant and grant, intersected (policy/compile). */
struct policy {
	uint32_t abi;
	uint32_t runtime;
	char plugin[NAME_MAX_BYTES];
	char version[VERSION_MAX_BYTES];
	char tenant[NAME_MAX_BYTES];
	uint8_t bundle_id[DIGEST_BYTES];
	uint8_t signer[DIGEST_BYTES];
	permission_set permissions;
	uint32_t events;
	struct limits limits;
	struct restart_rule restart;
	uint8_t jit;
	uint8_t reserved[3];
	uint32_t asked_scope_count; /* a path needs an allow of the manifest AND of the grant */
	uint32_t granted_scope_count;
	uint32_t file_count;
	struct scope_rule asked_scopes[SCOPE_RULES_MAX];
	struct scope_rule granted_scopes[SCOPE_RULES_MAX];
	struct file_rule files[FILE_RULES_MAX];
};

/* The part of a policy that decides about paths; the rules are borrowed. */
struct policy_scopes {
	permission_set permissions;
	uint32_t asked_count;
	uint32_t granted_count;
	const struct scope_rule *asked;
	const struct scope_rule *granted;
};

struct policy_scopes policy_scopes_of(const struct policy *p);
bool scopes_permit_path(const struct policy_scopes *s, enum permission perm, const char *path);
/* May this plugin use perm on the note at path, below the vault? Permission and scopes together. */
bool policy_permits_path(const struct policy *p, enum permission perm, const char *path);
/* Is every right in inner also in outer's ceiling? ERR_CEILING names the first that is not. */
int policy_within_tenant(const struct policy *p, const struct tenant_ceiling *t, struct err *e);

#endif
