/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - a password from the terminal, not echoed; from standard input when that is no terminal.
 * Owns: terminal modes.  Must not know: keys. */
#ifndef KENNEL_PACK_ASK_H
#define KENNEL_PACK_ASK_H

#include <stdbool.h>

#include "base/err.h"
#include "tools/pack/secret.h"

/* twice: asked again, and both must be equal. An empty password is refused. Wipe ret after use. */
int ask_password(const char *prompt, bool twice, char ret[SECRET_PASSWORD_MAX], struct err *e);

#endif
