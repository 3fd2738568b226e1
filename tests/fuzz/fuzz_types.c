/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as the recipe of an HDF5 datatype, as libhdf5 would let
 * a file have it, and then as values of it.  What the type becomes must be in
 * order; and where we convert values ourselves, libhdf5 must say the same.
 * Then once more, with some bytes of the type's encoded form changed, as a
 * damaged file would have it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"
#include "hdf5/dataset/dataset.h"
#include "seed.h"

#define DEPTH	4
#define VALUES	5
#define LARGEST 4096 /* bytes of a value that is converted */

/* Says what is not so. */
#define check(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
			abort(); \
		} \
	} while (0)

unsigned fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libhdf5 copies more values of a damaged enum than there are. */
const char *__asan_default_suppressions(void);
const char *
__asan_default_suppressions(void)
{
	return "interceptor_via_lib:libhdf5";
}

/* What it asks for by a damaged size is refused, as without a sanitizer. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

/* It leaks parts of what it cannot decode. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libhdf5";
}

static const uint8_t *next;
static size_t left;

/* The next byte; zeros at the end. */
static unsigned
byte(void)
{
	if (left == 0)
		return 0;
	left--;
	return *next++;
}

static unsigned
below(unsigned n)
{
	return byte() % n;
}

/* ----------------------------------------------------------------- recipes */

static hid_t type_of(unsigned depth);

/* Not empty, with whatever characters; the next call overwrites it. */
static const char *
name(void)
{
	static char ret[8];
	unsigned n = 1 + below(sizeof(ret) - 1), i;

	for (i = 0; i < n; i++)
		ret[i] = (char)byte();
	ret[n] = '\0';
	if (!ret[0])
		ret[0] = 'x';
	return ret;
}

static void
set_order(hid_t t)
{
	static const H5T_order_t orders[] = { H5T_ORDER_LE, H5T_ORDER_BE,
					      H5T_ORDER_VAX };

	H5Tset_order(t, orders[below(8) ? below(2) : 2]);
}

/* Any bits of any bytes; what libhdf5 refuses is not done. */
static hid_t
bits_of(hid_t like)
{
	hid_t t = H5Tcopy(like);

	if (below(2))
		H5Tset_size(t, 1 + below(17));
	set_order(t);
	if (below(2))
		H5Tset_precision(t, 1 + below((unsigned)H5Tget_size(t) * 8));
	if (below(2))
		H5Tset_offset(t, below((unsigned)H5Tget_size(t) * 8));
	H5Tset_pad(t, below(2) ? H5T_PAD_ZERO : H5T_PAD_ONE,
		   below(2) ? H5T_PAD_ZERO : H5T_PAD_ONE);
	return t;
}

static hid_t
integer(void)
{
	const hid_t likes[] = { H5T_STD_I8LE, H5T_STD_U16LE, H5T_STD_I32LE,
				H5T_STD_U64LE };
	hid_t t = bits_of(likes[below(4)]);

	H5Tset_sign(t, below(2) ? H5T_SGN_2 : H5T_SGN_NONE);
	return t;
}

static hid_t
floating(void)
{
	static const H5T_norm_t norms[] = { H5T_NORM_IMPLIED, H5T_NORM_MSBSET,
					    H5T_NORM_NONE };
	const hid_t likes[] = { H5T_IEEE_F32LE, H5T_IEEE_F64LE,
				H5T_NATIVE_LDOUBLE };
	hid_t t = H5Tcopy(likes[below(3)]);
	size_t mantissa, exponent, bits;

	set_order(t);
	if (below(2)) {
		exponent = 1 + below(20);
		mantissa = 1 + below(70);
		bits = 1 + exponent + mantissa + below(3);
		H5Tset_size(t, (bits + 7) / 8);
		H5Tset_precision(t, bits);
		H5Tset_fields(t, mantissa + exponent, mantissa, exponent, 0,
			      mantissa);
		H5Tset_size(t, (bits + 7) / 8);
		H5Tset_ebias(t, below(2) ? ((size_t)1 << (exponent - 1)) - 1
					 : byte());
	}
	if (below(4) == 0)
		H5Tset_norm(t, norms[below(3)]);
	return t;
}

