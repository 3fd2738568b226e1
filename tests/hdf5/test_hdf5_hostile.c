/* SPDX-License-Identifier: MIT */
/*
 * Files whose parts do not fit each other, made to have memory published that
 * is not of the file: datatypes, fill values, chunks shorter than they are.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hdf5/filter/filter.h"
#include "hdf5_util.h"

#define SECRET "PASSWORD"

/* ------------------------------------------------- datatypes, on their own */

/* The encoded form: two bytes, then the message as files have it. */
static uint8_t encoded[4096];
static size_t encoded_size;

static void
encode(hid_t type)
{
	encoded_size = 0;
	ck_h5(H5Tencode(type, NULL, &encoded_size));
	ck_assert_uint_le(encoded_size, sizeof(encoded));
	ck_h5(H5Tencode(type, encoded, &encoded_size));
	H5Tclose(type);
}

/* Behind a member's name, which is padded to 8 bytes: its offset. */
static size_t
offset_of(const char *member)
{
	const uint8_t *p =
		memmem(encoded, encoded_size, member, strlen(member) + 1);

	ck_assert_ptr_nonnull(p);
	return (size_t)(p - encoded) + (strlen(member) + 8) / 8 * 8;
}

static hid_t
pair(hid_t first, hid_t second)
{
	size_t size = H5Tget_size(first);
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, size + H5Tget_size(second)));

	ck_h5(H5Tinsert(t, "xx", 0, first));
	ck_h5(H5Tinsert(t, "yy", size, second));
	return t;
}

static hid_t
array_of(hid_t base, hsize_t n)
{
	return ck_h5(H5Tarray_create2(base, 1, &n));
}

static hid_t
ints(void)
{
	return pair(H5T_STD_I32LE, H5T_STD_I32LE);
}

/* The last bytes come first. */
static hid_t
turned(void)
{
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 8));

	ck_h5(H5Tinsert(t, "xx", 4, H5T_STD_I32LE));
	ck_h5(H5Tinsert(t, "yy", 0, H5T_STD_I32LE));
	return t;
}

static hid_t
nothing_wrong(void)
{
	hid_t inner = pair(H5T_IEEE_F64LE, H5T_STD_U8BE);
	hid_t e = h5_enum(H5T_STD_I16LE, "no", 0, "yes", 1);

	return pair(pair(array_of(inner, 3), H5Tvlen_create(e)),
		    h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8));
}

static hid_t
enumeration(void)
{
	return h5_enum(H5T_STD_I8LE, "a", 0, "b", 1);
}

static hid_t
list_of_pairs(void)
{
	return ck_h5(H5Tvlen_create(ints()));
}

static hid_t
array_of_arrays(void)
{
	return array_of(array_of(ints(), 2), 3);
}

static hid_t
integer(void)
{
	return H5Tcopy(H5T_STD_I32LE);
}

static hid_t
real(void)
{
	return H5Tcopy(H5T_IEEE_F32LE);
}

static hid_t
bits(void)
{
	return H5Tcopy(H5T_STD_B16LE);
}

/* A byte of the encoded form; 'member': counted from its offset. */
static const struct {
	hid_t (*make)(void);
	const char *member;
	size_t at;
	uint8_t value;
	const char *message; /* NULL: it is in order */
} types[] = {
	{ nothing_wrong, NULL, 0, 3, NULL },
	{ ints, "yy", 0, 4, NULL },
	{ ints, "yy", 0, 5, "outside its compound" },
	{ ints, "yy", 1, 1, "outside its compound" },
	{ ints, "yy", 3, 0xff, "outside its compound" },
	{ turned, "yy", 0, 0, NULL },
	{ turned, "yy", 0, 1, "overlap" },
	{ ints, NULL, 6, 7, "outside its compound" },
	{ list_of_pairs, "yy", 0, 6, "outside its compound" },
	{ array_of_arrays, "yy", 0, 6, "outside its compound" },
	{ array_of_arrays, NULL, 6, 47, "size than its items" },
	{ array_of_arrays, NULL, 6, 49, "size than its items" },
	{ enumeration, NULL, 6, 1, NULL },
	{ enumeration, NULL, 6, 200, "differ in size" },
	{ enumeration, NULL, 6, 0, "differ in size" },
	{ integer, NULL, 6, 3, "bits outside" },
	{ integer, NULL, 10, 1, "bits outside" },
	{ integer, NULL, 12, 0, "bits outside" },
	{ bits, NULL, 12, 17, "bits outside" },
	{ real, NULL, 4, 32, "bits outside" }, /* the sign */
	{ real, NULL, 14, 25, "bits outside" },
	{ real, NULL, 15, 10, "bits outside" },
	{ real, NULL, 17, 33, "bits outside" },
};

