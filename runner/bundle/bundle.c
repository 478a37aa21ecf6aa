/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - the one order in which a bundle is believed: signature, contents, manifest, frames,
 * end. Nothing is parsed as JSON before a trusted signature holds (unless the caller only
 * inspects), and no byte reaches the decoder before its signed digest holds. */
#include "bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "bundle/frame0.h"

/* ---- who signed ---- */

/* The id is a hint that anyone may copy, so every key with it is tried. A signature that names a
 * known key and does not hold is never ignored. */
static int find_signer(const struct trust *t, const struct signature *s, struct span message,
		       const struct trust_key **ret, struct err *e)
{
	bool named = false;

	for (size_t i = 0; i < t->count; i++) {
		const struct trust_key *k = &t->keys[i];

		if (memcmp(k->key.id, s->id, sizeof(s->id)) != 0)
			continue;
		named = true;
		if (sign_holds(s, &k->key, message.p, message.n)) {
			*ret = k;
			return 0;
		}
	}
	if (named)
		return err_set(
			e, ERR_SIGNATURE,
			"the signature names a trusted key and does not hold: the bundle was changed");
	*ret = NULL;
	return 0;
}

static int check_signer(const struct bundle_job *job, const struct frame0 *f, size_t i,
			struct bundle_identity *id, struct err *e)
{
	struct bundle_signer *s = &id->signers[i];
	struct signature sig;

	if (sign_parse((const char *)f->signatures[i].p, f->signatures[i].n, &sig, e) < 0 ||
	    find_signer(job->trust, &sig, f->toc, &s->known, e) < 0)
		return err_wrap(e, "signature %zu", i + 1);
	memcpy(s->id, sig.id, sizeof(s->id));
	for (size_t j = 0; s->known && j < i; j++)
		if (id->signers[j].known == s->known)
			return err_set(e, ERR_SIGNATURE_FORMAT,
				       "signatures %zu and %zu are of one key", j + 1, i + 1);
	if (s->known) {
		s->state = trust_state(s->known, TRUST_FOR_BUNDLES, job->now_s);
		id->trusted_count += s->state == TRUST_GOOD;
	}
	return 0;
}

/* A key that asks for more signers than there are counts for nothing. */
static int check_threshold(struct bundle_identity *id, struct err *e)
{
	for (size_t i = 0; i < id->signer_count; i++) {
		const struct bundle_signer *s = &id->signers[i];

		if (!s->known || s->state != TRUST_GOOD || s->known->threshold <= id->trusted_count)
			continue;
		(void)err_set(e, ERR_UNTRUSTED,
			      "key \"%s\" counts only with %u trusted signatures, here are %zu",
			      s->known->label, s->known->threshold, id->trusted_count);
		id->trusted_count = 0;
		return -1;
	}
	return 0;
}

static int explain_untrusted(const struct bundle_identity *id, struct err *e)
{
	for (size_t i = 0; i < id->signer_count; i++) {
		const struct bundle_signer *s = &id->signers[i];

		if (s->known && s->state == TRUST_REVOKED)
			return err_set(e, ERR_KEY_REVOKED, "its key \"%s\" was revoked (%s)",
				       s->known->label, revocation_reason_name(s->known->reason));
		if (s->known && s->state == TRUST_EXPIRED)
			return err_set(e, ERR_KEY_EXPIRED, "its key \"%s\" has expired",
				       s->known->label);
		if (s->known && s->state == TRUST_OTHER_USE)
			return err_set(e, ERR_UNTRUSTED,
				       "its key \"%s\" may sign revocation lists, not bundles",
				       s->known->label);
	}
	return err_set(e, ERR_UNTRUSTED,
		       "signed by a key that is not trusted here; if you know the author, "
		       "add the public key to the trust store or name it with -p");
}

static int check_identity(const struct bundle_job *job, const struct frame0 *f,
			  struct bundle_identity *ret, struct err *e)
{
	struct bundle_identity id = { .signer_count = f->signature_count };

	digest_of(f->toc.p, f->toc.n, id.id);
	for (size_t i = 0; i < f->signature_count; i++)
		if (check_signer(job, f, i, &id, e) < 0)
			return -1;
	if (check_threshold(&id, e) < 0 && !job->inspect)
		return -1;
	if (id.trusted_count == 0 && !job->inspect)
		return explain_untrusted(&id, e);
	*ret = id;
	return 0;
}

/* ---- what it holds ---- */

static int check_native(const struct bundle_job *job, const struct toc *t, struct err *e)
{
	if (t->native && !job->native_ok)
		return err_set(e, ERR_NATIVE, "the contents say native; native code is refused");
	for (size_t i = 0; !t->native && i < t->file_count; i++)
		if (t->files[i].executable)
			return err_set(
				e, ERR_NATIVE,
				"%s is marked executable, and the contents do not say native",
				t->files[i].path);
	return 0;
}

static int check_contents(const struct bundle_job *job, const struct frame0 *f, struct toc *ret,
			  struct err *e)
{
	CLEANUP(toc_free_p) struct toc t = { 0 };
	const struct bundle_bounds bounds = job->bounds ? *job->bounds : bundle_bounds_default();
	uint8_t digest[DIGEST_BYTES];

