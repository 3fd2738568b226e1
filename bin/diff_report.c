/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "node_json.h"
#include "text.h"
#include "value.h"

#define TEXT_LIMIT 60	/* bytes of a value, for people */
#define JSON_LIMIT 4096 /* bytes of an element whose value JSON has */
#define HEX_LIMIT  16	/* bytes of an element that are shown as such */

static const char *const side_key[] = { "a", "b" };

/* ---------------------------------------------------------------- verdicts */

static void
note(struct diff *d, enum diff_verdict verdict)
{
	if (verdict > d->verdict)
		d->verdict = verdict;
}

bool
diff_enough(const struct diff *d)
{
	return (d->opt.quiet && d->verdict != DIFF_SAME) || ferror(stdout);
}

void
diff_begin(struct diff *d)
{
	if (!d->opt.json)
		return;
	d->json = (struct json){ .out = stdout };
	json_open(&d->json, NULL, '{');
	json_text(&d->json, "a", d->side[0].name);
	json_text(&d->json, "b", d->side[1].name);
	json_open(&d->json, "differences", '[');
}

void
diff_end(struct diff *d)
{
	static const char *const words[] = {
		[DIFF_SAME] = "same",
		[DIFF_DIFFERS] = "differs",
		[DIFF_UNKNOWN] = "unknown",
	};

	if (!d->opt.json)
		return;
	json_close(&d->json, ']');
	json_text(&d->json, "status", words[d->verdict]);
	json_close(&d->json, '}');
}

/* One difference, up to what is special; false if that is not wanted. */
static bool
json_begin(struct diff *d, const struct diff_place *at, const char *kind)
{
	if (!d->opt.json)
		return false;
	json_open(&d->json, NULL, '{');
	json_text(&d->json, "kind", kind);
	if (at)
		json_text(&d->json, "path", at->path);
	if (at && at->attr)
		json_text(&d->json, "attribute", at->attr);
	return true;
}

static void
json_end(struct diff *d)
{
	json_close(&d->json, '}');
}

/* "/path", "/group/", "/path@attribute", and a colon. */
static void
put_place(const struct diff_place *at, bool group)
{
	text_style(stdout, TEXT_NAME);
	putchar('/');
	text_put(stdout, at->path, strlen(at->path));
	if (group && *at->path)
		putchar('/');
	if (at->attr) {
		putchar('@');
		text_put(stdout, at->attr, strlen(at->attr));
	}
	text_style(stdout, TEXT_PLAIN);
	fputs(": ", stdout);
}

/* "1.5 in old, 2 in new" */
static void
put_both(const struct diff *d, const char *const what[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		fputs(what[i], stdout);
		fputs(" in ", stdout);
		text_put(stdout, d->side[i].name, strlen(d->side[i].name));
		fputs(i == 0 ? ", " : "", stdout);
	}
}

/* ------------------------------------------------------------- differences */

void
diff_only(struct diff *d, const struct diff_place *at, enum cute_shm_kind kind,
	  int side)
{
	note(d, DIFF_DIFFERS);
	if (d->opt.quiet)
		return;
	if (json_begin(d, at, "only")) {
		if (!at->attr)
			json_text(&d->json, "node", node_json_kind(kind));
		json_text(&d->json, "in", side_key[side]);
		json_end(d);
		return;
	}
	put_place(at, kind == CUTE_SHM_GROUP);
	text_line(stdout, "only in %s", d->side[side].name);
}

void
diff_kinds(struct diff *d, const struct diff_place *at,
	   const enum cute_shm_kind kind[2])
{
	static const char *const words[] = {
		[CUTE_SHM_GROUP] = "a group",
		[CUTE_SHM_ARRAY] = "an array",
		[CUTE_SHM_LINK] = "a link",
	};
	int i;

	note(d, DIFF_DIFFERS);
	if (d->opt.quiet)
		return;
	if (json_begin(d, at, "node")) {
		for (i = 0; i < 2; i++)
			json_text(&d->json, side_key[i],
				  node_json_kind(kind[i]));
		json_end(d);
		return;
	}
	put_place(at, false);
	put_both(d, (const char *const[]){ words[kind[0]], words[kind[1]] });
	putchar('\n');
}

void
diff_targets(struct diff *d, const struct diff_place *at,
	     const char *const target[2])
{
	char *text[2];
	int i;

	note(d, DIFF_DIFFERS);
	if (d->opt.quiet)
		return;
	if (json_begin(d, at, "target")) {
		for (i = 0; i < 2; i++)
			json_text(&d->json, side_key[i], target[i]);
		json_end(d);
		return;
	}
	text[0] = text_escape(target[0], strlen(target[0]));
	text[1] = text_escape(target[1], strlen(target[1]));
	put_place(at, false);
	printf("leads to /%s in ", text[0]);
	text_put(stdout, d->side[0].name, strlen(d->side[0].name));
	printf(", to /%s in ", text[1]);
	text_line(stdout, "%s", d->side[1].name);
	free(text[0]);
	free(text[1]);
}

