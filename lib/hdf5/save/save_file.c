/* SPDX-License-Identifier: MIT */
/* Export, in the reader process: the whole file. */

#include "hdf5/save/save.h"

int
save_file(struct saver *s)
{
	char cause[200];
	int err;

	s->file = H5I_INVALID_HID;
	s->link_props = H5Pcreate(H5P_LINK_CREATE);
	if (s->link_props < 0 ||
	    H5Pset_char_encoding(s->link_props, H5T_CSET_UTF8) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "libhdf5: %s",
				     hdf5_cause(cause, sizeof(cause)));
	s->attr_props = H5Pcreate(H5P_ATTRIBUTE_CREATE);
	if (s->attr_props < 0 ||
	    H5Pset_char_encoding(s->attr_props, H5T_CSET_UTF8) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "libhdf5: %s",
				     hdf5_cause(cause, sizeof(cause)));
	err = save_tree(s);
	board_work(s->l.board, "", 0);
	/* libhdf5 writes the rest of its cache now, which may fail. */
	if (s->file >= 0 && H5Fclose(s->file) < 0 && err == 0)
		err = cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				    "cannot complete the "
				    "file: %s",
				    hdf5_cause(cause, sizeof(cause)));
	return err;
}