static hid_t
text(void)
{
	static const H5T_str_t pads[] = { H5T_STR_NULLTERM, H5T_STR_NULLPAD,
					  H5T_STR_SPACEPAD };
	hid_t t = H5Tcopy(H5T_C_S1);

	H5Tset_size(t, below(4) ? 1 + byte() : H5T_VARIABLE);
	H5Tset_strpad(t, pads[below(3)]);
	H5Tset_cset(t, below(2) ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
	return t;
}

static hid_t
opaque(void)
{
	static const char *const tags[] = { "NUMPY:<M8[ns]", "NUMPY:>m8[25s]",
					    "NUMPY:<M8[", "NUMPY:|V8", "" };
	hid_t t = H5Tcreate(H5T_OPAQUE, below(2) ? 8 : 1 + byte());
	unsigned i = below(8);

	H5Tset_tag(t, i < 5 ? tags[i] : name());
	return t;
}

static hid_t
enumeration(void)
{
	hid_t base = integer(), t = H5Tenum_create(base);
	uint8_t value[64] = { 0 };
	unsigned n = 1 + below(5); /* libhdf5 1.10 crashes on none */

	if (t < 0)
		return base;
	while (n-- > 0) {
		value[0] = (uint8_t)byte();
		value[H5Tget_size(base) - 1] ^= (uint8_t)byte();
		H5Tenum_insert(t, name(), value);
	}
	H5Tclose(base);
	return t;
}

/* Closes what it is made of; that itself if libhdf5 refuses. */
static hid_t
made_of(hid_t base, hid_t t)
{
	if (t < 0)
		return base;
	H5Tclose(base);
	return t;
}

static hid_t
array(unsigned depth)
{
	hid_t base = type_of(depth - 1);
	hsize_t dims[H5S_MAX_RANK];
	unsigned n = 1 + below(below(8) ? 3 : 32), i;

	for (i = 0; i < n; i++)
		dims[i] = 1 + below(n > 4 ? 2 : 9);
	return made_of(base, H5Tarray_create2(base, n, dims));
}

static hid_t
list(unsigned depth)
{
	hid_t base = type_of(depth - 1);

	return made_of(base, H5Tvlen_create(base));
}

/* Sometimes what h5py takes for a complex number. */
static hid_t
record(unsigned depth)
{
	hid_t fields[6], t;
	unsigned n = below(7), i, complex_one = below(6) == 0;
	size_t size = 1, at[6];

	for (i = 0; i < n; i++) {
		fields[i] = type_of(depth - 1);
		at[i] = size + below(3) - 1;
		size = at[i] + H5Tget_size(fields[i]) + 1;
	}
	t = H5Tcreate(H5T_COMPOUND, (n ? size - 1 : 1) + below(3));
	for (i = 0; i < n; i++) {
		H5Tinsert(t, complex_one && i < 2 ? (i ? "i" : "r") : name(),
			  at[i], fields[i]);
		H5Tclose(fields[i]);
	}
	return t;
}

static hid_t
type_of(unsigned depth)
{
	switch (below(depth ? 14 : 8)) {
	case 0:
	case 1: return integer();
	case 2:
	case 3: return floating();
	case 4: return bits_of(H5T_STD_B32LE);
	case 5: return text();
	case 6: return opaque();
	case 7: return enumeration();
	case 8:
		return H5Tcopy(below(2) ? H5T_STD_REF_OBJ
					: H5T_STD_REF_DSETREG);
	case 9:
	case 10: return array(depth);
	case 11: return list(depth);
	default: return record(depth);
	}
}

/* -------------------------------------------------------------- the mapping */

static void
check_leaf(const struct type *t)
{
	uint64_t count = 1;
	uint32_t size;
	enum part part = t->kind == TYPE_PLAIN ? PART_PLAIN : PART_RAGGED;

	check(cute_shm_dtype_size(t->dtype, &size) == 0);
	check(size == t->item_size && size > 0);
	check((t->dtype[0] == '*') == (part == PART_RAGGED));
	check(t->size[part] > 0 && t->size[!part] == 0);
	check(t->ndim <= MAX_NDIM);
	for (unsigned d = 0; d < t->ndim; d++)
		count *= t->dims[d];
	check(count == t->dims_count);
	check(part == PART_RAGGED || t->size[part] == count * size);
	check(t->enum_count == 0 || t->is_enum || !strcmp(t->dtype, "|b1"));
}

static void
check_type(const struct type *t)
{
	size_t sizes[PART_COUNT] = { 0, 0 };

	if (t->kind != TYPE_RECORD) {
		check_leaf(t);
		return;
	}
	for (unsigned i = 0; i < t->field_count; i++) {
		check_type(t->fields[i].type);
		for (int part = 0; part < PART_COUNT; part++) {
			check(t->fields[i].offset[part] == sizes[part] ||
			      t->fields[i].type->size[part] == 0);
			sizes[part] += t->fields[i].type->size[part];
		}
	}
	/* An array of records has as many. */
	for (int part = 0; part < PART_COUNT; part++)
		check(t->size[part] == sizes[part] * t->dims_count);
}

/* -------------------------------------------------------------- conversions */

static void
check_values(hid_t file_type, const struct native_type *file, hid_t mem_type)
{
	static uint8_t theirs[VALUES * LARGEST], ours[VALUES * LARGEST];
	static uint8_t wide[VALUES * LARGEST];
	/* Compounds are converted in it, and the gaps of theirs are kept. */
	static uint8_t background[VALUES * LARGEST];
	struct convert how;
	const uint8_t *got = ours;

	if (H5Tget_size(file_type) > LARGEST ||
	    H5Tget_size(mem_type) > LARGEST || !convert_get(file, &how))
		return;
	check(how.from == H5Tget_size(file_type));
	check(how.size == H5Tget_size(mem_type));
	memset(theirs, 0, sizeof(theirs));
	for (size_t i = 0; i < VALUES * how.from; i++)
		theirs[i] = (uint8_t)byte();
	memcpy(ours, theirs, sizeof(ours));
	if (H5Tconvert(file_type, mem_type, VALUES, theirs, background,
		       H5P_DEFAULT) < 0)
		return;
	if (widens(&how)) {
		widen(&how, wide, ours, how.from, VALUES);
		got = wide;
	} else {
		convert(&how, ours, VALUES);
	}
	check(memcmp(got, theirs, VALUES * how.size) == 0);
	fuzz_reached++;
}

static void check_conversions(const struct type *t,
			      const struct native_type *file, hid_t file_type,
			      hid_t mem_type);

/* A field of a record whose memory type is 'mem_type'. */
static void
check_field(const struct field *f, const struct native_type *file,
	    hid_t file_type, hid_t mem_type)
{
	const struct native_member *m = member_find(file, f->name);
	hid_t mem;

	check(m != NULL);
	if (f->type->size[PART_PLAIN] == 0)
		return;
	mem = H5Tget_member_type(mem_type,
				 (unsigned)H5Tget_member_index(mem_type,
							       f->name));
	check(mem >= 0);
	check_conversions(f->type, m->type, file_type, mem);
	H5Tclose(mem);
}

/* As the strategies pair them. */
static void
check_conversions(const struct type *t, const struct native_type *file,
		  hid_t file_type, hid_t mem_type)
{
	if (t->kind == TYPE_PLAIN && !t->swap)
		check_values(file_type, file, mem_type);
	if (t->kind != TYPE_RECORD || t->ndim > 0)
		return;
	for (unsigned i = 0; i < t->field_count; i++) {
		int k = H5Tget_member_index(file_type, t->fields[i].name);
		hid_t member = H5Tget_member_type(file_type, (unsigned)k);

		check(member >= 0);
		check(H5Tget_member_offset(file_type, (unsigned)k) +
			      H5Tget_size(member) <=
		      H5Tget_size(file_type));
		check_field(&t->fields[i], file, member, mem_type);
		H5Tclose(member);
	}
}

static int
gone(const char *field, const char *reason, void *arg)
{
	(void)arg;
	check(*field && *reason);
	return 0;
}

static sigjmp_buf fault;

static void
on_fault(int signo)
{
	(void)signo;
	siglongjmp(fault, 1);
}

/* To look at a part of a type is to copy it. */
static void
copy_parts(hid_t type)
{
	H5T_class_t of = H5Tget_class(type);
	int count = of == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
	hid_t part;

	for (int i = 0; i < count; i++) {
		part = H5Tget_member_type(type, (unsigned)i);
		if (part >= 0) {
			copy_parts(part);
			H5Tclose(part);
		}
	}
	if (of != H5T_ARRAY && of != H5T_VLEN && of != H5T_ENUM)
		return;
	part = H5Tget_super(type);
	if (part >= 0) {
		copy_parts(part);
		H5Tclose(part);
	}
}

/*
 * libhdf5 copies an enum inside of another type before anybody can look at its
 * sizes, and reads beyond its values: that fault is its own, and ends the child
 * that loads a file.
 */
static bool
has_inner_enum(hid_t type)
{
	return H5Tget_class(type) != H5T_ENUM &&
	       H5Tdetect_class(type, H5T_ENUM) > 0;
}

/*
 * The type of an encoded form, or -1.  libhdf5 believes what a form says: it
 * divides by the size of a member, and reads where a length leads it.  These
 * faults are its own, and end the reader of a file.  Nothing of ours runs here,
 * so whatever happens is left out.
 */
static hid_t
decode(const uint8_t *form)
{
	static const int faults[] = { SIGFPE, SIGSEGV, SIGBUS };
	struct sigaction ours = { .sa_handler = on_fault,
				  .sa_flags = SA_NODEFER | SA_ONSTACK },
			 before[3];
	volatile hid_t type = -1;
	bool good = false;

	for (int i = 0; i < 3; i++)
		sigaction(faults[i], &ours, &before[i]);
	if (sigsetjmp(fault, 1) == 0) {
		type = H5Tdecode(form);
		good = type >= 0 && !has_inner_enum(type);
		if (good)
			copy_parts(type);
	} else {
		good = false;
	}
	for (int i = 0; i < 3; i++)
		sigaction(faults[i], &before[i], NULL);
	if (!good && type >= 0)
		H5Tclose(type);
	return good ? type : -1;
}

/*
 * The type with up to four bytes of its encoded form changed, or a negative
 * number.  libhdf5 trusts what says how long a part of the form is: it finds
 * zeros behind the form, and numbers stay below what would lead beyond them.
 */
static hid_t
altered(hid_t file_type)
{
	static uint8_t form[(size_t)24 << 20];
	size_t n = 0, at;
	unsigned changes = below(5);

	if (changes == 0 || H5Tencode(file_type, NULL, &n) < 0 || n > 65536)
		return -1;
	memset(form, 0, 2 * 65536);
	H5Tencode(file_type, form, &n);
	while (changes-- > 0) {
		/* The lower two bytes of each four, behind two of a header. */
		at = (byte() << 8 | byte()) % (n - 2) & ~(size_t)2;
		form[2 + at] = (uint8_t)below(33);
	}
	return decode(form);
}

/* Of a member without a name libhdf5 reads the type, but makes none. */
static bool
is_nameless(const struct type *t)
{
	if (t->kind != TYPE_RECORD)
		return false;
	for (unsigned i = 0; i < t->field_count; i++)
		if (!*t->fields[i].name || is_nameless(t->fields[i].type))
			return true;
	return false;
}

static void
check_memory(const struct type *t, hid_t file_type)
{
	for (int part = 0; part < PART_COUNT; part++) {
		hid_t mem = type_mem(t, (enum part)part);

		check((mem >= 0) == (t->size[part] > 0));
		check(mem < 0 || H5Tget_size(mem) == t->size[part]);
	}
	check_conversions(t, t->file, file_type, type_mem(t, PART_PLAIN));
}

static void
check_file_type(hid_t file_type)
{
	char why[WHY_SIZE] = "";
	struct type *t = NULL;
	int rc;

	rc = type_map_id(file_type, gone, NULL, why, &t);
	if (rc == 0) {
		check_type(t);
		if (!is_nameless(t))
			check_memory(t, file_type);
		type_free(t);
	} else {
		check(rc != SKIP || *why);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hid_t file_type, other;

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	next = data;
	left = size;
	file_type = type_of(DEPTH);
	check(file_type >= 0);
	check_file_type(file_type);
	other = altered(file_type);
	if (other >= 0) {
		check_file_type(other);
		H5Tclose(other);
	}
	H5Tclose(file_type);
	H5Eclear2(H5E_DEFAULT);
	return 0;
}
