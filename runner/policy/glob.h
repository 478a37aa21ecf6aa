/* SPDX-License-Identifier: Apache-2.0 */
/* glob.h - note paths and the patterns over them.
 * Owns: the one matcher, and what a safe relative path is.  Must not know: permissions, the vault.
 */
#ifndef KENNEL_POLICY_GLOB_H
#define KENNEL_POLICY_GLOB_H

#include <stdbool.h>

#include "base/limits.h"

/* The one matcher for all scopes, on paths relative to the vault. */
bool scope_glob_matches(const char *glob, const char *path);
/* Printable, relative, SCOPE_GLOB_CHARS long at most, SCOPE_GLOB_WIDE of them outside ASCII, and
 * without what other tools read as a pattern: [ ] { } \ a leading ! */
bool scope_glob_is_valid(const char *glob);
/* Could the glob match anything below the folder ("" is the vault)? Never a wrong no. */
bool scope_glob_meets_folder(const char *glob, const char *folder);
/* Does the glob match everything below the folder? Never a wrong yes. */
bool scope_glob_covers_folder(const char *glob, const char *folder);
/* A path rule that is safe to resolve below a root: relative, no empty, "." or ".." component. */
bool relative_path_is_valid(const char *path);

#endif
