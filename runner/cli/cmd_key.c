/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_key.c - kennel key: hands over to kennel-pack, the only program that holds secret keys.
 * Owns: its help.  Must not know: keys. */
#include "cli/cli.h"
#include "cli/pack.h"

static const char help[] =
	"usage: kennel key gen [-W] -o FILE\n"
	"       kennel key show FILE.pub\n"
	"       kennel key rotate OLD NEW -o FILE\n\n"
	"gen makes a signing key: FILE, the secret half (mode 0600, yours alone), and FILE.pub, the public\n"
	"half, which people need to trust your bundles. Both are in minisign's form; a key made by\n"
	"\"minisign -G\" does as well. The secret half is encrypted with a password that is asked for, or read\n"
	"as a line from standard input; scrypt then takes 1 GiB of memory for a moment. An existing key is\n"
	"never overwritten.\n\n"
	"show prints a public key and its fingerprint, the name under which a host knows it.\n\n"
	"rotate states that the work of the secret key OLD goes on under the secret key NEW, signed by both. A host\n"
	"that trusts OLD takes FILE with kennel trust rotate; NEW gets OLD's bounds there, and no more.\n\n"
	"Options:\n"
	"  -o FILE                 where the secret key goes; FILE.pub beside it\n"
	"  -W                      no password: for machines that sign unattended\n"
	"  --help                  this text\n\n"
	"Examples:\n"
	"  kennel key gen -o acme.key\n"
	"  kennel key show acme.key.pub\n"
	"  kennel trust add acme.key.pub --label Acme        on the host that shall trust it\n";

int cmd_key(int argc, char **argv)
{
	return cli_hand_to_pack(NULL, help, argc, argv);
}
