/* SPDX-License-Identifier: Apache-2.0 */
/* note.c - what the broker remembers of one note. */
#include "broker/note.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "broker/frontmatter.h"
#include "broker/linkname.h"
#include "broker/markdown.h"
#include "policy/policy.h"

void note_revision(const void *text, size_t n, char ret[DIGEST_HEX_BYTES])
{
	uint8_t digest[DIGEST_BYTES];

	(void)crypto_generichash(digest, sizeof(digest), text, n, NULL, 0);
	hex_encode(digest, sizeof(digest), ret);
}

/* A file's time may be any number: unsigned, so that it cannot overflow. */
static int64_t time_ns(const struct timespec *t)
{
	return (int64_t)((uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec);
}

struct note_stamp note_stamp_of(const struct stat *st)
{
	return (struct note_stamp){
		.inode = st->st_ino,
		.size = st->st_size,
		.mtime_ns = time_ns(&st->st_mtim),
		.ctime_ns = time_ns(&st->st_ctim),
	};
}

bool note_stamp_equal(const struct note_stamp *a, const struct note_stamp *b)
{
	return a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

bool note_text_is_valid(const char *text, size_t n)
{
	return n == 0 || (!memchr(text, '\0', n) && utf8_is_valid(text, n));
}

bool note_path_is_valid(const char *path)
{
	size_t n = strnlen(path, VAULT_PATH_MAX);

	if (n < 4 || n >= VAULT_PATH_MAX || strcmp(path + n - 3, ".md") != 0 || path[0] == '.' ||
	    !text_is_printable(path, n) || !relative_path_is_valid(path))
		return false;
	return !strstr(path, "/.");
}

static int fill(struct note *note, const char *text, size_t n)
{
	CLEANUP(frontmatter_free_p) struct front_matter f = { 0 };
	CLEANUP(words_free_p) struct words found = { 0 };
	struct markdown_facts facts;
	size_t head = frontmatter_length(text, n), stem_len;
	const char *stem = linkname_stem(note->path, &stem_len);

	if (frontmatter_parse(text, n, &f) < 0 || markdown_facts(text + head, n - head, &facts) < 0)
		return -1;
	found = facts.tags;
	if (f.title[0])
		note->title = strdup(f.title);
	else if (facts.title[0])
		note->title = strdup(facts.title);
	else
		note->title = strndup(stem, stem_len);
	if (!note->title)
		return -1;
	note->aliases = f.aliases;
	f.aliases = (struct words){ 0 };
	note->tags = f.tags;
	f.tags = (struct words){ 0 };
	for (size_t i = 0; i < found.count; i++)
		if (words_add(&note->tags, found.v[i], strlen(found.v[i])) < 0)
			return -1;
	return 0;
}

int note_read(const char *path, const char *text, size_t n, struct note **ret, struct err *e)
{
	struct note *note = calloc(1, sizeof(*note));

	if (!note)
		return err_set(e, ERR_NOMEM, "note");
	note->path = strdup(path);
	note_revision(text, n, note->revision);
	if (!note->path || fill(note, text, n) < 0) {
		note_free(note);
		return err_set(e, ERR_NOMEM, "note");
	}
	*ret = note;
	return 0;
}

void note_free(struct note *n)
{
	if (!n)
		return;
	free(n->path);
	free(n->title);
	words_free_p(&n->aliases);
	words_free_p(&n->tags);
	free(n);
}
