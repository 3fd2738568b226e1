/* SPDX-License-Identifier: MIT */
/* The HDF5 view: its structures and its place. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"
#include "view_util.h"
#include "view/view.h"

static const uint64_t three[] = { 3 };

static void
setup(void)
{
	test_root();
}

/* ------------------------------------------------------------- a reader */

/* A pointer to what an address leads to. */
static const uint8_t *
at(const struct segment *s, uint64_t address)
{
	ck_assert_uint_lt(address + 512, s->size);
	return s->bytes + address + 512;
}

static uint64_t
number(const uint8_t *p, size_t size)
{
	uint64_t n = 0;

	memcpy(&n, p, size);
	return n;
}

static const uint8_t *
root(const struct segment *s)
{
	ck_assert_mem_eq(s->bytes + 512, "\x89HDF\r\n\x1a\n\2\10\10\0", 12);
	ck_assert_uint_eq(number(s->bytes + 524, 8), 512);
	ck_assert_uint_eq(number(s->bytes + 532, 8), view_of(s) - 512);
	ck_assert_uint_eq(number(s->bytes + 540, 8), s->size);
	return at(s, number(s->bytes + 548, 8));
}

/* Message number 'n' of that type, or NULL; 'size' is that of its data. */
static const uint8_t *
message(const uint8_t *header, unsigned type, unsigned n, uint64_t *size)
{
	uint64_t count = number(header + 2, 2);
	const uint8_t *p = header + 16;

	ck_assert_uint_eq(number(header, 2), 1);
	for (; count > 0; count--, p += 8 + number(p + 2, 2)) {
		if (number(p, 2) != type || n-- > 0)
			continue;
		*size = number(p + 2, 2);
		return p + 8;
	}
	return NULL;
}

/* The attribute's message, or NULL. */
static const uint8_t *
attribute(const uint8_t *header, const char *name)
{
	const uint8_t *m;
	uint64_t size;
	unsigned i;

	for (i = 0; (m = message(header, 0x0c, i, &size)); i++)
		if (strcmp((const char *)m + 8, name) == 0)
			return m;
	return NULL;
}

struct found {
	unsigned entries;
	const char *last; /* name */
	const char *name; /* to look for */
	const uint8_t *entry;
};

/* Walk a tree of a group: names ascend, and keys are those of their leaves. */
static void
walk(const struct segment *s, const uint8_t *tree, const char *names,
     struct found *f)
{
	uint64_t used = number(tree + 6, 2), i, k, count;
	const uint8_t *child, *entry;
	const char *name;

	ck_assert_mem_eq(tree, "TREE", 4);
	ck_assert_uint_le(used, 8);
	ck_assert_str_eq(names + number(tree + 24, 8), f->last);
	for (i = 0; i < used; i++) {
		child = at(s, number(tree + 32 + 16 * i, 8));
		if (tree[5] > 0) {
			ck_assert_uint_eq(child[5], tree[5] - 1);
			walk(s, child, names, f);
		} else {
			ck_assert_mem_eq(child, "SNOD\1", 5);
			count = number(child + 6, 2);
			ck_assert_uint_gt(count, 0);
			for (k = 0; k < count; k++) {
				entry = child + 8 + 40 * k;
				name = names + number(entry, 8);
				ck_assert_int_gt(strcmp(name, f->last), 0);
				f->last = name;
				f->entries++;
				if (f->name && strcmp(f->name, name) == 0)
					f->entry = entry;
			}
		}
		ck_assert_str_eq(names + number(tree + 40 + 16 * i, 8),
				 f->last);
	}
}

/* The entry of a child, and how many there are; NULL: no such name. */
static const uint8_t *
child(const struct segment *s, const uint8_t *group, const char *name,
      unsigned *count)
{
	uint64_t size;
	const uint8_t *table = message(group, 0x11, 0, &size), *heap;
	struct found f = { .last = "", .name = name };
	const char *names;

	ck_assert_ptr_nonnull(table);
	heap = at(s, number(table + 8, 8));
	ck_assert_mem_eq(heap, "HEAP", 4);
	names = (const char *)at(s, number(heap + 24, 8));
	walk(s, at(s, number(table, 8)), names, &f);
	if (count)
		*count = f.entries;
	return f.entry;
}

