/* SPDX-License-Identifier: Apache-2.0 */
/* skeleton.c - a body's parse as bytes, blind to wiki links and to the managed list.
 * Every event is written with a tag byte that no text run can imitate: runs carry their length. */
#include "broker/markdown.h"

#include <string.h>

#include "base/cleanup.h"

enum {
	SKELETON_BYTES_PER_BYTE =
		40, /* output of the densest markup found is 12 bytes a byte of input */
	SKELETON_SLACK = 65536,
	DEPTH_MAX = 256,
};

struct skeleton {
	const char *body;
	size_t n;
	struct buffer out;
	size_t out_max;
	size_t run_at;	   /* where the open text run's length stands; SIZE_MAX: none open */
	MD_TEXTTYPE run_type;
	int depth;	   /* open blocks; the document itself is 1 */
	size_t block_at;   /* start of the block directly below the document */
	bool in_h2;	   /* that block is a heading of level 2 */
	bool managed_seen; /* the first managed heading was dropped */
	bool list_next;	   /* the next block below the document may be its list */
	bool in_list;	   /* inside that list */
	size_t item_at;	   /* start of its item */
	bool item_is_link; /* nothing but one wiki link so far */
	int item_links;
	int wiki;	   /* open wiki links */
};

static int put(struct skeleton *s, const void *p, size_t n)
{
	return buffer_append(&s->out, p, n, s->out_max);
}

static void close_run(struct skeleton *s)
{
	s->run_at = SIZE_MAX;
}

static int put_tag(struct skeleton *s, char what, unsigned int type)
{
	uint8_t t[2] = { (uint8_t)what, (uint8_t)type };

	close_run(s);
	return put(s, t, sizeof(t));
}

static int put_attribute(struct skeleton *s, const MD_ATTRIBUTE *a)
{
	uint32_t n = a->size;

	return put(s, &n, sizeof(n)) < 0 || put(s, a->text, a->size) < 0 ? -1 : 0;
}

static int put_number(struct skeleton *s, unsigned int v)
{
	return put(s, &v, sizeof(v));
}

static int put_block_detail(struct skeleton *s, MD_BLOCKTYPE t, const void *detail)
{
	const MD_BLOCK_OL_DETAIL *ol = detail;
	const MD_BLOCK_UL_DETAIL *ul = detail;
	const MD_BLOCK_LI_DETAIL *li = detail;
	const MD_BLOCK_CODE_DETAIL *code = detail;

	switch (t) {
	case MD_BLOCK_UL:
		return put_number(s, (unsigned int)ul->is_tight << 8 | (unsigned char)ul->mark);
	case MD_BLOCK_OL:
		return put_number(s, (unsigned int)ol->is_tight << 8 |
					     (unsigned char)ol->mark_delimiter) < 0
			       ? -1
			       : put_number(s, ol->start);
	case MD_BLOCK_LI:
		return put_number(s, li->is_task ? (unsigned char)li->task_mark : 0);
	case MD_BLOCK_H:
		return put_number(s, ((const MD_BLOCK_H_DETAIL *)detail)->level);
	case MD_BLOCK_CODE:
		return put_attribute(s, &code->info);
	case MD_BLOCK_TABLE:
		return put_number(s, ((const MD_BLOCK_TABLE_DETAIL *)detail)->col_count);
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		return put_number(s, (unsigned int)((const MD_BLOCK_TD_DETAIL *)detail)->align);
	default:
		return 0;
	}
}

static int enter_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct skeleton *s = arg;

	if (++s->depth > DEPTH_MAX)
		return -1;
	if (s->depth == 2) {
		s->block_at = s->out.len;
		s->in_h2 = t == MD_BLOCK_H && ((MD_BLOCK_H_DETAIL *)detail)->level == 2;
		s->in_list = s->list_next && t == MD_BLOCK_UL;
		s->list_next = false;
	}
	if (s->in_list && s->depth == 2) {
		close_run(s);
		return 0; /* the list's own frame is ours; what a person put into it is not */
	}
	if (s->in_list && s->depth == 3) {
		s->item_at = s->out.len;
		s->item_is_link = true;
		s->item_links = 0;
	} else if (s->in_list && t != MD_BLOCK_P) {
		s->item_is_link = false;
	}
	return put_tag(s, 'B', t) < 0 ? -1 : put_block_detail(s, t, detail);
}

