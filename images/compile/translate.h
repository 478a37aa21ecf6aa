/* SPDX-License-Identifier: Apache-2.0 */
/* translate.h - from a reduced module to one static executable, by wasm2c, cc and our runtime.
 * Owns: the tools' options, which decide conformance and hardening.  Must not know: where modules
 * are from.
 *
 * All work is done in the current directory, with relative names and a fixed environment, so that
 * the same module gives the same bytes. */
#ifndef KENNEL_COMPILE_TRANSLATE_H
#define KENNEL_COMPILE_TRANSLATE_H

#include "images/compile/module.h"

#define TRANSLATE_RESULT "plugin"

/* lib_dir, absolute, holds libkennel-wasm.a and plugin.h. Writes TRANSLATE_RESULT.
 * ERR_WASM_INVALID, ERR_WASM_FEATURE, ERR_COMPILE. */
int translate(const struct module *m, const struct buffer *reduced, const char *lib_dir,
	      struct err *e);

#endif
