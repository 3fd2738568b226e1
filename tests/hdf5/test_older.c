/* SPDX-License-Identifier: MIT */
/* What newer versions of libhdf5 write, in the old form. */
#include <stdlib.h>

#include "hdf5/older/older.h"
#include "util.h"

#define LENGTH 8 /* bytes of a length */
#define HEAD   16

static struct out made;

static void
begin(void)
{
	static uint8_t room[1 << 20];

	memset(room, 0, sizeof(room));
	made = (struct out){ room, 0 };
}

static void
put(uint64_t number, unsigned bytes)
{
	out_number(&made, number, bytes);
}

static void
put_text(const char *text)
{
	out_bytes(&made, text, strlen(text) + 1);
}

/* All of a dataspace. */
static void
put_all(void)
{
	put(3, 4);
	put(1, 4);
	put(0, 8);
}

/* A hyperslab of version 3 with these numbers of each dimension. */
static void
put_regular(unsigned rank, unsigned bytes, const uint64_t *numbers)
{
	put(2, 4);
	put(3, 4);
	put(1, 1);
	put(bytes, 1);
	put(rank, 4);
	for (unsigned i = 0; i < 4 * rank; i++)
		put(numbers[i], bytes);
}

/* The same of version 2. */
static void
put_wide(unsigned rank, const uint64_t *numbers)
{
	put(2, 4);
	put(2, 4);
	put(1, 1);
	put(4 + 32 * rank, 4);
	put(rank, 4);
	for (unsigned i = 0; i < 4 * rank; i++)
		put(numbers[i], 8);
}

/* A collection; its objects follow, and heap_end() ends it. */
static void
heap_begin(void)
{
	begin();
	out_bytes(&made, "GCOL\1\0\0\0", 8);
	put(0, LENGTH);
}

static uint64_t
object_begin(unsigned index)
{
	put(index, 2);
	put(1, 2);
	put(0, 4);
	put(0, LENGTH);
	return made.size;
}

static void
object_end(uint64_t at)
{
	uint64_t size = htole64(made.size - at);

	memcpy(made.at + at - LENGTH, &size, LENGTH);
	made.size = align_up(made.size, 8);
}

static void
mapping_end(uint64_t at)
{
	put(lookup3(made.at + at, made.size - at), 4);
	object_end(at);
}

static void
heap_end(void)
{
	uint64_t size;

	if (made.size < 4096) {
		put(0, 8);
		put(4096 - (made.size - 8), LENGTH);
		made.size = 4096;
	}
	size = htole64(made.size);
	memcpy(made.at + 8, &size, LENGTH);
}

/* What the collection becomes, for free(). */
static uint8_t *
older(unsigned version, uint64_t *size)
{
	uint8_t *copy = malloc(made.size), *ret = NULL;
	int err;

	/* Memory of just this size, so that the sanitizer knows its end. */
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, made.at, made.size);
	err = collection_older(copy, made.size, LENGTH, version, &ret, size);
	free(copy);
	ck_assert_int_eq(err, ret ? 0 : NO_OPINION);
	return ret;
}

static void
check_none(unsigned version)
{
	uint64_t size;

	ck_assert_ptr_null(older(version, &size));
}

/* 'ret' is as the collection that was made since. */
static void
check_same(uint8_t *ret, uint64_t size)
{
	ck_assert_ptr_nonnull(ret);
	ck_assert_uint_eq(size, made.size);
	ck_assert_mem_eq(ret, made.at, made.size);
	free(ret);
}

static const uint64_t slab[] = { 1, 2, 3, 1, 0, 7, 1, 5 };

static uint64_t
mapping_begin(unsigned index, unsigned version, uint64_t sources)
{
	uint64_t at = object_begin(index);

	put(version, 1);
	put(sources, LENGTH);
	return at;
}

/* An object that is no mapping, and one with a hyperslab in either form. */
static void
two_objects(unsigned bytes)
{
	uint64_t at;

	heap_begin();
	at = object_begin(7);
	put_text("any text");
	object_end(at);
	at = mapping_begin(3, 0, 1);
	put_text("file");
	put_text("/dataset");
	put_all();
	if (bytes == 0)
		put_wide(2, slab);
	else
		put_regular(2, bytes, slab);
	mapping_end(at);
	heap_end();
}

