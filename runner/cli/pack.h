/* SPDX-License-Identifier: Apache-2.0 */
/* pack.h - what the author's subcommands share: kennel-pack does the work.
 * Owns: starting it.  Must not know: keys, the bundle format. */
#ifndef KENNEL_CLI_PACK_H
#define KENNEL_CLI_PACK_H

/* Prints help when it is asked for or argv has no word; else replaces this process by
 * "kennel-pack [GROUP] ARGV..." and comes back only with the exit status of a failure. */
int cli_hand_to_pack(const char *group, const char *help, int argc, char **argv);

#endif