START_TEST(datatype)
{
	hid_t t;
	size_t at = types[_i].at;

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	encode(types[_i].make());
	if (types[_i].member)
		at += offset_of(types[_i].member);
	ck_assert_uint_lt(at, encoded_size);
	if (types[_i].message || types[_i].member)
		encoded[at] = types[_i].value;
	t = H5Tdecode(encoded);
	/* libhdf5 1.14 refuses some by itself. */
	if (t < 0 && types[_i].message)
		return;
	ck_h5(t);
	if (types[_i].message) {
		ck_err(type_check(t), CUTE_SHM_ERR_SOURCE);
		ck_errmsg_has(types[_i].message);
	} else {
		ck_ok(type_check(t));
	}
	H5Tclose(t);
}
END_TEST

/* -------------------------------------------------- in files, by the byte */

static uint8_t *image;
static size_t image_size;

static void
read_image(void)
{
	struct stat st;
	int fd = open(h5_path("t.h5"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(fstat(fd, &st), 0);
	image_size = (size_t)st.st_size;
	image = malloc(image_size);
	ck_assert_int_eq(read(fd, image, image_size), (ssize_t)image_size);
	close(fd);
}

static void
write_image(void)
{
	int fd = open(h5_path("t.h5"), O_WRONLY | O_TRUNC | O_CLOEXEC);

	ck_assert_int_eq(write(fd, image, image_size), (ssize_t)image_size);
	close(fd);
}

/* Where these bytes are in the image, once. */
static uint8_t *
find(const void *bytes, size_t size)
{
	uint8_t *p = memmem(image, image_size, bytes, size);

	ck_assert_ptr_nonnull(p);
	return p;
}

/* What a program may have in its memory, and does not mean to publish. */
static char *
secret_new(size_t mebibytes)
{
	size_t size = mebibytes << 20;
	char *secret = malloc(size);

	ck_assert_ptr_nonnull(secret);
	for (size_t i = 0; i < size; i += sizeof(SECRET) - 1)
		memcpy(secret + i, SECRET, sizeof(SECRET) - 1);
	return secret;
}

static void
ck_no_secret(void)
{
	int fd = open(test_path(getenv("CUTE_SHM_ROOT"), "cute-shm.t"),
		      O_RDONLY | O_CLOEXEC);
	static const char twice[] = SECRET SECRET;
	struct stat st;
	char *all;

	ck_assert_int_eq(fstat(fd, &st), 0);
	all = malloc((size_t)st.st_size);
	ck_assert_int_eq(read(fd, all, (size_t)st.st_size), st.st_size);
	close(fd);
	/* Four bytes of it that follow each other, wherever they begin. */
	for (size_t i = 0; i < sizeof(SECRET) - 1; i++)
		ck_assert_ptr_null(
			memmem(all, (size_t)st.st_size, twice + i, 4));
	free(all);
}

/* True if there is a project of it, which is sound and has no secret. */
static bool
load(void)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;
	int err = cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL);

	if (err != 0) {
		ck_assert_msg(err == CUTE_SHM_ERR_SOURCE ||
				      err == CUTE_SHM_ERR_INVALID ||
				      err == CUTE_SHM_ERR_LIMIT ||
				      err == CUTE_SHM_ERR_NO_SPACE,
			      "%d: %s", err, cute_shm_errmsg());
		ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
		return false;
	}
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	ck_no_secret();
	ck_ok(cute_shm_unlink("t", NULL, NULL));
	return true;
}

