/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - a tree of files → the bytes of a bundle, the same bytes for the same tree.
 * Owns: the writing side of the format.  Must not know: where files lie, how keys are stored. */
#ifndef KENNEL_PACK_BUILD_H
#define KENNEL_PACK_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bundle/frame0.h"
#include "bundle/toc.h"
#include "tools/pack/secret.h"
#include "tools/pack/tree.h"

struct build {
	const struct tree *tree; /* sorted */
	uint64_t counter;
	int64_t expires;   /* 0: never */
	uint32_t min_host; /* 0: any */
};

/* The packed frames, one after the other, and what the table of contents says of them. */
struct build_frames {
	struct buffer bytes;
	struct toc_frame *list;
	size_t count;
};
void build_frames_free_p(struct build_frames *f);

/* The tar stream of files 2 to n in frames of FRAME_PLAIN_MAX. Each is decoded and compared: an
 * encoder's fault must not be signed. */
int build_pack_frames(const struct tree *t, struct build_frames *ret, struct err *e);
/* Canonical JSON and a newline, in memory of its own (free). */
int build_toc(const struct build *b, const struct build_frames *f, char **ret, size_t *ret_n,
	      struct err *e);
/* The stored first frame, appended to out. */
int build_frame0(struct span toc, const struct span *signatures, size_t count, struct span manifest,
		 struct buffer *out, struct err *e);

/* All of it, signed, and checked as a host that trusts the key would. */
int build_bundle(const struct build *b, const struct secret_key *k, struct buffer *ret,
		 struct err *e);
/* A signature put beside those of a bundle: made by k, or the given file of another signer whose
 * key is public. The bundle id stays. */
int build_attach(const struct buffer *bundle, struct span signature, struct buffer *ret,
		 struct err *e);
/* What a host that trusts exactly this key says about the bytes. */
int build_check(const struct buffer *bundle, const struct public_key *k, struct err *e);

#endif
