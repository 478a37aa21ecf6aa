/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_report.h - what kennel-loader says of a bundle, gathered for a subcommand that shows it.
 * Owns: starting the confined loader, checking what it says.  Must not know: the format; no byte of
 * a bundle is read in this process. */
#ifndef KENNEL_CLI_BUNDLE_REPORT_H
#define KENNEL_CLI_BUNDLE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "proto/loader.h"

struct bundle_report {
	bool has_identity, has_manifest, done;
	struct loader_identity identity;
	struct manifest manifest;
	struct loader_done end;
	struct loader_file *files; /* manifest.json first, the rest ascending */
	size_t file_count;
};

/* job is "verify" or "show"; file may be "-". trust: of bundle_report_open_trust, or -1. The caller
 * frees. The error is the loader's refusal. */
int bundle_report_read(const char *job, const char *file, int trust, struct bundle_report **ret,
		       struct err *e);
void bundle_report_free_p(struct bundle_report **r);

/* One public key file, or a folder of trust files; neither leaves *ret as it was. */
int bundle_report_open_trust(const char *public_key, const char *folder, int *ret, struct err *e);

/* Rows of cli_spec.options for the two. */
#define BUNDLE_TRUST_OPTIONS(pub, dir)                                                   \
	{ .name = "--public",                                                            \
	  .alias = "-p",                                                                 \
	  .value = "PUB",                                                                \
	  .text = &(pub),                                                                \
	  .help = "a minisign public key file: it alone is trusted" },                   \
	{                                                                                \
		.name = "--trust", .value = "DIR", .text = &(dir),                       \
		.help = "a folder of trust files (FINGERPRINT.json) with their ceilings" \
	}

/* For those that name a bundle, cmd_bundle.c: the error, what to do about it, an exit status. */
int bundle_refuse(struct err *e, const char *file, bool json);

#endif