static const uint8_t *
object(const struct segment *s, const uint8_t *group, const char *name)
{
	const uint8_t *entry = child(s, group, name, NULL);

	ck_assert_msg(entry != NULL, "no %s", name);
	return at(s, number(entry + 8, 8));
}

/* The bytes of a list. */
static const uint8_t *
items(const struct segment *s, const uint8_t *list, uint64_t *size)
{
	const uint8_t *p = at(s, number(list + 4, 8));
	uint64_t index = number(list + 12, 4);

	ck_assert_mem_eq(p, "GCOL\1", 5);
	ck_assert_uint_eq((uint64_t)(p - s->bytes) % 64, 0);
	ck_assert_uint_ge(number(p + 8, 8), 4096);
	for (p += 16; number(p, 2) != index;)
		p += 16 + align_up(number(p + 8, 8), 8);
	*size = number(p + 8, 8);
	return p + 16;
}

/* ------------------------------------------------------------------ tests */

START_TEST(without_a_view_nothing_is_new)
{
	struct cute_shm_builder *b = view_begin("p", CUTE_SHM_NO_VIEW);
	const struct format_header *h;
	static const uint8_t zeros[512];
	struct segment s;

	view_describe(b);
	s = view_finish(b);
	h = segment_header(&s);
	ck_assert_str_eq(h->version, "1.0");
	ck_assert_uint_eq(h->compatible, 0);
	ck_assert_uint_eq(h->view_offset + h->view_size + h->view_digest, 0);
	ck_assert_mem_eq(s.bytes + 512, zeros, sizeof(zeros));
	segment_free(&s);
}
END_TEST

START_TEST(the_view_changes_nothing_else)
{
	struct cute_shm_builder *b = view_begin("p", CUTE_SHM_NO_VIEW);
	struct segment without, with;
	const struct format_header *h;

	view_describe(b);
	without = view_finish(b);
	b = view_begin("p", 0);
	view_describe(b);
	with = view_finish(b);
	h = segment_header(&with);
	ck_assert_str_eq(h->version, "1.1");
	ck_assert_uint_eq(h->compatible, FORMAT_COMPATIBLE_VIEW);
	ck_assert_uint_eq(h->metadata_digest,
			  segment_header(&without)->metadata_digest);
	ck_assert_uint_eq(h->view_offset, align_up(without.size, 4096));
	ck_assert_uint_eq(h->view_offset + h->view_size, with.size);
	ck_assert_mem_eq(with.bytes + 1024, without.bytes + 1024,
			 without.size - 1024);
	segment_free(&without);
	segment_free(&with);
}
END_TEST

START_TEST(equal_trees_have_equal_views)
{
	struct segment s[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct cute_shm_builder *b = view_begin("p", 0);

		view_describe(b);
		s[i] = view_finish(b);
	}
	ck_assert_uint_eq(s[0].size, s[1].size);
	ck_assert_mem_eq(s[0].bytes + 512, s[1].bytes + 512, s[0].size - 512);
	segment_free(&s[0]);
	segment_free(&s[1]);
}
END_TEST

