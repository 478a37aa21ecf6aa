/* SPDX-License-Identifier: Apache-2.0 */
/* native.h - the functions that the prelude is given, all that reaches outside of the machine.
 * Owns: that list.  Must not know: events. */
#ifndef KENNEL_JS_NATIVE_H
#define KENNEL_JS_NATIVE_H

#include "images/js/engine.h"

struct native {
	int root_fd;
	struct engine_said ready, finish;
};

/* An object with all of them. state outlives the context; there is one at a time. */
JSObjectRef native_object(JSContextRef ctx, struct native *state);

char *native_copy_string(JSStringRef s, size_t *ret_n); /* UTF-8, to be freed; NULL: no memory */

#endif
