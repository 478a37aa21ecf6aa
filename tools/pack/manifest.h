/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - kennel-pack manifest: check one file, print the published schema.
 * Owns: its options and output.  Must not know: any key of a manifest. */
#ifndef KENNEL_TOOLS_PACK_MANIFEST_H
#define KENNEL_TOOLS_PACK_MANIFEST_H

#define MANIFEST_USAGE                                        \
	"       kennel-pack manifest check FILE|- [--json]\n" \
	"       kennel-pack manifest schema\n"

/* argv[0] is "manifest"; the result is the exit status. */
int manifest_command(int argc, char **argv);

#endif
