/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - the decoded bytes, walked against the tar stream that the table of contents demands.
 */
#include "bundle/stream.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

enum part { PART_HEADER, PART_BODY, PART_PADDING };

/* "MZ", and the offset of the PE header, which Windows follows, lies inside the file. Text never
 * looks so: its bytes would make an offset beyond the largest file. */
static bool is_pe(const uint8_t *start, size_t n, uint64_t size)
{
	struct reader r = { .p = start, .left = n };
	const uint8_t *magic = reader_bytes(&r, 2);

	(void)reader_bytes(&r, 58);
	return reader_u32le(&r) < size && !r.bad && memcmp(magic, "MZ", 2) == 0;
}

const char *stream_native_format(const uint8_t *start, size_t n, uint64_t size)
{
	static const struct {
		const char *name;
		uint8_t magic[4];
		size_t n;
	} formats[] = {
		{ "an ELF executable", { 0x7f, 'E', 'L', 'F' }, 4 },
		{ "a script with an interpreter (#!)", { '#', '!' }, 2 },
		{ "a Mach-O executable", { 0xfe, 0xed, 0xfa, 0xce }, 4 },
		{ "a Mach-O executable", { 0xfe, 0xed, 0xfa, 0xcf }, 4 },
		{ "a Mach-O executable", { 0xce, 0xfa, 0xed, 0xfe }, 4 },
		{ "a Mach-O executable", { 0xcf, 0xfa, 0xed, 0xfe }, 4 },
		{ "a Mach-O executable", { 0xca, 0xfe, 0xba, 0xbe }, 4 },
		{ "a Mach-O executable", { 0xbe, 0xba, 0xfe, 0xca }, 4 },
		{ "a Mach-O executable", { 0xca, 0xfe, 0xba, 0xbf }, 4 },
		{ "a Mach-O executable", { 0xbf, 0xba, 0xfe, 0xca }, 4 },
	};

	for (size_t i = 0; i < countof(formats); i++)
		if (n >= formats[i].n && memcmp(start, formats[i].magic, formats[i].n) == 0)
			return formats[i].name;
	return is_pe(start, n, size) ? "a PE executable" : NULL;
}

static void enter_file(struct stream *s, size_t file)
{
	s->file = file;
	s->part = PART_HEADER;
	s->at = 0;
	s->size = USTAR_EOF_BYTES;
	if (file >= s->toc->file_count) {
		s->part = PART_PADDING;
		return;
	}
	s->size = USTAR_BLOCK;
	ustar_make(s->header, s->toc->files[file].path, s->toc->files[file].size,
		   s->toc->files[file].executable);
}

void stream_start(struct stream *s, const struct toc *t, const struct stream_sink *sink,
		  bool native_ok)
{
	*s = (struct stream){ .toc = t, .sink = sink, .native_ok = native_ok };
	enter_file(s, 1); /* the manifest has come with the first frame */
}

static const char *file_name(const struct stream *s)
{
	return s->file < s->toc->file_count ? s->toc->files[s->file].path : "end of archive";
}

static int end_file(struct stream *s, struct err *e)
{
	const struct toc_file *f = &s->toc->files[s->file];
	uint8_t got[DIGEST_BYTES];

	digest_end(&s->digest, got);
	if (!digest_equal(got, f->digest))
		return err_set(e, ERR_FILE_DIGEST, "%s: its bytes are not the signed ones",
			       f->path);
	return s->sink->end ? s->sink->end(s->sink->arg, e) : 0;
}

/* Moves on when a part is full; empty bodies and paddings are passed at once. */
static int next_part(struct stream *s, struct err *e)
{
	while (s->at == s->size && s->file < s->toc->file_count) {
		const struct toc_file *f = &s->toc->files[s->file];

		s->at = 0;
		if (s->part == PART_HEADER) {
			s->part = PART_BODY;
			s->size = f->size;
			digest_start(&s->digest);
			if (s->sink->begin && s->sink->begin(s->sink->arg, f, e) < 0)
				return -1;
		} else if (s->part == PART_BODY) {
			if (end_file(s, e) < 0)
				return -1;
			s->part = PART_PADDING;
			s->size = ustar_pad(f->size);
		} else {
			enter_file(s, s->file + 1);
		}
	}
	return 0;
}

static int check_native(struct stream *s, const uint8_t *p, size_t n, struct err *e)
{
	size_t at = (size_t)s->at, part = sizeof(s->start) - at < n ? sizeof(s->start) - at : n;
	const char *format;

	memcpy(s->start + at, p, part);
	format = stream_native_format(s->start, at + part, s->size);
	if (format && !s->native_ok)
		return err_set(e, ERR_NATIVE, "%s is %s, and the contents do not say native",
			       file_name(s), format);
	return 0;
}

static int take_body(struct stream *s, const uint8_t *p, size_t n, struct err *e)
{
	if (s->at < sizeof(s->start) && check_native(s, p, n, e) < 0)
		return -1;
	digest_add(&s->digest, p, n);
	return s->sink->bytes ? s->sink->bytes(s->sink->arg, p, n, e) : 0;
}

static int take_zeros(const struct stream *s, const uint8_t *p, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return err_set(e, ERR_STREAM, "%s: padding is not zero", file_name(s));
	return 0;
}

static int take(struct stream *s, const uint8_t *p, size_t n, struct err *e)
{
	switch (s->part) {
	case PART_HEADER:
		if (memcmp(s->header + s->at, p, n) != 0)
			return err_set(e, ERR_STREAM,
				       "%s: its tar header is not the one the contents demand",
				       file_name(s));
		return 0;
	case PART_BODY:
		return take_body(s, p, n, e);
	default:
		return take_zeros(s, p, n, e);
	}
}

int stream_feed(struct stream *s, const uint8_t *p, size_t n, struct err *e)
{
	while (n > 0) {
		uint64_t room = s->size - s->at;
		size_t part = n < room ? n : (size_t)room;

		if (part == 0)
			return err_set(e, ERR_STREAM, "bytes after the end of the archive");
		if (take(s, p, part, e) < 0)
			return -1;
		s->at += part;
		p += part;
		n -= part;
		if (next_part(s, e) < 0)
			return -1;
	}
	return 0;
}

int stream_finish(const struct stream *s, struct err *e)
{
	if (s->file != s->toc->file_count || s->at != s->size)
		return err_set(e, ERR_STREAM, "the archive ends inside %s", file_name(s));
	return 0;
}