#define COUNT 3000

/* Contiguous; in chunks; in chunks with a filter. */
static hid_t
layout(unsigned i)
{
	const hsize_t chunk[] = { COUNT / 3 };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	if (i > 0)
		ck_h5(H5Pset_chunk(dcpl, 1, chunk));
	if (i > 1)
		ck_h5(H5Pset_deflate(dcpl, 1));
	return dcpl;
}

/* Without lists, so that the fast strategies have a part in it. */
static hid_t
fixed_record(void)
{
	hid_t e = h5_enum(H5T_STD_I16LE, "no", 0, "yes", 1);

	return pair(pair(H5T_STD_I32LE, array_of(e, 2)),
		    pair(H5T_IEEE_F64LE,
			 h5_string(5, H5T_STR_NULLTERM, H5T_CSET_ASCII)));
}

static hid_t
list_record(void)
{
	return pair(H5T_STD_I32LE, ck_h5(H5Tvlen_create(ints())));
}

/* Each byte of the datatype's message in turn. */
START_TEST(each_byte)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0xff, 8, 0x80, 2 };
	const hsize_t count[] = { COUNT }, one[] = { 1 };
	hid_t (*const make[])(void) = { fixed_record, fixed_record,
					fixed_record, list_record,
					array_of_arrays };
	hid_t type = make[_i](), file = h5_begin(), root;
	uint8_t *message, *data = calloc(COUNT, H5Tget_size(type));
	char *secret;
	unsigned loaded = 0, refused = 0;

	h5_put_with(file, "d", type, 1, count, layout((unsigned)_i % 3), data);
	root = ck_h5(H5Gopen2(file, "/", H5P_DEFAULT));
	h5_attr(root, "a", type, 1, one, data);
	H5Gclose(root);
	encode(type);
	ck_h5(H5Fclose(file));
	free(data);
	read_image();
	message = find(encoded + 2, encoded_size - 2);
	secret = secret_new(4);
	ck_assert(load());
	for (size_t i = 0; i < encoded_size - 2; i++) {
		uint8_t was = message[i];

		message[i] = values[i % ELEMENTS(values)];
		write_image();
		if (load())
			loaded++;
		else
			refused++;
		message[i] = was;
	}
	ck_assert_uint_gt(refused, 10);
	ck_assert_uint_gt(loaded, 10);
	free(secret);
	free(image);
}
END_TEST

/* So far outside that a program's own memory is there. */
START_TEST(far_away)
{
	enum {
		MANY = 50000
	};
	const hsize_t count[] = { MANY };
	hid_t type = ints(), file = h5_begin();
	uint8_t *data = calloc(MANY, H5Tget_size(type)), *message;
	char *secret;

	h5_put_with(file, "d", type, 1, count, layout((unsigned)_i), data);
	encode(type);
	ck_h5(H5Fclose(file));
	free(data);
	read_image();
	message = find(encoded + 2, encoded_size - 2);
	/* 8 MiB */
	message[offset_of("yy") - 2 + 2] = 0x80;
	write_image();
	secret = secret_new(64);
	ck_assert(!load());
	ck_errmsg_has("outside its"); /* parent, says libhdf5 1.14 */
	free(secret);
	free(image);
}
END_TEST

/* ----------------------------------------------------------- fill values */

#define LONG_TEXT 60000