START_TEST(test_regular)
{
	static const unsigned sizes[] = { 2, 4, 8 };
	uint64_t size;
	uint8_t *ret;

	for (unsigned i = 0; i < 3; i++) {
		two_objects(sizes[i]);
		check_none(SINCE_1_12);
		ret = older(SINCE_1_10, &size);
		ck_assert_ptr_nonnull(ret);
		/* Objects are by index then. */
		ck_assert_uint_eq(ret[HEAD], 3);
		ck_assert_ptr_nonnull(memmem(ret, size, "any text", 9));
		two_objects(0);
		check_none(SINCE_1_10);
		ck_assert_uint_eq(size, 4096);
		/* Its prefix, version, number and names, all. */
		ck_assert_mem_eq(ret + 2 * HEAD, made.at + 3 * HEAD + 16,
				 9 + 14 + 16 + 81 + 4);
		free(ret);
	}
}
END_TEST

/* Mappings with numbers that mean "no limit"; 'bytes' is 0 for version 2. */
static void
unlimited(unsigned bytes)
{
	uint64_t none = bytes ? UINT64_MAX >> (64 - 8 * bytes) : UINT64_MAX;
	uint64_t numbers[] = { 0, 1, none, none };
	uint64_t at;

	heap_begin();
	at = mapping_begin(1, 0, 1);
	put_text(".");
	put_text("part%b");
	put_all();
	if (bytes)
		put_regular(1, bytes, numbers);
	else
		put_wide(1, numbers);
	mapping_end(at);
	heap_end();
}

START_TEST(test_unlimited)
{
	static const unsigned sizes[] = { 2, 4, 8 };
	uint64_t size;
	uint8_t *ret;

	for (unsigned i = 0; i < 3; i++) {
		unlimited(sizes[i]);
		ret = older(SINCE_1_10, &size);
		unlimited(0);
		check_same(ret, size);
	}
}
END_TEST

/* A list of two blocks of two dimensions; 'bytes' is 0 for version 1. */
static void
blocks(unsigned bytes, uint64_t last)
{
	const uint64_t numbers[] = { 0, 1, 2, 3, 5, 6, 7, last };
	uint64_t at;

	heap_begin();
	at = mapping_begin(1, 0, 1);
	put_text("f");
	put_text("d");
	put(2, 4);
	put(bytes ? 3 : 1, 4);
	if (bytes) {
		put(0, 1);
		put(bytes, 1);
	} else {
		put(0, 4);
		put(8 + 2 * 2 * 2 * 4, 4);
	}
	put(2, 4);
	put(2, bytes ? bytes : 4);
	for (unsigned i = 0; i < 8; i++)
		put(numbers[i], bytes ? bytes : 4);
	put_all();
	mapping_end(at);
	heap_end();
}

START_TEST(test_blocks)
{
	static const unsigned sizes[] = { 2, 4, 8 };
	uint64_t size;
	uint8_t *ret;

	for (unsigned i = 0; i < 3; i++) {
		blocks(sizes[i], 9);
		ret = older(SINCE_1_10, &size);
		blocks(0, 9);
		check_same(ret, size);
	}
	/* The old form has no such number. */
	blocks(8, UINT64_C(1) << 32);
	check_none(SINCE_1_10);
	blocks(8, UINT32_MAX);
	ret = older(SINCE_1_10, &size);
	blocks(0, UINT32_MAX);
	check_same(ret, size);
}
END_TEST

START_TEST(test_names)
{
	uint64_t at, size;
	uint8_t *ret;

	heap_begin();
	at = mapping_begin(1, 1, 4);
	put(0, 1);
	put_text("a long name");
	put_text("of a dataset");
	put_all();
	put_all();
	put(1 | 2, 1); /* both shared with the first */
	put(0, LENGTH);
	put(0, LENGTH);
	put_all();
	put_all();
	put(4, 1); /* the same file */
	put_text("x");
	put_all();
	put_all();
	put(1 | 2, 1); /* the file of the third, the dataset of the second */
	put(2, LENGTH);
	put(1, LENGTH);
	put_all();
	put_all();
	mapping_end(at);
	heap_end();
	check_none(SINCE_2_0);
	ret = older(SINCE_1_12, &size);

	heap_begin();
	at = mapping_begin(1, 0, 4);
	for (unsigned i = 0; i < 4; i++) {
		put_text(i < 2 ? "a long name" : ".");
		put_text(i == 2 ? "x" : "of a dataset");
		put_all();
		put_all();
	}
	mapping_end(at);
	heap_end();
	check_same(ret, size);
}
END_TEST

