/* SPDX-License-Identifier: Apache-2.0 */
/* aiprofile.h - what a good profile of a language model is, without JSON: parser and record check
 * share it. Owns: the rules.  Must not know: where a profile came from. */
#ifndef KENNEL_POLICY_AIPROFILE_H
#define KENNEL_POLICY_AIPROFILE_H

#include <stdbool.h>

#include "policy/ceiling.h"

/* The profile that a plugin gets when it names none. */
#define AI_PROFILE_NORMAL "default"

/* http(s)://HOST..., without user, query and fragment. */
bool ai_url_is_valid(const char *s);
bool ai_model_is_valid(const char *s);
/* TLS, or it never leaves this host, or the operator said that it may. */
bool ai_way_is_safe(const struct ai_profile *p);

/* Every profile of the record is one, and what follows the last is zero. */
bool ai_profiles_are_sound(const struct ceiling *c);
/* NULL: the host has none of this name. */
const struct ai_profile *ai_profile_find(const struct ceiling *c, const char *name);

#endif