START_TEST(objects_are_where_they_should_be)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	const uint8_t *top, *m, *entry;
	struct segment s;
	uint64_t size;
	unsigned count;

	view_describe(b);
	s = view_finish(b);
	top = root(&s);
	ck_assert_ptr_null(child(&s, top, "nothing", &count));
	ck_assert_uint_eq(count, 5);
	ck_assert_ptr_null(child(&s, object(&s, top, "empty"), "a", &count));
	ck_assert_uint_eq(count, 0);
	m = message(object(&s, object(&s, top, "g"), "x"), 0x08, 0, &size);
	ck_assert_uint_eq(number(m + 2, 8) + 512,
			  segment_header(&s)->data_offset);
	ck_assert_uint_eq(number(m + 10, 8), 24);
	/* A soft link has no object, and the path of its target. */
	entry = child(&s, top, "again", NULL);
	ck_assert_uint_eq(number(entry + 8, 8), UINT64_MAX);
	ck_assert_uint_eq(number(entry + 16, 4), 2);
	m = message(top, 0x11, 0, &size);
	ck_assert_str_eq((const char *)at(&s, number(m + 8, 8)) + 32 +
				 number(entry + 24, 4),
			 "/g/x");
	m = message(object(&s, top, "none"), 0x01, 0, &size);
	ck_assert_mem_eq(m, "\2\0\0\2", 4);
	segment_free(&s);
}
END_TEST

START_TEST(libhdf5_is_kept_from_writing)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	struct segment s = view_finish(b);
	const uint8_t *extension = s.bytes + view_of(&s);
	uint64_t size;
	const uint8_t *guard = message(extension, 0xcc, 0, &size);

	ck_assert_ptr_nonnull(guard);
	ck_assert_mem_eq(guard, "cute-shm", 8);
	ck_assert_uint_eq(guard[-4], 8);
	segment_free(&s);
}
END_TEST

START_TEST(lists_have_their_items)
{
	static const uint64_t offsets[] = { 0, 70000, 70000, 70003 };
	char *text = malloc(70003);
	struct cute_shm_builder *b = view_begin("p", 0);
	const uint8_t *top, *lists, *item, *m;
	struct segment s;
	uint64_t size;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 70000);
	memcpy(text + 70000, "end", 3);
	ck_ok(cute_shm_builder_ragged(b, "t", "*|S1", 1, three, 70003, offsets,
				      text));
	ck_ok(cute_shm_builder_attr_text(b, "t", "a", "short"));
	s = view_finish(b);
	top = root(&s);
	m = message(object(&s, top, "t"), 0x08, 0, &size);
	ck_assert_uint_eq(number(m + 10, 8), 48);
	lists = at(&s, number(m + 2, 8));
	ck_assert_uint_eq(number(lists, 4), 70000);
	item = items(&s, lists, &size);
	ck_assert_uint_eq(size, 70000);
	ck_assert_mem_eq(item, text, 70000);
	ck_assert_mem_eq(lists + 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	item = items(&s, lists + 32, &size);
	ck_assert_uint_eq(size, 3);
	ck_assert_mem_eq(item, "end", 3);
	m = attribute(object(&s, top, "t"), "a");
	item = items(&s, m + 8 + 8 + 24 + 8, &size);
	ck_assert_uint_eq(size, 5);
	ck_assert_mem_eq(item, "short", 5);
	segment_free(&s);
	free(text);
}
END_TEST

/* Around the limits of leaves and nodes of a tree. */
static const unsigned sizes[] = { 0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513 };

START_TEST(groups_of_many_children)
{
	unsigned n = sizes[_i], i, count;
	struct cute_shm_builder *b = view_begin("p", 0);
	const uint8_t *top, *m;
	uint64_t size, value;
	struct segment s;
	char name[32];

	/* Not in the order of their names. */
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u", n - i);
		ck_ok(cute_shm_builder_array(b, name, "<u4", 0, NULL, NULL));
	}
	ck_ok(cute_shm_builder_reserve(b));
	for (i = 0; i < n; i++) {
		uint32_t number_of = n - i;

		snprintf(name, sizeof(name), "n%u", n - i);
		ck_ok(cute_shm_builder_write(b, name, 0, &number_of,
					     sizeof(number_of)));
	}
	s = view_finish(b);
	top = root(&s);
	for (i = 0; i < n; i += 1 + n / 20) {
		snprintf(name, sizeof(name), "n%u", n - i);
		m = message(object(&s, top, name), 0x08, 0, &size);
		value = number(at(&s, number(m + 2, 8)), 4);
		ck_assert_uint_eq(value, n - i);
	}
	ck_assert_ptr_null(child(&s, top, "n0", &count));
	ck_assert_uint_eq(count, n);
	segment_free(&s);
}
END_TEST