/* The second of two sources has these flags, and this number of another. */
static void
shared(unsigned flags, uint64_t other)
{
	uint64_t at;

	heap_begin();
	at = mapping_begin(1, 1, 2);
	put(4, 1);
	put_text("x");
	put_all();
	put_all();
	put(flags, 1);
	put(other, LENGTH);
	put_text("y");
	put_all();
	put_all();
	mapping_end(at);
	heap_end();
}

START_TEST(test_shared_with_none)
{
	uint64_t size;

	shared(1, 0);
	free(older(SINCE_1_10, &size));
	ck_assert_uint_eq(size, 4096);
	shared(1, 1);
	check_none(SINCE_1_10);
	shared(1, UINT64_MAX);
	check_none(SINCE_1_10);
	shared(1 | 8, 0);
	check_none(SINCE_1_10);
}
END_TEST

/* Few bytes that would become very many. */
START_TEST(test_expands)
{
	static char name[65536];
	uint64_t at;

	memset(name, 'n', sizeof(name) - 1);
	heap_begin();
	at = mapping_begin(1, 1, 2000);
	put(0, 1);
	put_text(name);
	put_text("d");
	put_all();
	put_all();
	for (unsigned i = 1; i < 2000; i++) {
		put(1 | 2, 1);
		put(0, LENGTH);
		put(0, LENGTH);
		put_all();
		put_all();
	}
	mapping_end(at);
	heap_end();
	check_none(SINCE_1_10);
}
END_TEST

/* Other values for the byte 'i' of the mapping, whose checksum is right. */
static void
damage(uint64_t begin, uint64_t i, uint64_t size)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 0x7f, 0x80, 0xff };
	uint64_t ret_size;
	uint8_t was = made.at[begin + i];
	uint32_t sum;

	for (unsigned v = 0; v < sizeof(values); v++) {
		made.at[begin + i] = values[v];
		sum = htole32(lookup3(made.at + begin, size - 4));
		memcpy(made.at + begin + size - 4, &sum, 4);
		free(older(SINCE_1_10, &ret_size));
	}
	made.at[begin + i] = was;
}

START_TEST(test_damaged)
{
	const uint64_t begin = 2 * HEAD;
	uint64_t size, i, ret_size;

	blocks(4, 9);
	size = number_at(made.at + begin - LENGTH, LENGTH);
	/* No checksum, or a wrong one. */
	for (i = 0; i < size; i++) {
		made.at[begin + i] ^= 1;
		check_none(SINCE_1_10);
		made.at[begin + i] ^= 1;
	}
	for (i = 0; i < size - 4; i++)
		damage(begin, i, size);
	shared(1, 0);
	size = number_at(made.at + begin - LENGTH, LENGTH);
	for (i = 0; i < size - 4; i++)
		damage(begin, i, size);
	/* The collection itself. */
	two_objects(2);
	for (i = 0; i < 2 * HEAD; i++) {
		made.at[i] ^= 0x80;
		free(older(SINCE_1_10, &ret_size));
		made.at[i] ^= 0x80;
	}
	for (made.size = 0; made.size < 4096; made.size++)
		check_none(SINCE_1_10);
	made.size = 4096;
	free(older(SINCE_1_10, &ret_size));
	ck_assert_uint_eq(ret_size, 4096);
}
END_TEST

/* A mapping that ends early, with the checksum of what is there. */
START_TEST(test_cut)
{
	static uint8_t whole[256];
	uint64_t size, n, at;

	two_objects(2);
	size = number_at(made.at + 3 * HEAD + 8, LENGTH);
	ck_assert_uint_le(size, sizeof(whole));
	memcpy(whole, made.at + 4 * HEAD, size);
	for (n = 0; n < size - 4; n++) {
		heap_begin();
		at = object_begin(1);
		out_bytes(&made, whole, n);
		mapping_end(at);
		heap_end();
		check_none(SINCE_1_10);
	}
}
END_TEST

/* ---------------------------------------------------------------- headers */

/* An integer of 'version', of one byte. */
static void
put_integer(unsigned version)
{
	put(version << 4, 4);
	put(1, 4);
	put(8 << 16, 4);
}

/* An array of 2 of a compound of an enumeration: 'version' of all three. */
static void
put_nested(unsigned version)
{
	put(version << 4 | 10, 4);
	put(2, 4);
	put(1, 1);
	put(2, 4);
	put(version << 4 | 6 | 1 << 8, 4);
	put(1, 4);
	put_text("m");
	put(0, 1);
	put(version << 4 | 8 | 2 << 8, 4);
	put(1, 4);
	put_integer(1);
	put_text("no");
	put_text("yes");
	put(0x100, 2);
}

