/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_broker_links.c - notes of any bytes: what is read out of them, and that an edit of their
 * links, when it is made, changes nothing else, is complete, and is not made twice. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "broker/links.h"
#include "broker/note.h"
#include "tests/fuzz/fuzz.h"

static void set(struct link_item *item, const char *name, const char *anchor)
{
	memset(item, 0, sizeof(*item));
	(void)copy_str(item->target.name, sizeof(item->target.name), name);
	(void)copy_str(item->target.path, sizeof(item->target.path), name);
	memcpy(item->target.path + strlen(name), ".md", 4);
	item->target.stem_unique = true;
	(void)copy_str(item->anchor, sizeof(item->anchor), anchor);
}

static void fill(struct link_edit *ed)
{
	set(&ed->add[0], "Alpha", "foo");
	set(&ed->add[1], "Beta", "Beta");
	set(&ed->add[2], "Gamma", "");
	set(&ed->remove[0], "Delta", "");
	ed->add_count = 3;
	ed->remove_count = 1;
}

/* Every byte of the old text that is no bracket and no line end, except the removed list's, stays.
 */
static void edit(const char *text, size_t n)
{
	CLEANUP(free_p) struct link_edit *ed = calloc(1, sizeof(*ed));
	CLEANUP(buffer_free_p) struct buffer once = { 0 };
	CLEANUP(buffer_free_p) struct buffer twice = { 0 };

	must(ed != NULL);
	fill(ed);
	if (links_apply(text, n, ed, &once, NULL) < 0)
		return;
	must(links_check_only_links(text, n, (const char *)once.p, once.len, NULL) == 0);
	must(utf8_is_valid((const char *)once.p, once.len));
	fill(ed);
	if (links_apply((const char *)once.p, once.len, ed, &twice, NULL) < 0)
		return;
	for (size_t i = 0; i < ed->remove_count; i++)
		must(ed->remove[i].outcome == LINK_ABSENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_p) char *text = malloc(size + 1);
	struct note *note;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!note_text_is_valid(text, size))
		return 0;
	if (note_read("Folder/Note.md", text, size, &note, NULL) == 0) {
		must(text_is_printable(note->title, strlen(note->title)));
		note_free(note);
	}
	edit(text, size);
	return 0;
}
