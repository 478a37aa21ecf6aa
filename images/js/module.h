/* SPDX-License-Identifier: Apache-2.0 */
/* module.h - an ES module as the body of a function: its import and export declarations are taken
 * out, line for line, and told apart.
 * Owns: which declarations there are.  Must not know: files, the engine, linking. */
#ifndef KENNEL_JS_MODULE_H
#define KENNEL_JS_MODULE_H

#include "base/json.h"

#define MODULE_BYTES_MAX (8u << 20) /* one file */
#define MODULE_NAMES_MAX 4096u	    /* imports and exports of one file */

/* {"source": TEXT, "prefix": NAME, "requests": [{"specifier", "line", "json"}],
 *  "imports": [{"local", "name", "from", "line"}], "exports": [{"name", "local", "constant"}],
 *  "indirect": [{"name", "imported", "from", "line"}], "stars": [from]}
 * from is an index into requests; name "*" the namespace. Names that begin with prefix occur
 * nowhere in the module; PREFIX"import", PREFIX"meta" and PREFIX"default" stand for import(),
 * import.meta and the default export. ERR_JS_SYNTAX, ERR_JS_MODULE, ERR_LIMIT: "NAME:LINE: what".
 */
int module_split(const char *name, const char *text, size_t n, json_t **ret, struct err *e);

#endif
