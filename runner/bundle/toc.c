/* SPDX-License-Identifier: Apache-2.0 */
/* toc.c - the signed table of contents: what the bundle holds, byte by byte. */
#include "bundle/toc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/digest.h"
#include "bundle/frame0.h"
#include "bundle/path.h"
#include "bundle/ustar.h"

enum { WHERE_MAX = 32, KEYS_MAX = 16 };

static int get_digest(struct json_place p, uint8_t ret[DIGEST_BYTES], struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	if (json_get_str(p, "b2", true, sizeof(hex), hex, e) < 0)
		return -1;
	if (!hex_decode(hex, ret, DIGEST_BYTES))
		return err_set(e, ERR_TOC, "%s/b2: expected 64 lower-case hex digits", p.where);
	return 0;
}

static int parse_file(struct json_place p, uint64_t max_bytes, struct toc_file *f,
		      char path[BUNDLE_PATH_MAX + 1], struct err *e)
{
	static const char *const keys[] = { "b2", "mode", "path", "size" };
	char mode[2] = "";

	if (json_check_keys(p, keys, countof(keys), e) < 0 || get_digest(p, f->digest, e) < 0 ||
	    json_get_str(p, "path", true, BUNDLE_PATH_MAX + 1, path, e) < 0 ||
	    json_get_str(p, "mode", false, sizeof(mode), mode, e) < 0 ||
	    json_get_uint(p, "size", true, max_bytes, &f->size, e) < 0)
		return -1;
	if (json_object_get(p.obj, "mode") && strcmp(mode, "x") != 0)
		return err_set(e, ERR_TOC, "%s/mode: expected \"x\", or no mode", p.where);
	f->executable = mode[0] != '\0';
	return path_check(path, e);
}

/* manifest.json first, the rest strictly ascending: no name can stand twice. */
static int check_order(const struct toc *t, size_t i, struct err *e)
{
	const struct toc_file *f = &t->files[i];

	if (i == 0) {
		if (strcmp(f->path, FRAME0_MANIFEST_PATH) != 0 || f->executable ||
		    f->size > MANIFEST_MAX)
			return err_set(e, ERR_TOC,
				       "/files/0: expected manifest.json, at most %u bytes",
				       MANIFEST_MAX);
	} else if (i > 1 && strcmp(t->files[i - 1].path, f->path) >= 0) {
		return err_set(e, ERR_TOC, "/files/%zu: %s does not come after %s", i, f->path,
			       t->files[i - 1].path);
	}
	return 0;
}

static int parse_files(struct toc *t, const json_t *array, size_t text_bytes,
		       const struct bundle_bounds *bounds, struct err *e)
{
	char where[WHERE_MAX], path[BUNDLE_PATH_MAX + 1];
	char *at;

	t->file_count = json_array_size(array);
	if (t->file_count == 0)
		return err_set(e, ERR_TOC, "/files: empty");
	t->files = calloc(t->file_count, sizeof(*t->files));
	t->names = at =
		malloc(text_bytes); /* every path stands in the text, with two quotes more */
	if (!t->files || !t->names)
		return err_set(e, ERR_NOMEM, "/files");
	for (size_t i = 0; i < t->file_count; i++) {
		struct toc_file *f = &t->files[i];
		size_t n;

		(void)snprintf(where, sizeof(where), "/files/%zu", i);
		if (parse_file((struct json_place){ json_array_get(array, i), where },
			       bounds->file_bytes, f, path, e) < 0)
			return -1;
		n = strlen(path) + 1;
		if (n > text_bytes - (size_t)(at - t->names))
			return err_set(e, ERR_INTERNAL, "paths are longer than their text");
		memcpy(at, path, n);
		f->path = at;
		at += n;
		if (check_order(t, i, e) < 0)
			return -1;
		t->unpacked_bytes += f->size;
		if (i > 0)
			t->stream_bytes += USTAR_BLOCK + f->size + ustar_pad(f->size);
	}
	t->stream_bytes += USTAR_EOF_BYTES;
	if (t->unpacked_bytes > bounds->unpacked_bytes)
		return err_set(e, ERR_LIMIT, "unpacks to %llu bytes, limit %llu",
			       (unsigned long long)t->unpacked_bytes,
			       (unsigned long long)bounds->unpacked_bytes);
	return 0;
}