START_TEST(room_is_exact_without_lists)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	static const uint64_t shape[] = { 2, 1, 3 };
	static const double numbers[6];
	uint64_t reserved;
	struct segment s;
	char name[32];
	unsigned i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "g%u/a%u", i % 7, i);
		ck_ok(cute_shm_builder_array(b, name, "<f8", 3, shape,
					     numbers));
		ck_ok(cute_shm_builder_attr(b, name, "scale", "<f4", 0, NULL,
					    numbers));
	}
	ck_ok(cute_shm_builder_array(b, "t", "<M8[ns]", 1, three, numbers));
	ck_ok(cute_shm_builder_array(b, "c", "<c16", 1, three, numbers));
	ck_ok(cute_shm_builder_array(b, "b", "|b1", 1, three, numbers));
	ck_ok(cute_shm_builder_array(b, "v", "|V5", 1, three, numbers));
	ck_ok(cute_shm_builder_array(b, "n", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_link(b, "g1/link", "t"));
	ck_ok(cute_shm_builder_reserve(b));
	reserved = b->header.segment_size;
	s = view_finish(b);
	ck_assert_uint_eq(reserved, s.size);
	segment_free(&s);
}
END_TEST

START_TEST(room_suffices_with_lists)
{
	uint64_t lengths = (uint64_t)_i, total, reserved, offsets[1001];
	struct cute_shm_builder *b = view_begin("p", 0);
	static const uint64_t shape[] = { 1000 };
	struct segment s;
	uint64_t i;
	void *values;

	offsets[0] = 0;
	for (i = 0; i < 1000; i++)
		offsets[i + 1] = offsets[i] + (lengths == 7 ? i % 2 * 66000
							    : i * lengths % 97);
	total = offsets[1000];
	values = calloc(1, total + 1);
	ck_assert_ptr_nonnull(values);
	ck_ok(cute_shm_builder_ragged(b, "r", "*|u1", 1, shape, total, offsets,
				      values));
	ck_ok(cute_shm_builder_attr_text(b, "r", "t", "text"));
	ck_ok(cute_shm_builder_reserve(b));
	reserved = b->header.segment_size;
	s = view_finish(b);
	ck_assert_uint_ge(reserved, s.size);
	ck_assert_uint_le(reserved - s.size, 32768 + s.size / 8);
	segment_free(&s);
	free(values);
}
END_TEST

/* 39 bytes for each of 2 million empty lists are over 64 MiB. */
START_TEST(large_lists_are_not_copied)
{
	static const uint64_t shape[] = { 2000000 };
	uint64_t *offsets = calloc(shape[0] + 1, sizeof(*offsets));
	struct cute_shm_builder *b = view_begin("p", 0);
	const uint8_t *top, *group, *m;
	struct segment s;
	uint64_t size;

	ck_assert_ptr_nonnull(offsets);
	offsets[shape[0]] = 3;
	ck_ok(cute_shm_builder_ragged(b, "r", "*<i2", 1, shape, 3, offsets,
				      "ababab"));
	ck_ok(cute_shm_builder_attr_text(b, "r", "unit", "m"));
	s = view_finish(b);
	ck_assert_uint_lt(segment_header(&s)->view_size, 8192);
	top = root(&s);
	group = object(&s, top, "r");
	ck_assert_ptr_nonnull(attribute(group, "unit"));
	m = message(object(&s, group, "offsets"), 0x08, 0, &size);
	ck_assert_uint_eq(number(m + 2, 8) + 512,
			  segment_header(&s)->data_offset);
	ck_assert_uint_eq(number(m + 10, 8), 8 * (shape[0] + 1));
	m = message(object(&s, group, "values"), 0x08, 0, &size);
	ck_assert_uint_eq(number(m + 10, 8), 6);
	ck_assert_mem_eq(at(&s, number(m + 2, 8)), "ababab", 6);
	segment_free(&s);
	free(offsets);
}
END_TEST

