/* SPDX-License-Identifier: MIT */
/*
 * make_pair OLD NEW: two projects that differ in every way in which projects
 * can, for the test of cute-shm-diff.  make_pair -o OLD NEW: two that have the
 * same, made in another order.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm.h>

#define SAME \
	"a text that is the same for a while, and then, behind what is shown, "

/* Data of arrays are read when a project is published. */

static const uint64_t two[] = { 2 }, three[] = { 3 };

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_pair: %s\n", cute_shm_errmsg());
	exit(1);
}

/* More than a block, and than what is copied to be compared. */
static void
add_large(struct cute_shm_builder *b, bool later)
{
	static int32_t last[3][200][1000], early[3][200][1000];
	static const uint64_t shape[] = { 3, 200, 1000 };

	last[2][199][999] = later ? -7 : 7;
	early[1][2][3] = later ? 9 : 8;
	early[2][199][999] = last[2][199][999];
	must(cute_shm_builder_array(b, "large/last", "<i4", 3, shape, last));
	must(cute_shm_builder_array(b, "large/early", "<i4", 3, shape, early));
	must(cute_shm_builder_array(b, "large/same", "<i4", 3, shape, NULL));
}

static void
add_values(struct cute_shm_builder *b, bool later)
{
	static const uint32_t nans[] = { 0x3f800000, 0x7fc00000 };
	static const uint32_t more_nans[] = { 0x3f800000, 0x7fc00001 };
	static const char texts[2][2][80] = {
		{ SAME "new", SAME "new" },
		{ SAME "new", SAME "old" },
	};
	static const double zeros[][3] = { { 1, 0.0, 3 }, { 1, -0.0, 3 } };

	must(cute_shm_builder_array(b, "nan/same", "<f4", 1, two, nans));
	must(cute_shm_builder_array(b, "nan/other", "<f4", 1, two,
				    later ? more_nans : nans));
	must(cute_shm_builder_array(b, "zero", "<f8", 1, three, zeros[later]));
	must(cute_shm_builder_array(b, "scalar", "|u1", 0, NULL,
				    later ? "\2" : "\1"));
	must(cute_shm_builder_array(b, "text", "|S80", 1, two, texts[later]));
	must(cute_shm_builder_array(b, "type/dtype", later ? "<f4" : "<i4", 1,
				    two, nans));
	must(cute_shm_builder_array(b, "type/shape", "<f4", later, two, nans));
	must(cute_shm_builder_array(b, "none", "null", 0, NULL, NULL));
}

static void
add_lists(struct cute_shm_builder *b, bool later)
{
	static const uint64_t offsets[] = { 0, 2, 5 }, others[] = { 0, 3, 5 };
	static const int32_t lists[] = { 1, 2, 3, 4, 5 };

	must(cute_shm_builder_ragged(b, "lists/same", "*<i4", 1, two, 5,
				     offsets, lists));
	must(cute_shm_builder_ragged(b, "lists/longer", "*<i4", 1, two, 5,
				     later ? others : offsets, lists));
	must(cute_shm_builder_ragged(b, "lists/words", "*|S1", 1, two, 5,
				     offsets, later ? "hillo" : "hiyou"));
}

static void
add_attributes(struct cute_shm_builder *b, bool later)
{
	static const uint64_t offsets[] = { 0, 2, 5 };
	const int64_t number = 30;
	const int32_t same_number = 30;
	const double origin[] = { 0, 0.5, later ? 0.25 : 1 };

	must(cute_shm_builder_attr_text(b, "", "title", "a pair"));
	must(cute_shm_builder_attr_text(b, "zero", "unit",
					later ? "mm" : "m\033"));
	must(cute_shm_builder_attr(b, "zero", "origin", "<f8", 1, three,
				   origin));
	if (later)
		must(cute_shm_builder_attr(b, "zero", "fps", "<i4", 0, NULL,
					   &same_number));
	else
		must(cute_shm_builder_attr(b, "zero", "fps", "<i8", 0, NULL,
					   &number));
	must(cute_shm_builder_attr_ragged(b, "zero", "words", "*|S1", 1, two,
					  offsets, later ? "hellq" : "hello"));
	must(cute_shm_builder_attr_text(b, "nan", later ? "added" : "lost",
					""));
}

static void
add_nodes(struct cute_shm_builder *b, bool later)
{
	must(cute_shm_builder_group(b, "kind/x"));
	must(cute_shm_builder_group(b, later ? "kind/z" : "kind/y/below/it"));
	must(cute_shm_builder_link(b, "link", later ? "zero" : "nan"));
	must(cute_shm_builder_link(b, "same-link", "zero"));
	if (later)
		must(cute_shm_builder_link(b, "turned", "zero"));
	else
		must(cute_shm_builder_array(b, "turned/into", "|u1", 0, NULL,
					    "\1"));
	must(cute_shm_builder_array(b, later ? "turned-over" : "turned.over",
				    "|u1", 0, NULL, "\1"));
}

static void
add_all(struct cute_shm_builder *b, bool later)
{
	add_large(b, later);
	add_values(b, later);
	add_lists(b, later);
	add_attributes(b, later);
	add_nodes(b, later);
}

static void
add_ordered(struct cute_shm_builder *b, bool later)
{
	const char *names[] = { "a/x", "b", "a/y" };
	int i, at;

	for (i = 0; i < 3; i++) {
		at = later ? 2 - i : i;
		must(cute_shm_builder_array(b, names[at], "|u1", 0, NULL,
					    "\7"));
	}
	for (i = 0; i < 3; i++) {
		at = later ? 2 - i : i;
		must(cute_shm_builder_attr_text(b, "b", names[at], names[at]));
	}
}

int
main(int argc, char **argv)
{
	bool ordered = argc == 4 && strcmp(argv[1], "-o") == 0;
	struct cute_shm_builder *b;
	int i;

	if (argc != 3 + ordered)
		return 64;
	for (i = 0; i < 2; i++) {
		must(cute_shm_builder_new(argv[argc - 2 + i], NULL, &b));
		(ordered ? add_ordered : add_all)(b, i == 1);
		must(cute_shm_builder_publish(b, NULL));
		cute_shm_builder_free(b);
	}
	return 0;
}
