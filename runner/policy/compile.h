/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - policy = manifest ∩ key ceiling ∩ tenant ∩ grant.
 * Owns: the intersection, and nothing else decides it.  Must not know: files, JSON, how it is
 * enforced. */
#ifndef KENNEL_POLICY_COMPILE_H
#define KENNEL_POLICY_COMPILE_H

#include <stdint.h>

#include "base/err.h"
#include "policy/policy.h"

/* Who let this bundle's machine code in. */
enum native_approval { NATIVE_NOBODY, NATIVE_BY_BUNDLE, NATIVE_BY_KEY };

struct policy_inputs {
	const struct manifest *manifest;
	const struct key_ceiling *key;
	const struct tenant_ceiling *tenant;
	const struct grant *grant; /* NULL: nothing granted yet, a policy without any permission */
	const uint8_t *bundle_id;  /* DIGEST_BYTES */
	const uint8_t *signer;	   /* DIGEST_BYTES: who signed the bundle at hand */
	enum native_approval native; /* the operator's; asked for only by native code */
	uint32_t accepted; /* bit: enum degradation of the host; nothing is allowed by it, only said
			    */
};

/* Beyond the key's ceiling, or a runtime the tenant does not allow: ERR_CEILING with the
 * difference. A grant of another plugin or signer: ERR_GRANT. Files rules outside readNotes:
 * ERR_FILES_RULE. Native code that nobody approved: ERR_NATIVE. What the tenant or the grant leaves
 * out is left out; explain says so. */
int policy_compile(const struct policy_inputs *in, struct policy *ret, struct err *e);
/* The native rule alone, as far as it goes beyond the key: of in only manifest, tenant, bundle_id
 * and native are read. ERR_CEILING, ERR_NATIVE. */
int policy_check_native(const struct policy_inputs *in, struct err *e);

#endif