	if (toc_parse_within((const char *)f->toc.p, f->toc.n, &bounds, &t, e) < 0)
		return -1;
	if (f->bundle_bytes + t.packed_bytes > bounds.packed_bytes)
		return err_set(e, ERR_LIMIT, "bundle of %llu bytes, limit %llu",
			       (unsigned long long)(f->bundle_bytes + t.packed_bytes),
			       (unsigned long long)bounds.packed_bytes);
	digest_of(f->manifest.p, f->manifest.n, digest);
	if (t.files[0].size != f->manifest.n || !digest_equal(digest, t.files[0].digest))
		return err_set(e, ERR_FILE_DIGEST,
			       "manifest.json: its bytes are not the signed ones");
	if (!job->inspect && t.expires && job->now_s >= t.expires)
		return err_set(e, ERR_EXPIRED,
			       "the bundle has expired; ask its author for a newer one");
	if (!job->inspect && check_native(job, &t, e) < 0)
		return -1;
	*ret = t;
	t = (struct toc){ 0 };
	return 0;
}

/* ---- the frames ---- */

/* Two packed ones: while the decoder is at work on a frame, the next is read and its digest
 * checked; while that one is decoded, the bytes of the first are walked. */
struct buffers {
	uint8_t packed[2][FRAME_PACKED_MAX];
	uint8_t plain[FRAME_PLAIN_MAX];
};

static int fetch_frame(const struct bundle_job *job, const struct toc_frame *f, uint8_t *packed,
		       struct err *e)
{
	uint8_t digest[DIGEST_BYTES];

	if (source_read(&job->source, packed, f->packed, "frame", e) < 0)
		return -1;
	digest_of(packed, f->packed, digest);
	if (!digest_equal(digest, f->digest))
		return err_set(e, ERR_FRAME_DIGEST, "its bytes are not the signed ones");
	return 0;
}

static int begin_frame(const struct bundle_job *job, const struct toc_frame *f,
		       const uint8_t *packed, struct err *e)
{
	const struct decoder *d = &job->decoder;

	return d->begin ? d->begin(d->arg, packed, f->packed, f->plain, e) : 0;
}

/* Frame i has been fetched and begun; so is the one after it when this returns. */
static int check_frame(const struct bundle_job *job, const struct toc *t, size_t i,
		       struct buffers *b, struct err *e)
{
	const struct toc_frame *f = &t->frames[i];
	const uint8_t *packed = b->packed[i & 1];
	uint8_t *ahead = b->packed[(i + 1) & 1];
	bool more = i + 1 < t->frame_count;

	if (more && fetch_frame(job, f + 1, ahead, e) < 0)
		return err_wrap(e, "frame %zu", i + 2);
	if (job->decoder.decode(job->decoder.arg, packed, f->packed, b->plain, f->plain, e) < 0)
		return err_wrap(e, "frame %zu", i + 1);
	return more ? begin_frame(job, f + 1, ahead, e) : 0;
}

static int check_frames(const struct bundle_job *job, const struct toc *t, struct err *e)
{
	CLEANUP(free_p) struct buffers *b = malloc(sizeof(*b));
	struct stream s;
	uint64_t done = 0;

	if (!b)
		return err_set(e, ERR_NOMEM, "frame buffers");
	stream_start(&s, t, &job->sink, job->inspect || t->native);
	if (t->frame_count && (fetch_frame(job, t->frames, b->packed[0], e) < 0 ||
			       begin_frame(job, t->frames, b->packed[0], e) < 0))
		return err_wrap(e, "frame 1");
	for (size_t i = 0; i < t->frame_count; i++) {
		if (check_frame(job, t, i, b, e) < 0)
			return -1;
		if (stream_feed(&s, b->plain, t->frames[i].plain, e) < 0)
			return err_wrap(e, "frame %zu", i + 1);
		done += t->frames[i].plain;
		if (job->hooks.progress &&
		    job->hooks.progress(job->hooks.arg, done, t->stream_bytes, e) < 0)
			return -1;
	}
	if (stream_finish(&s, e) < 0)
		return -1;
	return source_expect_end(&job->source, e);
}

int bundle_check(const struct bundle_job *job, bool *ret_checked, struct err *e)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(toc_free_p) struct toc t = { 0 };
	struct bundle_identity id;
	const struct bundle_hooks *h = &job->hooks;

	if (frame0_read(&job->source, &f, e) < 0 || check_identity(job, &f, &id, e) < 0)
		return -1;
	if (h->identity && h->identity(h->arg, &id, e) < 0)
		return -1;
	if (check_contents(job, &f, &t, e) < 0)
		return -1;
	if (h->manifest && h->manifest(h->arg, &t, (const char *)f.manifest.p, f.manifest.n, e) < 0)
		return -1;
	frame0_free_p(&f); /* what is left needs its own three megabytes */
	if (id.trusted_count == 0) {
		*ret_checked = false;
		return 0;
	}
	if (check_frames(job, &t, e) < 0 || (h->checked && h->checked(h->arg, &t, e) < 0))
		return -1;
	*ret_checked = true;
	return 0;
}
