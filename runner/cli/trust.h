/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h - a public key file as the supervisor wants it.
 * Owns: asking kennel-pack.  Must not know: keys. */
#ifndef KENNEL_CLI_TRUST_H
#define KENNEL_CLI_TRUST_H

#include "base/err.h"
#include "base/json.h"

/* Sets key and fingerprint. */
int trust_read_key(const char *path, json_t *params, struct err *e);

/* trust_more.c */
int trust_show(int argc, char **argv);
int trust_rotate(int argc, char **argv);
int trust_fetch(int argc, char **argv);
int trust_pack(int argc, char **argv);
/* The revocation list's state, and a warning when there is reason for one. */
void trust_print_list(const json_t *revocations);
void trust_print_successors(const json_t *result);

#endif