#define TEXTS 100000

/* Texts of 0 to 40 bytes, and lists, written by so many threads. */
static struct segment
build_texts(unsigned jobs)
{
	static uint64_t offsets[TEXTS + 1], thirds[TEXTS + 1];
	static char values[TEXTS * 40];
	const uint64_t shape[] = { TEXTS };
	struct cute_shm_builder *b = view_begin("p", 0);
	uint64_t i;

	for (i = 0; i < TEXTS; i++)
		offsets[i + 1] = offsets[i] + i * 7919 % 41;
	for (i = 0; i < offsets[TEXTS]; i++)
		values[i] = (char)('a' + i % 23);
	b->jobs = jobs;
	ck_ok(cute_shm_builder_ragged(b, "g/texts", "*|S1", 1, shape,
				      offsets[TEXTS], offsets, values));
	for (i = 0; i <= TEXTS; i++)
		thirds[i] = i / 3;
	ck_ok(cute_shm_builder_ragged(b, "lists", "*<i2", 1, shape,
				      thirds[TEXTS], thirds, values));
	return view_finish(b);
}

START_TEST(threads_write_the_same)
{
	struct segment one = build_texts(1), two = build_texts(2);

	/* Items of fewer bytes are not given to a thread. */
	ck_assert_uint_gt(segment_header(&one)->view_size, 4 << 20);
	ck_assert_uint_eq(one.size, two.size);
	ck_assert_mem_eq(one.bytes + 512, two.bytes + 512, one.size - 512);
	segment_free(&one);
	segment_free(&two);
}
END_TEST

/* An enum of 'n' members, of the names 1, 2 and so on. */
static struct segment
build_enum(uint64_t n, const char *first)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	uint64_t *offsets = calloc(n + 1, sizeof(*offsets)), i;
	uint32_t *values = calloc(n, sizeof(*values));
	char *names = malloc(16 * n + 64);
	static const uint32_t data[3];
	struct segment s;

	ck_assert(offsets && values && names);
	for (i = 0; i < n; i++) {
		values[i] = (uint32_t)i;
		if (i == 0)
			strcpy(names, first);
		else
			sprintf(names + offsets[i], "%u", (unsigned)i);
		offsets[i + 1] = offsets[i] + strlen(names + offsets[i]);
	}
	ck_ok(cute_shm_builder_array(b, "e", "<u4", 1, three, data));
	ck_ok(cute_shm_builder_attr_ragged(b, "e", "cute-shm:enum-names",
					   "*|S1", 1, &n, offsets, names));
	ck_ok(cute_shm_builder_attr(b, "e", "cute-shm:enum-values", "<u4", 1,
				    &n, values));
	s = view_finish(b);
	free(offsets);
	free(values);
	free(names);
	return s;
}

START_TEST(an_enum_has_its_members)
{
	struct segment s = build_enum(3, "red");
	const uint8_t *e = object(&s, root(&s), "e"), *m;
	uint64_t size;

	m = message(e, 0x03, 0, &size);
	ck_assert_uint_eq(m[0], 0x18);
	ck_assert_uint_eq(number(m + 1, 3), 3);
	ck_assert_uint_eq(number(m + 4, 4), 4);
	ck_assert_str_eq((const char *)m + 20, "red");
	ck_assert_str_eq((const char *)m + 28, "1");
	ck_assert_uint_eq(number(m + 44 + 4, 4), 1);
	ck_assert_ptr_null(attribute(e, "cute-shm:enum-names"));
	ck_assert_ptr_null(attribute(e, "cute-shm:omitted"));
	segment_free(&s);
}
END_TEST