static char *
type_text(const struct cute_shm_array *a)
{
	char *dtype = value_dtype(a->dtype);
	char *shape = value_shape(a->dtype, a->ndim, a->shape);
	char *ret = text_format("%s %s", dtype, shape);

	free(dtype);
	free(shape);
	return ret;
}

void
diff_types(struct diff *d, const struct diff_place *at,
	   const struct cute_shm_array a[2])
{
	char *text[2];
	int i;

	note(d, DIFF_DIFFERS);
	if (d->opt.quiet)
		return;
	if (json_begin(d, at, "type")) {
		for (i = 0; i < 2; i++) {
			json_open(&d->json, side_key[i], '{');
			json_text(&d->json, "dtype", a[i].dtype);
			json_shape(&d->json, "shape", a[i].ndim, a[i].shape);
			json_close(&d->json, '}');
		}
		json_end(d);
		return;
	}
	text[0] = type_text(&a[0]);
	text[1] = type_text(&a[1]);
	put_place(at, false);
	put_both(d, (const char *const[]){ text[0], text[1] });
	putchar('\n');
	free(text[0]);
	free(text[1]);
}

/* ------------------------------------------------------------------ values */

/* Element i as a scalar. */
static struct cute_shm_array
element_of(const struct cute_shm_array *a, uint64_t i)
{
	struct cute_shm_array one = *a;

	one.ndim = 0;
	one.element_count = 1;
	if (a->offsets) {
		one.offsets = a->offsets + i;
		return one;
	}
	one.data = (const uint8_t *)a->data + i * a->item_size;
	one.data_size = a->item_size;
	return one;
}

static uint64_t
element_bytes(const struct cute_shm_array *one)
{
	const void *data;
	uint64_t n;

	if (!one->offsets)
		return one->data_size;
	return cute_shm_element(one, 0, &data, &n) == 0 ? n * one->item_size
							: 0;
}

/* Where element i is, one number per dimension. */
static void
indices(const struct cute_shm_array *a, uint64_t i,
	uint64_t ret[CUTE_SHM_MAX_NDIM])
{
	unsigned k;

	for (k = a->ndim; k-- > 0; i /= a->shape[k])
		ret[k] = i % a->shape[k];
}

static char *
value_of(const struct cute_shm_array *one)
{
	struct text_buffer b;

	text_buffer_begin(&b);
	value_text(b.out, one, TEXT_LIMIT);
	return text_buffer_end(&b);
}

/* What looks alike, as NaNs do, is told apart by its bytes. */
static void
put_bytes(const struct cute_shm_array one[2])
{
	const uint8_t *p;
	uint64_t k;
	int i;

	if (one[0].offsets || one[0].data_size > HEX_LIMIT) {
		fputs(" (not alike in what is not shown)", stdout);
		return;
	}
	fputs(" (bytes ", stdout);
	for (i = 0; i < 2; i++) {
		p = one[i].data;
		for (k = 0; k < one[i].data_size; k++)
			printf("%02x", p[k]);
		fputs(i == 0 ? ", " : ")", stdout);
	}
}

static void
put_values(const struct diff *d, const struct cute_shm_array one[2])
{
	char *text[] = { value_of(&one[0]), value_of(&one[1]) };

	put_both(d, (const char *const[]){ text[0], text[1] });
	if (strcmp(text[0], text[1]) == 0)
		put_bytes(one);
	putchar('\n');
	free(text[0]);
	free(text[1]);
}

static void
put_values_json(struct diff *d, const struct cute_shm_array one[2],
		unsigned ndim, const uint64_t *at)
{
	int i;

	json_shape(&d->json, "element", ndim, at);
	for (i = 0; i < 2; i++) {
		if (element_bytes(&one[i]) > JSON_LIMIT)
			continue;
		json_key(&d->json, side_key[i]);
		value_json(stdout, &one[i]);
	}
}

void
diff_values(struct diff *d, const struct diff_place *at,
	    const struct cute_shm_array a[2], uint64_t element)
{
	struct cute_shm_array one[2];
	uint64_t index[CUTE_SHM_MAX_NDIM] = { 0 };
	unsigned k;

	note(d, DIFF_DIFFERS);
	if (d->opt.quiet)
		return;
	indices(&a[0], element, index);
	one[0] = element_of(&a[0], element);
	one[1] = element_of(&a[1], element);
	if (json_begin(d, at, "value")) {
		put_values_json(d, one, a[0].ndim, index);
		json_end(d);
		return;
	}
	put_place(at, false);
	if (a[0].ndim > 0) {
		fputs("from [", stdout);
		for (k = 0; k < a[0].ndim; k++)
			printf("%s%" PRIu64, k ? ", " : "", index[k]);
		fputs("] on: ", stdout);
	}
	put_values(d, one);
}

void
diff_digests(struct diff *d)
{
	note(d, DIFF_DIFFERS);
}

void
diff_unknown(struct diff *d, const struct diff_place *at, const char *message)
{
	note(d, DIFF_UNKNOWN);
	if (json_begin(d, at, "unknown")) {
		json_text(&d->json, "message", message);
		json_end(d);
		return;
	}
	cli_message("%s", message);
}
