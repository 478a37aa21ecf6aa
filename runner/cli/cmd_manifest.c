/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_manifest.c - kennel manifest: check one, print the schema; kennel-pack does it.
 * Owns: its help.  Must not know: what a manifest holds. */
#include "cli/cli.h"
#include "cli/pack.h"

static const char help[] =
	"usage: kennel manifest check FILE|- [--json]\n"
	"       kennel manifest schema\n\n"
	"manifest.json says what a plugin is, and what it asks for. kennel-manifest(5) has every field.\n\n"
	"  check   reads one as the host will, and says what is wrong: a JSON pointer to the place, and what\n"
	"          was expected there. What only the whole bundle shows, such as a missing entry, is\n"
	"          checked by \"kennel bundle pack\".\n"
	"  schema  prints the JSON Schema (draft 2020-12), for editors and other checkers.\n\n"
	"Exit status: 0 good, 2 usage, 10 malformed, 12 against a rule (permissions, files, signature), 13 I/O.\n\n"
	"Examples:\n"
	"  kennel manifest check my-plugin/manifest.json\n"
	"  kennel manifest check - --json < manifest.json\n"
	"  kennel manifest schema > kennel-manifest.schema.json\n";

int cmd_manifest(int argc, char **argv)
{
	return cli_hand_to_pack(NULL, help, argc, argv);
}