START_TEST(an_enum_without_a_form_is_integers)
{
	struct segment s = build_enum(_i ? 20000 : 2, _i ? "red" : "");
	const uint8_t *e = object(&s, root(&s), "e"), *m;
	uint64_t size;

	m = message(e, 0x03, 0, &size);
	ck_assert_uint_eq(m[0], 0x10);
	m = attribute(e, "cute-shm:enum-names");
	ck_assert((m == NULL) == (_i == 1));
	ck_assert((attribute(e, "cute-shm:omitted") == NULL) == (_i == 0));
	segment_free(&s);
}
END_TEST

START_TEST(omitted_attributes_are_named)
{
	struct cute_shm_builder *b = view_begin("p", 0);
	static const uint8_t large[70000];
	static const uint64_t shape[] = { sizeof(large) };
	const uint8_t *top, *m, *item;
	struct segment s;
	uint64_t size;

	ck_ok(cute_shm_builder_attr_text(b, "", "kept", "text"));
	ck_ok(cute_shm_builder_attr(b, "", "large", "|u1", 1, shape, large));
	ck_ok(cute_shm_builder_attr_text(b, "", "_Netcdf4Dimid", "1"));
	s = view_finish(b);
	top = root(&s);
	ck_assert_ptr_nonnull(attribute(top, "kept"));
	ck_assert_ptr_null(attribute(top, "large"));
	ck_assert_ptr_null(attribute(top, "_Netcdf4Dimid"));
	m = attribute(top, "cute-shm:omitted");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(number(m + 8 + 24 + 24 + 8, 8), 2);
	item = items(&s, m + 8 + 24 + 24 + 16, &size);
	ck_assert_uint_eq(size, 5);
	ck_assert_mem_eq(item, "large", 5);
	segment_free(&s);
}
END_TEST

START_TEST(updates_leave_the_view_alone)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_WRITE };
	struct cute_shm_builder *b = view_begin("p", 0);
	static const double numbers[3] = { 4, 5, 6 };
	struct cute_shm_array array;
	struct segment before, after;
	struct cute_shm *shm;
	struct cute_shm_info info;
	const uint8_t *m;
	uint64_t size;

	view_describe(b);
	before = view_finish(b);
	ck_ok(cute_shm_open("p", &opt, &shm));
	ck_ok(cute_shm_get(shm, "g/x", &array));
	ck_ok(cute_shm_update(&array, 0, numbers, sizeof(numbers), 0));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	after = segment_read(info.path);
	ck_assert_mem_eq(before.bytes + view_of(&before),
			 after.bytes + view_of(&before),
			 before.size - view_of(&before));
	m = message(object(&after, object(&after, root(&after), "g"), "x"),
		    0x08, 0, &size);
	ck_assert_mem_eq(at(&after, number(m + 2, 8)), numbers,
			 sizeof(numbers));
	cute_shm_close(shm);
	segment_free(&before);
	segment_free(&after);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("view");
	TCase *tc = tcase_create("view");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, without_a_view_nothing_is_new);
	tcase_add_test(tc, the_view_changes_nothing_else);
	tcase_add_test(tc, equal_trees_have_equal_views);
	tcase_add_test(tc, objects_are_where_they_should_be);
	tcase_add_test(tc, libhdf5_is_kept_from_writing);
	tcase_add_test(tc, lists_have_their_items);
	tcase_add_loop_test(tc, groups_of_many_children, 0, ELEMENTS(sizes));
	tcase_add_test(tc, room_is_exact_without_lists);
	tcase_add_loop_test(tc, room_suffices_with_lists, 0, 8);
	tcase_add_test(tc, large_lists_are_not_copied);
	tcase_add_test(tc, threads_write_the_same);
	tcase_add_test(tc, an_enum_has_its_members);
	tcase_add_loop_test(tc, an_enum_without_a_form_is_integers, 0, 2);
	tcase_add_test(tc, omitted_attributes_are_named);
	tcase_add_test(tc, updates_leave_the_view_alone);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
