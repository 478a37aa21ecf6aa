/* SPDX-License-Identifier: Apache-2.0 */
/* grants.h - grants/TENANT.PLUGIN.json: what a person granted, and what a person asks to be
 * granted. Owns: reading and changing the files, turning a wish into a grant.  Must not know: what
 * a grant leads to. */
#ifndef KENNEL_SUPERVISE_GRANTS_H
#define KENNEL_SUPERVISE_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "policy/policy.h"

/* 1 with ret set, 0 when nothing is granted to that plugin, -1. */
int grants_read(int dir, const char *tenant, const char *plugin, struct grant *ret, struct err *e);
/* Replaces or adds the one of g->plugin; g NULL removes plugin's. The file's version rises by one.
 */
int grants_write(int dir, const char *tenant, const char *plugin, const struct grant *g,
		 struct err *e);

/* wish: {all: true} or {permissions: [NAME...], scopes?: {NAME: {allow, deny}}, files?: bool}. A
 * permission that needs a scope and has none in the wish gets the one the manifest asks, spelled
 * out. Granting what the manifest does not ask is ERR_GRANT. */
int grants_from_wish(const json_t *wish, const struct manifest *m,
		     const uint8_t signer[DIGEST_BYTES], struct grant *ret, struct err *e);
/* old (or nothing) and more beside it, with the scopes the manifest asks for those. */
int grants_widen(const struct grant *old, const struct manifest *m, permission_set more,
		 const uint8_t signer[DIGEST_BYTES], struct grant *ret, struct err *e);
/* What old grants beside what g does; old's exceptions go on. */
int grants_join(struct grant *g, const struct grant *old, struct err *e);
json_t *grants_to_json(const struct grant *g);

#endif