static int check_names(const struct toc *t, struct err *e)
{
	CLEANUP(free_p) const char **paths = calloc(t->file_count, sizeof(*paths));

	if (!paths)
		return err_set(e, ERR_NOMEM, "/files");
	for (size_t i = 0; i < t->file_count; i++)
		paths[i] = t->files[i].path;
	return path_check_set(paths, t->file_count, e);
}

static int parse_frame(struct json_place p, struct toc_frame *f, uint64_t plain, struct err *e)
{
	static const char *const keys[] = { "b2", "c", "u" };
	uint64_t c = 0, u = 0;

	if (json_check_keys(p, keys, countof(keys), e) < 0 || get_digest(p, f->digest, e) < 0 ||
	    json_get_uint(p, "c", true, FRAME_PACKED_MAX, &c, e) < 0 ||
	    json_get_uint(p, "u", true, FRAME_PLAIN_MAX, &u, e) < 0)
		return -1;
	if (c == 0 || u != plain)
		return err_set(e, ERR_TOC, "%s: the files need a frame of %llu bytes here", p.where,
			       (unsigned long long)plain);
	f->packed = (uint32_t)c;
	f->plain = (uint32_t)u;
	return 0;
}

/* The files decide how many frames there are and what each holds: the list adds sizes and digests
 * only. */
static int parse_frames(struct toc *t, const json_t *array, uint64_t max_bytes, struct err *e)
{
	uint64_t left = t->stream_bytes;
	char where[WHERE_MAX];

	t->frame_count = json_array_size(array);
	if (t->frame_count != (t->stream_bytes + FRAME_PLAIN_MAX - 1) / FRAME_PLAIN_MAX)
		return err_set(e, ERR_TOC, "/frames: %zu frames cannot hold %llu bytes",
			       t->frame_count, (unsigned long long)t->stream_bytes);
	t->frames = calloc(t->frame_count, sizeof(*t->frames));
	if (!t->frames)
		return err_set(e, ERR_NOMEM, "/frames");
	for (size_t i = 0; i < t->frame_count; i++) {
		uint64_t plain = left < FRAME_PLAIN_MAX ? left : FRAME_PLAIN_MAX;

		(void)snprintf(where, sizeof(where), "/frames/%zu", i);
		if (parse_frame((struct json_place){ json_array_get(array, i), where },
				&t->frames[i], plain, e) < 0)
			return -1;
		left -= plain;
		t->packed_bytes += t->frames[i].packed;
	}
	if (t->packed_bytes > max_bytes)
		return err_set(e, ERR_LIMIT, "%llu packed bytes, limit %llu",
			       (unsigned long long)t->packed_bytes, (unsigned long long)max_bytes);
	return 0;
}

static int parse_head(struct toc *t, struct json_place p, struct err *e)
{
	char type[sizeof(TOC_TYPE)] = "";
	uint64_t expires = 0, min_host = 0;

	if (json_get_str(p, "_type", true, sizeof(type), type, e) < 0)
		return -1;
	if (strcmp(type, TOC_TYPE) != 0)
		return err_set(e, ERR_TOC, "/_type: expected \"" TOC_TYPE "\"");
	if (json_get_uint(p, "counter", true, BUNDLE_COUNTER_MAX, &t->counter, e) < 0 ||
	    json_get_uint(p, "expires", false, INT64_MAX, &expires, e) < 0 ||
	    json_get_uint(p, "min_host", false, UINT32_MAX, &min_host, e) < 0 ||
	    json_get_bool(p, "native", &t->native, e) < 0)
		return -1;
	if (json_object_get(p.obj, "native") && !t->native)
		return err_set(e, ERR_TOC, "/native: true, or absent");
	if (json_object_get(p.obj, "expires") && expires == 0)
		return err_set(e, ERR_TOC, "/expires: at least 1, or absent");
	if (min_host > TOC_HOST_LEVEL)
		return err_set(e, ERR_UNSUPPORTED,
			       "/min_host: needs a host of level %llu, this one is %u",
			       (unsigned long long)min_host, TOC_HOST_LEVEL);
	t->expires = (int64_t)expires;
	return 0;
}

