/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - what a command has made, as one JSON document for scripts. */
#include "tools/pack/report.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/json.h"
#include "bundle/frame0.h"
#include "bundle/sign.h"
#include "bundle/source.h"
#include "bundle/toc.h"

enum { SIGNATURE_LINES = 4 }; /* below a statement, each */

static int print(json_t *j, struct err *e)
{
	CLEANUP(json_decref_p) json_t *owned = j;
	CLEANUP(free_p) char *text = owned ? json_print(owned, NULL) : NULL;

	if (!text)
		return err_set(e, ERR_NOMEM, "JSON");
	if (puts(text) == EOF || fflush(stdout) == EOF)
		return err_set(e, ERR_IO, "write to standard output");
	return 0;
}

static json_t *hex_json(const uint8_t digest[DIGEST_BYTES])
{
	char hex[DIGEST_HEX_BYTES];

	hex_encode(digest, DIGEST_BYTES, hex);
	return json_string(hex);
}

static int read_frame0(const struct buffer *bundle, struct frame0 *ret, struct err *e)
{
	struct reader r = { .p = bundle->p, .left = bundle->len };
	struct source s = { source_read_memory, &r };

	return frame0_read(&s, ret, e);
}

int report_bundle(const char *file, const struct buffer *bundle, struct err *e)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	CLEANUP(toc_free_p) struct toc t = { 0 };
	const struct bundle_bounds most = bundle_bounds_most();

	if (read_frame0(bundle, &f, e) < 0 ||
	    toc_parse_within((const char *)f.toc.p, f.toc.n, &most, &t, e) < 0)
		return -1;
	return print(json_pack("{ss, so, so, sI, sb, sI, sI, sI, sI}", "file", file, "bundleId",
			       hex_json(t.id), "contentId", hex_json(t.content_id), "counter",
			       (json_int_t)t.counter, "native", t.native, "files",
			       (json_int_t)t.file_count, "unpackedBytes",
			       (json_int_t)t.unpacked_bytes, "bytes", (json_int_t)bundle->len,
			       "signatures", (json_int_t)f.signature_count),
		     e);
}

int report_toc(const struct buffer *bundle, struct err *e)
{
	CLEANUP(frame0_free_p) struct frame0 f = { 0 };
	uint8_t id[DIGEST_BYTES];

	if (read_frame0(bundle, &f, e) < 0)
		return -1;
	digest_of(f.toc.p, f.toc.n, id);
	return print(json_pack("{so, sI, ss%}", "bundleId", hex_json(id), "signatures",
			       (json_int_t)f.signature_count, "toc", (const char *)f.toc.p,
			       f.toc.n),
		     e);
}

int report_key(const char *secret, const char *public_path, const char *text, struct err *e)
{
	const char *line = strchr(text, '\n');
	struct public_key k;

	if (sign_parse_key_file(text, strlen(text), &k, e) < 0)
		return -1;
	return print(json_pack("{ss?, ss, so, ss#}", "secret", secret, "public", public_path,
			       "fingerprint", hex_json(k.fingerprint), "key", line + 1,
			       (int)strcspn(line + 1, "\n")),
		     e);
}

int report_statement(const char *file, const struct buffer *text, struct err *e)
{
	const uint8_t *newline = memchr(text->p, '\n', text->len);
	size_t n = newline ? (size_t)(newline - text->p) + 1 : text->len, lines = 0;
	uint8_t id[DIGEST_BYTES];
	json_t *said = json_loadb((const char *)text->p, n, 0, NULL);

	for (size_t i = n; i < text->len; i++)
		lines += text->p[i] == '\n';
	digest_of(text->p, n, id);
	return print(json_pack("{ss, so, sI, sI, so}", "file", file, "id", hex_json(id), "bytes",
			       (json_int_t)text->len, "signatures",
			       (json_int_t)(lines / SIGNATURE_LINES), "statement", said),
		     e);
}

void report_refusal(const struct err *refused)
{
	(void)print(json_pack("{s{ss, ss}}", "error", "name", err_name(refused->code), "message",
			      refused->text),
		    NULL);
}
