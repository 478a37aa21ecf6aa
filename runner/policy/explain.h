/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - asked, allowed, refused, by whom, and how it is enforced.
 * Owns: the structure of the answer, and a plain reading of it.  Must not know: colours, terminals.
 */
#ifndef KENNEL_POLICY_EXPLAIN_H
#define KENNEL_POLICY_EXPLAIN_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/json.h"
#include "policy/compile.h"

/* got is what policy_compile made of in; NULL when it refused, and then the answer says why. The
 * caller frees with json_decref_p. */
int explain_build(const struct policy_inputs *in, const struct policy *got, json_t **ret,
		  struct err *e);
/* For people. -1 when explain, which may come from another process, has another shape, or w is
 * full. */
int explain_print(const json_t *explain, struct writer *w);
#define EXPLAIN_TEXT_MAX 65536u /* enough for every policy */

#endif