static int leave_block(MD_BLOCKTYPE t, void *detail, void *arg)
{
	struct skeleton *s = arg;
	int depth = s->depth--;

	(void)detail;
	if (s->in_list && depth == 2) {
		s->in_list = false;
		close_run(s);
		return 0;
	}
	if (put_tag(s, 'b', t) < 0)
		return -1;
	if (s->in_list && depth == 3 && s->item_is_link && s->item_links == 1)
		s->out.len = s->item_at;
	if (depth == 2 && s->in_h2 && s->list_next)
		s->out.len = s->block_at; /* it was the managed heading */
	return 0;
}

static int enter_span(MD_SPANTYPE t, void *detail, void *arg)
{
	struct skeleton *s = arg;
	const MD_SPAN_A_DETAIL *a = detail;
	const MD_SPAN_IMG_DETAIL *img = detail;

	if (t == MD_SPAN_WIKILINK) {
		s->wiki++;
		s->item_links++;
		return 0;
	}
	s->item_is_link = false;
	if (put_tag(s, 'S', t) < 0)
		return -1;
	if (t == MD_SPAN_A)
		return put_attribute(s, &a->href) < 0 ? -1 : put_attribute(s, &a->title);
	if (t == MD_SPAN_IMG)
		return put_attribute(s, &img->src) < 0 ? -1 : put_attribute(s, &img->title);
	return 0;
}

static int leave_span(MD_SPANTYPE t, void *detail, void *arg)
{
	struct skeleton *s = arg;

	(void)detail;
	if (t != MD_SPAN_WIKILINK)
		return put_tag(s, 's', t);
	s->wiki--;
	return 0;
}

/* Text cut in other places is the same text: pieces of one type become one run. */
static int put_run(struct skeleton *s, MD_TEXTTYPE t, const char *text, size_t n)
{
	uint64_t len = 0;

	if (s->run_at == SIZE_MAX || s->run_type != t) {
		if (put_tag(s, 'T', t) < 0)
			return -1;
		s->run_at = s->out.len;
		s->run_type = t;
		if (put(s, &len, sizeof(len)) < 0)
			return -1;
	}
	memcpy(&len, s->out.p + s->run_at, sizeof(len));
	len += n;
	memcpy(s->out.p + s->run_at, &len, sizeof(len));
	return put(s, text, n);
}

static int take_text(MD_TEXTTYPE t, const MD_CHAR *text, MD_SIZE n, void *arg)
{
	struct skeleton *s = arg;

	if (s->wiki == 0)
		s->item_is_link = false;
	if (t == MD_TEXT_HTML && s->in_h2 && s->depth == 2 && !s->managed_seen &&
	    n == strlen(MANAGED_MARKER) && markdown_is_managed_heading(s->body, s->n, text)) {
		s->managed_seen = true;
		s->list_next = true;
	}
	return put_run(s, t, text, n);
}

int markdown_skeleton(const char *body, size_t n, struct buffer *ret, struct err *e)
{
	struct skeleton s = { .body = body,
			      .n = n,
			      .run_at = SIZE_MAX,
			      .out_max = n * SKELETON_BYTES_PER_BYTE + SKELETON_SLACK };
	MD_PARSER parser = { .flags = MARKDOWN_FLAGS,
			     .enter_block = enter_block,
			     .leave_block = leave_block,
			     .enter_span = enter_span,
			     .leave_span = leave_span,
			     .text = take_text };

	if (n > MARKDOWN_MAX)
		return err_set(e, ERR_LIMIT, "a note of %zu bytes; links are written up to %u", n,
			       MARKDOWN_MAX);
	if (md_parse(body, (MD_SIZE)n, &parser, &s) != 0) {
		buffer_free_p(&s.out);
		return err_set(e, ERR_LIMIT,
			       "the note's Markdown is nested too deep, or memory is out");
	}
	*ret = s.out;
	return 0;
}