static void
put_filled(hid_t file, hid_t dcpl)
{
	static char fill[LONG_TEXT] = "this is a fill value, or its beginning";
	const hsize_t count[] = { 6 };
	hid_t type = h5_string(LONG_TEXT, H5T_STR_NULLPAD, H5T_CSET_ASCII);

	ck_h5(H5Pset_fill_value(dcpl, type, fill));
	h5_put_with(file, "d", type, 1, count, dcpl, NULL);
	H5Tclose(type);
}

START_TEST(fill_value)
{
	static const char begin[] = "this is a fill value";
	const hsize_t chunk[] = { 2 };
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	uint32_t size = LONG_TEXT;
	char *secret;
	uint8_t *p;

	if (_i > 0)
		ck_h5(H5Pset_chunk(dcpl, 1, chunk));
	if (_i > 1)
		ck_h5(H5Pset_deflate(dcpl, 1));
	put_filled(file, dcpl);
	ck_h5(H5Fclose(file));
	read_image();
	ck_assert(load());
	/* Its size is before it, here and in a message of an older form. */
	for (p = image; (p = memmem(p, (size_t)(image + image_size - p), begin,
				    sizeof(begin) - 1));
	     p++) {
		ck_assert_int_eq(memcmp(p - 4, &size, 4), 0);
		memcpy(p - 4, "\x18\0\0", 4);
	}
	write_image();
	secret = secret_new(4);
	ck_assert(!load());
	ck_errmsg_has("its fill value has 24 bytes instead of 60000");
	free(secret);
	free(image);
}
END_TEST

/* ---------------------------------------------------------------- chunks */

/* A chunk's record in the index: its bytes, no filter skipped, at (0). */
START_TEST(short_chunk)
{
	/* One that is read at once, and one for the threads. */
	const hsize_t count[] = { _i % 2 ? 20000 : 1000 }, chunk[] = { 1000 };
	static int32_t data[20000];
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	uint8_t record[24] = { 4000 & 0xff, 4000 >> 8 };
	char *secret;

	for (size_t i = 0; i < ELEMENTS(data); i++)
		data[i] = 1;
	ck_h5(H5Pset_chunk(dcpl, 1, chunk));
	h5_put_with(file, "d", H5T_STD_I32LE, 1, count, dcpl, data);
	ck_h5(H5Fclose(file));
	read_image();
	memcpy(find(record, sizeof(record)), "\x08\0\0\0", 4);
	write_image();
	secret = secret_new(4);
	if (_i >= 2)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	ck_assert(!load());
	ck_errmsg_has("chunk at (0): fewer than 4000 bytes are stored");
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	free(secret);
	free(image);
}
END_TEST

/* Four bytes come out of the filter where 4000 are needed. */
START_TEST(short_stream)
{
	static const uint8_t stream[] = { 0x78, 1, 1, 4, 0, 0xfb, 0xff, 0,
					  0,	0, 0, 0, 4, 0,	  1 };
	const hsize_t count[] = { 1000 }, zero[] = { 0 };
	hid_t file = h5_begin(), set,
	      dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	char *secret;

	if (!filter_inflate)
		return;
	ck_h5(H5Pset_chunk(dcpl, 1, count));
	ck_h5(H5Pset_deflate(dcpl, 1));
	h5_put_with(file, "d", H5T_STD_I32LE, 1, count, dcpl, NULL);
	set = ck_h5(H5Dopen2(file, "d", H5P_DEFAULT));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, sizeof(stream),
			     stream));
	ck_h5(H5Dclose(set));
	ck_h5(H5Fclose(file));
	secret = secret_new(4);
	ck_assert(!load());
	ck_errmsg_has("4 bytes instead of 4000");
	free(secret);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 hostile");
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, datatype, 0, ELEMENTS(types));
	tcase_add_loop_test(t, each_byte, 0, 5);
	tcase_add_loop_test(t, far_away, 0, 3);
	tcase_add_loop_test(t, fill_value, 0, 3);
	tcase_add_loop_test(t, short_chunk, 0, 4);
	tcase_add_test(t, short_stream);
	suite_add_tcase(s, t);
	return test_run(s);
}