/* No object of ours has more keys; printing one with thousands would sort them, and glibc's
 * qsort(3) then calls sysinfo(2), at which the loader's filter kills. Nesting is bounded already.
 */
static int check_width(const json_t *j, struct err *e)
{
	const char *key;
	const json_t *value;
	size_t i;

	if (json_object_size(j) > KEYS_MAX)
		return err_set(e, ERR_JSON_KEY, "an object of %zu keys", json_object_size(j));
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
		if (check_width(value, e) < 0)
			return -1;
	json_array_foreach(j, i, value)
		if (check_width(value, e) < 0)
			return -1;
	return 0;
}

static int check_canonical(const json_t *j, const char *text, size_t n, struct err *e)
{
	size_t len = 0;
	CLEANUP(free_p) char *again = json_print_canonical(j, &len);

	if (!again)
		return err_set(e, ERR_NOMEM, "table of contents");
	if (len + 1 != n || memcmp(again, text, len) != 0 || text[len] != '\n')
		return err_set(
			e, ERR_TOC_CANONICAL,
			"table of contents is not canonical: sorted keys, no spaces, ASCII, one newline");
	return 0;
}

static int parse_document(struct toc *t, const char *text, size_t n,
			  const struct bundle_bounds *bounds, struct err *e)
{
	static const char *const keys[] = { "_type",  "counter",  "expires", "files",
					    "frames", "min_host", "native" };
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(free_p) char *files_text = NULL;
	json_t *files = NULL, *frames = NULL;
	struct json_place top;
	size_t len = 0;

	if (json_parse(text, n, JSON_DEPTH_TOC, JSON_NODES_MAX, &j, e) < 0 ||
	    check_width(j, e) < 0 || check_canonical(j, text, n, e) < 0)
		return -1;
	top = (struct json_place){ j, "" };
	if (json_check_keys(top, keys, countof(keys), e) < 0 || parse_head(t, top, e) < 0 ||
	    json_get_array(top, "files", true, bounds->files, &files, e) < 0 ||
	    json_get_array(top, "frames", true,
			   bounds->unpacked_bytes / FRAME_PLAIN_MAX + BUNDLE_FILES_MAX, &frames,
			   e) < 0)
		return -1;
	if (parse_files(t, files, n, bounds, e) < 0 || check_names(t, e) < 0 ||
	    parse_frames(t, frames, bounds->packed_bytes, e) < 0)
		return -1;
	files_text = json_print_canonical(files, &len);
	if (!files_text)
		return err_set(e, ERR_NOMEM, "table of contents");
	digest_of(files_text, len, t->content_id);
	return 0;
}

int toc_parse_within(const char *text, size_t n, const struct bundle_bounds *bounds,
		     struct toc *ret, struct err *e)
{
	CLEANUP(toc_free_p) struct toc t = { 0 };

	if (n == 0 || n > TOC_MAX)
		return err_set(e, ERR_LIMIT, "table of contents of %zu bytes, limit %u", n,
			       TOC_MAX);
	digest_of(text, n, t.id);
	if (parse_document(&t, text, n, bounds, e) < 0)
		return err_wrap(e, "toc.json");
	*ret = t;
	t = (struct toc){ 0 };
	return 0;
}

int toc_parse(const char *text, size_t n, struct toc *ret, struct err *e)
{
	const struct bundle_bounds bounds = bundle_bounds_default();

	return toc_parse_within(text, n, &bounds, ret, e);
}

void toc_free_p(struct toc *t)
{
	free(t->files);
	free(t->frames);
	free(t->names);
	*t = (struct toc){ 0 };
}
