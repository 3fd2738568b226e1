/* SPDX-License-Identifier: MIT */
/* Export: the public calls, for one file or for several. */

#include "hdf5/export.h"

static int
check_options(const struct cute_shm_hdf5_export_options *o)
{
	if (o->flags & ~(unsigned)CUTE_SHM_HDF5_OVERWRITE)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x to save with",
				     o->flags);
	if (o->gzip > 9)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "gzip has levels up to 9, not %u",
				     o->gzip);
	return 0;
}

static int
export_one(struct export *e, const char *file)
{
	struct outfile out;
	int err = outfile_begin(&out, file, export_outfile_flags(e));

	return err ? err : export_write(e, file, "", &out);
}

/* ------------------------------------------------------------- public calls */

static int
export_to(const struct cute_shm *shm, const char *file,
	  int (*way)(struct export *, const char *),
	  const struct cute_shm_hdf5_export_options *opt,
	  struct cute_shm_hdf5_export_result *ret)
{
	struct export e = { .shm = shm, .opt = { .size = sizeof(e.opt) } };
	double start = clock_now();
	int err;

	err = options_copy(&e.opt, sizeof(e.opt), opt);
	if (err == 0)
		err = check_options(&e.opt);
	if (err == 0)
		err = deadline_begin(&e.deadline, e.opt.max_seconds);
	if (err == 0)
		err = cute_shm_info(shm, &e.info);
	if (err != 0)
		return err;
	if (!process_new(&e.process))
		return CUTE_SHM_ERR_NOMEM;
	err = way(&e, file);
	e.sum.seconds = clock_now() - start;
	if (err == 0 && ret)
		*ret = e.sum;
	process_free(&e.process);
	return err;
}

int
cute_shm_hdf5_export(const struct cute_shm *shm, const char *file,
		     const struct cute_shm_hdf5_export_options *opt,
		     struct cute_shm_hdf5_export_result *ret)
{
	return export_to(shm, file, export_one, opt, ret);
}

int
cute_shm_hdf5_export_files(const struct cute_shm *shm, const char *folder,
			   const struct cute_shm_hdf5_export_options *opt,
			   struct cute_shm_hdf5_export_result *ret)
{
	return export_to(shm, folder, export_files, opt, ret);
}
