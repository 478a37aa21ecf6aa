/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - which names may stand in a bundle.
 * Owns: the alphabet, lengths, and what two names must not share.  Must not know: files. */
#ifndef KENNEL_BUNDLE_PATH_H
#define KENNEL_BUNDLE_PATH_H

#include <stddef.h>

#include "base/err.h"

/* Relative, components of [A-Za-z0-9_@+=,~][A-Za-z0-9_@+=,~.-]*, never below META in any case,
 * bounds of limits.h, and it fits a ustar header. ERR_PATH. */
int path_check(const char *path, struct err *e);

/* No two names may meet on a file system that folds case, and none may be both a file and a folder.
 * Sorts its argument. ERR_PATH names both. */
int path_check_set(const char **paths, size_t n, struct err *e);

/* Where a ustar header cuts the path: 0 when it fits the name field whole, else the index of the
 * '/' that ends the prefix; -1 when it fits neither way. */
int path_ustar_split(const char *path, size_t n);

#endif
