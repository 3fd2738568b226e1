/* SPDX-License-Identifier: MIT */
#include "native_file.h"

#include <stdlib.h>

#include "hdf5_util.h"

/* libhdf5 leaves some memory behind that it takes for the newest forms. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libhdf5\n";
}

/* Old and new forms that all versions of libhdf5 can write. */
static const H5F_libver_t versions[VERSIONS] = { H5F_LIBVER_EARLIEST,
						 H5F_LIBVER_V18,
						 H5F_LIBVER_V110 };
hid_t
native_file(int version, hid_t fcpl)
{
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file;

	ck_h5(H5Pset_libver_bounds(fapl, versions[version], H5F_LIBVER_LATEST));
	file = ck_h5(H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, fcpl, fapl));
	ck_h5(H5Pclose(fapl));
	if (fcpl != H5P_DEFAULT)
		ck_h5(H5Pclose(fcpl));
	return file;
}

struct native_report
native_file_same(hid_t file, unsigned unknown)
{
	struct native_report r = { .file = "t.h5" };
	char *text = NULL;
	size_t size = 0;

	ck_h5(H5Fclose(file));
	r.out = open_memstream(&text, &size);
	native_compare(h5_path("t.h5"), &r);
	r.whole_limit = 1;
	native_compare(h5_path("t.h5"), &r);
	fclose(r.out);
	/* Which messages are shared depends on the version of libhdf5. */
	ck_assert_msg(r.differences == 0 && r.unknown >= 2 * unknown &&
			      (unknown > 0 || r.unknown == 0),
		      "%u differences, %u without opinion:\n%s", r.differences,
		      r.unknown / 2, text);
	ck_assert_uint_gt(r.groups, 0);
	free(text);
	return r;
}
