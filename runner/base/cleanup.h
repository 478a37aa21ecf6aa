/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.h - owners clean up by scope; moving is spelled.
 * Owns: the macros only. */
#ifndef KENNEL_BASE_CLEANUP_H
#define KENNEL_BASE_CLEANUP_H

#include <stdlib.h>
#include <stdio.h>
#include <dirent.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* The pointer moves to the caller; the local one no longer frees it. */
#define take_ptr(p)                          \
	({                                   \
		__typeof__(p) taken_ = (p);  \
		(p) = NULL;                  \
		taken_;                      \
	})

static inline void free_p(void *p)
{
	free(*(void **)p);
}

static inline void fclose_p(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static inline void closedir_p(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#endif