static void
message_begin(unsigned type, unsigned size, bool ordered)
{
	put(type, 1);
	put(size, 2);
	put(0, 1);
	if (ordered)
		put(7, 2);
}

#define NESTED 53 /* bytes of put_nested() */

/* A header, or a chunk behind one: a type, and an attribute of that type. */
static void
header_make(const char *signature, bool ordered, unsigned version)
{
	begin();
	out_bytes(&made, signature, 4);
	if (strcmp(signature, "OHDR") == 0) {
		unsigned prefix = ordered ? 6 : 4;

		put(2, 1);
		put(ordered ? 4 : 0, 1);
		put(2 * prefix + 2 * NESTED + 9 + 2 + 3, 1);
	}
	message_begin(MESSAGE_DATATYPE, NESTED, ordered);
	put_nested(version);
	message_begin(MESSAGE_ATTRIBUTE, 9 + 2 + NESTED, ordered);
	put(3, 2);
	put(2, 2);
	put(NESTED, 2);
	put(0, 3);
	put_text("a");
	put_nested(version);
	put(0, 3); /* a gap */
	put(lookup3(made.at, made.size), 4);
}

/* Whether it is changed, and to what it would be with this version. */
static void
check_header(const char *signature, bool ordered, unsigned version,
	     unsigned library, unsigned becomes)
{
	uint8_t old[512], *copy;

	header_make(signature, ordered, version);
	copy = malloc(made.size);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, made.at, made.size);
	ck_assert(header_older(copy, made.size, ordered, library) ==
		  (becomes != version));
	header_make(signature, ordered, becomes);
	ck_assert_uint_le(made.size, sizeof(old));
	ck_assert_mem_eq(copy, made.at, made.size);
	free(copy);
}

START_TEST(test_headers)
{
	static const char *const signatures[] = { "OHDR", "OCHK" };

	for (unsigned i = 0; i < 4; i++) {
		const char *s = signatures[i / 2];

		check_header(s, i % 2, 3, SINCE_1_10, 3);
		check_header(s, i % 2, 4, SINCE_1_10, 3);
		check_header(s, i % 2, 5, SINCE_1_10, 3);
		check_header(s, i % 2, 4, SINCE_1_12, 4);
		check_header(s, i % 2, 5, SINCE_1_12, 3);
		check_header(s, i % 2, 6, SINCE_1_10, 6);
	}
}
END_TEST

/* A type that has no old form stays as it is. */
START_TEST(test_new_types)
{
	static const unsigned classes[] = { 7, 11 };
	uint8_t copy[64];

	for (unsigned i = 0; i < 2; i++) {
		begin();
		out_bytes(&made, "OCHK", 4);
		message_begin(MESSAGE_DATATYPE, 20, false);
		put(5 << 4 | classes[i], 4);
		put(2, 4);
		put_integer(1);
		put(lookup3(made.at, made.size), 4);
		memcpy(copy, made.at, made.size);
		ck_assert(!header_older(made.at, made.size, false, SINCE_1_10));
		ck_assert_mem_eq(copy, made.at, made.size);
	}
}
END_TEST

START_TEST(test_damaged_headers)
{
	static uint8_t whole[512];
	uint8_t *copy;
	uint64_t size, i;

	header_make("OHDR", false, 4);
	size = made.size;
	memcpy(whole, made.at, size);
	for (i = 0; i < size; i++) {
		made.at[i] ^= 0x10;
		ck_assert(!header_older(made.at, size, false, SINCE_1_10));
		made.at[i] ^= 0x10;
	}
	ck_assert_mem_eq(made.at, whole, size);
	/* Any length, and any byte, with the checksum of what is there. */
	for (i = 0; i + 4 < 2 * size; i++) {
		uint64_t n = i < size ? i + 4 : size;
		uint32_t sum;

		copy = malloc(n);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, whole, n);
		if (i >= size)
			copy[i - size] ^= 0xff;
		if (n < size)
			memcpy(copy, "OCHK", 4);
		sum = htole32(lookup3(copy, n - 4));
		memcpy(copy + n - 4, &sum, 4);
		header_older(copy, n, i % 2, SINCE_1_10);
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("older");
	TCase *tc = tcase_create("older");

	tcase_add_test(tc, test_regular);
	tcase_add_test(tc, test_unlimited);
	tcase_add_test(tc, test_blocks);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_shared_with_none);
	tcase_add_test(tc, test_expands);
	tcase_add_test(tc, test_damaged);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_headers);
	tcase_add_test(tc, test_new_types);
	tcase_add_test(tc, test_damaged_headers);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
