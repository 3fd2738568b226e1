/* SPDX-License-Identifier: MIT */
/*
 * The functions and variables of libhdf5 that this library uses.  LATE_HDF5
 * makes each call go through a table, which is filled at the first call.
 */
#ifndef LIB_HDF5_LIBRARY_CALLS_H
#define LIB_HDF5_LIBRARY_CALLS_H

#include <hdf5.h>

#define HDF5_CALLS(X) \
	X(H5Aclose) \
	X(H5Acreate2) \
	X(H5Aget_space) \
	X(H5Aget_type) \
	X(H5Aiterate2) \
	X(H5Aopen_by_name) \
	X(H5Aread) \
	X(H5Awrite) \
	X(H5Dclose) \
	X(H5Dcreate2) \
	X(H5Dget_chunk_storage_size) \
	X(H5Dget_create_plist) \
	X(H5Dget_offset) \
	X(H5Dget_space) \
	X(H5Dget_storage_size) \
	X(H5Dget_type) \
	X(H5Dopen2) \
	X(H5Dread) \
	X(H5Dread_chunk) \
	X(H5Dvlen_reclaim) \
	X(H5Dwrite) \
	X(H5Dwrite_chunk) \
	X(H5Eclear2) \
	X(H5Epush2) \
	X(H5Eset_auto2) \
	X(H5Ewalk2) \
	X(H5FDregister) \
	X(H5Fclose) \
	X(H5Fcreate) \
	X(H5Fget_access_plist) \
	X(H5Fget_create_plist) \
	X(H5Fget_filesize) \
	X(H5Fget_vfd_handle) \
	X(H5Fopen) \
	X(H5Gclose) \
	X(H5Gcreate2) \
	X(H5Gget_create_plist) \
	X(H5Iget_file_id) \
	X(H5Iget_type) \
	X(H5Iinc_ref) \
	X(H5Lcreate_external) \
	X(H5Lcreate_hard) \
	X(H5Lcreate_soft) \
	X(H5Literate) \
	X(H5Oclose) \
	X(H5Oget_info2) \
	X(H5Oopen) \
	X(H5Oopen_by_addr) \
	X(H5PLget) \
	X(H5PLsize) \
	X(H5Pclose) \
	X(H5Pcopy_prop) \
	X(H5Pcreate) \
	X(H5Pencode) \
	X(H5Pfill_value_defined) \
	X(H5Pget_attr_creation_order) \
	X(H5Pget_chunk) \
	X(H5Pget_chunk_opts) \
	X(H5Pget_driver) \
	X(H5Pget_driver_info) \
	X(H5Pget_external) \
	X(H5Pget_external_count) \
	X(H5Pget_filter2) \
	X(H5Pget_layout) \
	X(H5Pget_link_creation_order) \
	X(H5Pget_nfilters) \
	X(H5Pget_sizes) \
	X(H5Pget_virtual_count) \
	X(H5Pget_virtual_dsetname) \
	X(H5Pget_virtual_filename) \
	X(H5Pget_virtual_vspace) \
	X(H5Pset_attr_creation_order) \
	X(H5Pset_attr_phase_change) \
	X(H5Pset_char_encoding) \
	X(H5Pset_chunk) \
	X(H5Pset_chunk_cache) \
	X(H5Pset_deflate) \
	X(H5Pset_driver) \
	X(H5Pset_libver_bounds) \
	X(H5Pset_link_creation_order) \
	X(H5Pset_obj_track_times) \
	X(H5Pset_shuffle) \
	X(H5Pset_vlen_mem_manager) \
	X(H5Sclose) \
	X(H5Screate) \
	X(H5Screate_simple) \
	X(H5Sget_regular_hyperslab) \
	X(H5Sget_simple_extent_dims) \
	X(H5Sget_simple_extent_ndims) \
	X(H5Sget_simple_extent_npoints) \
	X(H5Sget_simple_extent_type) \
	X(H5Sis_regular_hyperslab) \
	X(H5Sselect_hyperslab) \
	X(H5Tarray_create2) \
	X(H5Tclose) \
	X(H5Tcommit2) \
	X(H5Tcopy) \
	X(H5Tcreate) \
	X(H5Tdetect_class) \
	X(H5Tenum_create) \
	X(H5Tenum_insert) \
	X(H5Tenum_valueof) \
	X(H5Tequal) \
	X(H5Tget_array_dims2) \
	X(H5Tget_array_ndims) \
	X(H5Tget_class) \
	X(H5Tget_create_plist) \
	X(H5Tget_cset) \
	X(H5Tget_ebias) \
	X(H5Tget_fields) \
	X(H5Tget_inpad) \
	X(H5Tget_member_index) \
	X(H5Tget_member_name) \
	X(H5Tget_member_offset) \
	X(H5Tget_member_type) \
	X(H5Tget_member_value) \
	X(H5Tget_nmembers) \
	X(H5Tget_norm) \
	X(H5Tget_offset) \
	X(H5Tget_order) \
	X(H5Tget_pad) \
	X(H5Tget_precision) \
	X(H5Tget_sign) \
	X(H5Tget_size) \
	X(H5Tget_strpad) \
	X(H5Tget_super) \
	X(H5Tget_tag) \
	X(H5Tinsert) \
	X(H5Tis_variable_str) \
	X(H5Tset_cset) \
	X(H5Tset_ebias) \
	X(H5Tset_fields) \
	X(H5Tset_size) \
	X(H5Tset_strpad) \
	X(H5Tset_tag) \
	X(H5Tvlen_create) \
	X(H5Zfilter_avail) \
	X(H5Zregister) \
	X(H5allocate_memory) \
	X(H5check_version) \
	X(H5free_memory) \
	X(H5get_libversion) \
	X(H5open)

#if H5_VERSION_GE(1, 10, 5)
#define HDF5_CALLS_1_10_5(X) \
	X(H5Dget_chunk_info) \
	X(H5Dget_num_chunks)
#else
#define HDF5_CALLS_1_10_5(X)
#endif

#ifdef HAVE_H5PSET_RELAX_FILE_INTEGRITY_CHECKS
#define HDF5_CALLS_RELAX(X) X(H5Pset_relax_file_integrity_checks)
#else
#define HDF5_CALLS_RELAX(X)
#endif

#define HDF5_DATA(X) \
	X(H5E_CANTALLOC_g) \
	X(H5E_CANTFILTER_g) \
	X(H5E_CANTOPENFILE_g) \
	X(H5E_ERR_CLS_g) \
	X(H5E_FILE_g) \
	X(H5E_NOSPACE_g) \
	X(H5E_PLINE_g) \
	X(H5E_WRITEERROR_g) \
	X(H5P_CLS_ATTRIBUTE_CREATE_ID_g) \
	X(H5P_CLS_DATASET_ACCESS_ID_g) \
	X(H5P_CLS_DATASET_CREATE_ID_g) \
	X(H5P_CLS_DATASET_XFER_ID_g) \
	X(H5P_CLS_DATATYPE_CREATE_ID_g) \
	X(H5P_CLS_FILE_ACCESS_ID_g) \
	X(H5P_CLS_FILE_CREATE_ID_g) \
	X(H5P_CLS_GROUP_CREATE_ID_g) \
	X(H5P_CLS_LINK_CREATE_ID_g) \
	X(H5T_C_S1_g) \
	X(H5T_IEEE_F32LE_g) \
	X(H5T_IEEE_F64LE_g) \
	X(H5T_NATIVE_B16_g) \
	X(H5T_NATIVE_B32_g) \
	X(H5T_NATIVE_B64_g) \
	X(H5T_NATIVE_B8_g) \
	X(H5T_NATIVE_INT16_g) \
	X(H5T_NATIVE_INT32_g) \
	X(H5T_NATIVE_INT64_g) \
	X(H5T_NATIVE_INT8_g) \
	X(H5T_NATIVE_LDOUBLE_g) \
	X(H5T_NATIVE_UINT16_g) \
	X(H5T_NATIVE_UINT32_g) \
	X(H5T_NATIVE_UINT64_g) \
	X(H5T_NATIVE_UINT8_g) \
	X(H5T_STD_I16LE_g) \
	X(H5T_STD_I32LE_g) \
	X(H5T_STD_I64LE_g) \
	X(H5T_STD_I8LE_g) \
	X(H5T_STD_REF_OBJ_g) \
	X(H5T_STD_U16LE_g) \
	X(H5T_STD_U32LE_g) \
	X(H5T_STD_U64LE_g) \
	X(H5T_STD_U8LE_g)

#define DECLARE_CALL(name) __typeof__(name) *call_##name;
#define DECLARE_DATA(name) const hid_t *data_##name;
struct hdf5_library {
	HDF5_CALLS(DECLARE_CALL)
	HDF5_CALLS_1_10_5(DECLARE_CALL)
	HDF5_CALLS_RELAX(DECLARE_CALL)
	HDF5_DATA(DECLARE_DATA)
	/* H5FD_SEC2, which is another macro in each version of libhdf5. */
	hid_t (*sec2)(void);
};
#undef DECLARE_CALL
#undef DECLARE_DATA

#ifdef LATE_HDF5

/* The table; opens libhdf5 at the first call. */
extern const struct hdf5_library *hdf5_opened;
const struct hdf5_library *hdf5_open_now(void);

static inline const struct hdf5_library *
hdf5_library(void)
{
	return hdf5_opened ? hdf5_opened : hdf5_open_now();
}

#define LATE_CALL(name)	 (*hdf5_library()->call_##name)
#define LATE_VALUE(name) (*hdf5_library()->data_##name)

/* Macros in later versions. */
#undef H5Dread_chunk
#undef H5Literate
#undef H5Pencode

/* Since 2.0 it looks at variables first; here as it was. */
#undef H5OPEN
#define H5OPEN H5open(),

#undef H5FD_SEC2
#define H5FD_SEC2 (hdf5_library()->sec2())

#define H5Aclose		   LATE_CALL(H5Aclose)
#define H5Acreate2		   LATE_CALL(H5Acreate2)
#define H5Aget_space		   LATE_CALL(H5Aget_space)
#define H5Aget_type		   LATE_CALL(H5Aget_type)
#define H5Aiterate2		   LATE_CALL(H5Aiterate2)
#define H5Aopen_by_name		   LATE_CALL(H5Aopen_by_name)
#define H5Aread			   LATE_CALL(H5Aread)
#define H5Awrite		   LATE_CALL(H5Awrite)
#define H5Dclose		   LATE_CALL(H5Dclose)
#define H5Dcreate2		   LATE_CALL(H5Dcreate2)
#define H5Dget_chunk_info	   LATE_CALL(H5Dget_chunk_info)
#define H5Dget_chunk_storage_size  LATE_CALL(H5Dget_chunk_storage_size)
#define H5Dget_create_plist	   LATE_CALL(H5Dget_create_plist)
#define H5Dget_num_chunks	   LATE_CALL(H5Dget_num_chunks)
#define H5Dget_offset		   LATE_CALL(H5Dget_offset)
#define H5Dget_space		   LATE_CALL(H5Dget_space)
#define H5Dget_storage_size	   LATE_CALL(H5Dget_storage_size)
#define H5Dget_type		   LATE_CALL(H5Dget_type)
#define H5Dopen2		   LATE_CALL(H5Dopen2)
#define H5Dread			   LATE_CALL(H5Dread)
#define H5Dread_chunk		   LATE_CALL(H5Dread_chunk)
#define H5Dvlen_reclaim		   LATE_CALL(H5Dvlen_reclaim)
#define H5Dwrite		   LATE_CALL(H5Dwrite)
#define H5Dwrite_chunk		   LATE_CALL(H5Dwrite_chunk)
#define H5Eclear2		   LATE_CALL(H5Eclear2)
#define H5Epush2		   LATE_CALL(H5Epush2)
#define H5Eset_auto2		   LATE_CALL(H5Eset_auto2)
#define H5Ewalk2		   LATE_CALL(H5Ewalk2)
#define H5FDregister		   LATE_CALL(H5FDregister)
#define H5Fclose		   LATE_CALL(H5Fclose)
#define H5Fcreate		   LATE_CALL(H5Fcreate)
#define H5Fget_access_plist	   LATE_CALL(H5Fget_access_plist)
#define H5Fget_create_plist	   LATE_CALL(H5Fget_create_plist)
#define H5Fget_filesize		   LATE_CALL(H5Fget_filesize)
#define H5Fget_vfd_handle	   LATE_CALL(H5Fget_vfd_handle)
#define H5Fopen			   LATE_CALL(H5Fopen)
#define H5Gclose		   LATE_CALL(H5Gclose)
#define H5Gcreate2		   LATE_CALL(H5Gcreate2)
#define H5Gget_create_plist	   LATE_CALL(H5Gget_create_plist)
#define H5Iget_file_id		   LATE_CALL(H5Iget_file_id)
#define H5Iget_type		   LATE_CALL(H5Iget_type)
#define H5Iinc_ref		   LATE_CALL(H5Iinc_ref)
#define H5Lcreate_external	   LATE_CALL(H5Lcreate_external)
#define H5Lcreate_hard		   LATE_CALL(H5Lcreate_hard)
#define H5Lcreate_soft		   LATE_CALL(H5Lcreate_soft)
#define H5Literate		   LATE_CALL(H5Literate)
#define H5Oclose		   LATE_CALL(H5Oclose)
#define H5Oget_info2		   LATE_CALL(H5Oget_info2)
#define H5Oopen			   LATE_CALL(H5Oopen)
#define H5Oopen_by_addr		   LATE_CALL(H5Oopen_by_addr)
#define H5PLget			   LATE_CALL(H5PLget)
#define H5PLsize		   LATE_CALL(H5PLsize)
#define H5Pclose		   LATE_CALL(H5Pclose)
#define H5Pcopy_prop		   LATE_CALL(H5Pcopy_prop)
#define H5Pcreate		   LATE_CALL(H5Pcreate)
#define H5Pencode		   LATE_CALL(H5Pencode)
#define H5Pfill_value_defined	   LATE_CALL(H5Pfill_value_defined)
#define H5Pget_attr_creation_order LATE_CALL(H5Pget_attr_creation_order)
#define H5Pget_chunk		   LATE_CALL(H5Pget_chunk)
#define H5Pget_chunk_opts	   LATE_CALL(H5Pget_chunk_opts)
#define H5Pget_driver		   LATE_CALL(H5Pget_driver)
#define H5Pget_driver_info	   LATE_CALL(H5Pget_driver_info)
#define H5Pget_external		   LATE_CALL(H5Pget_external)
#define H5Pget_external_count	   LATE_CALL(H5Pget_external_count)
#define H5Pget_filter2		   LATE_CALL(H5Pget_filter2)
#define H5Pget_layout		   LATE_CALL(H5Pget_layout)
#define H5Pget_link_creation_order LATE_CALL(H5Pget_link_creation_order)
#define H5Pget_nfilters		   LATE_CALL(H5Pget_nfilters)
#define H5Pget_sizes		   LATE_CALL(H5Pget_sizes)
#define H5Pget_virtual_count	   LATE_CALL(H5Pget_virtual_count)
#define H5Pget_virtual_dsetname	   LATE_CALL(H5Pget_virtual_dsetname)
#define H5Pget_virtual_filename	   LATE_CALL(H5Pget_virtual_filename)
#define H5Pget_virtual_vspace	   LATE_CALL(H5Pget_virtual_vspace)
#define H5Pset_attr_creation_order LATE_CALL(H5Pset_attr_creation_order)
#define H5Pset_attr_phase_change   LATE_CALL(H5Pset_attr_phase_change)
#define H5Pset_char_encoding	   LATE_CALL(H5Pset_char_encoding)
#define H5Pset_chunk		   LATE_CALL(H5Pset_chunk)
#define H5Pset_chunk_cache	   LATE_CALL(H5Pset_chunk_cache)
#define H5Pset_deflate		   LATE_CALL(H5Pset_deflate)
#define H5Pset_driver		   LATE_CALL(H5Pset_driver)
#define H5Pset_libver_bounds	   LATE_CALL(H5Pset_libver_bounds)
#define H5Pset_link_creation_order LATE_CALL(H5Pset_link_creation_order)
#define H5Pset_obj_track_times	   LATE_CALL(H5Pset_obj_track_times)
#define H5Pset_relax_file_integrity_checks \
	LATE_CALL(H5Pset_relax_file_integrity_checks)
#define H5Pset_shuffle		     LATE_CALL(H5Pset_shuffle)
#define H5Pset_vlen_mem_manager	     LATE_CALL(H5Pset_vlen_mem_manager)
#define H5Sclose		     LATE_CALL(H5Sclose)
#define H5Screate		     LATE_CALL(H5Screate)
#define H5Screate_simple	     LATE_CALL(H5Screate_simple)
#define H5Sget_regular_hyperslab     LATE_CALL(H5Sget_regular_hyperslab)
#define H5Sget_simple_extent_dims    LATE_CALL(H5Sget_simple_extent_dims)
#define H5Sget_simple_extent_ndims   LATE_CALL(H5Sget_simple_extent_ndims)
#define H5Sget_simple_extent_npoints LATE_CALL(H5Sget_simple_extent_npoints)
#define H5Sget_simple_extent_type    LATE_CALL(H5Sget_simple_extent_type)
#define H5Sis_regular_hyperslab	     LATE_CALL(H5Sis_regular_hyperslab)
#define H5Sselect_hyperslab	     LATE_CALL(H5Sselect_hyperslab)
#define H5Tarray_create2	     LATE_CALL(H5Tarray_create2)
#define H5Tclose		     LATE_CALL(H5Tclose)
#define H5Tcommit2		     LATE_CALL(H5Tcommit2)
#define H5Tcopy			     LATE_CALL(H5Tcopy)
#define H5Tcreate		     LATE_CALL(H5Tcreate)
#define H5Tdetect_class		     LATE_CALL(H5Tdetect_class)
#define H5Tenum_create		     LATE_CALL(H5Tenum_create)
#define H5Tenum_insert		     LATE_CALL(H5Tenum_insert)
#define H5Tenum_valueof		     LATE_CALL(H5Tenum_valueof)
#define H5Tequal		     LATE_CALL(H5Tequal)
#define H5Tget_array_dims2	     LATE_CALL(H5Tget_array_dims2)
#define H5Tget_array_ndims	     LATE_CALL(H5Tget_array_ndims)
#define H5Tget_class		     LATE_CALL(H5Tget_class)
#define H5Tget_create_plist	     LATE_CALL(H5Tget_create_plist)
#define H5Tget_cset		     LATE_CALL(H5Tget_cset)
#define H5Tget_ebias		     LATE_CALL(H5Tget_ebias)
#define H5Tget_fields		     LATE_CALL(H5Tget_fields)
#define H5Tget_inpad		     LATE_CALL(H5Tget_inpad)
#define H5Tget_member_index	     LATE_CALL(H5Tget_member_index)
#define H5Tget_member_name	     LATE_CALL(H5Tget_member_name)
#define H5Tget_member_offset	     LATE_CALL(H5Tget_member_offset)
#define H5Tget_member_type	     LATE_CALL(H5Tget_member_type)
#define H5Tget_member_value	     LATE_CALL(H5Tget_member_value)
#define H5Tget_nmembers		     LATE_CALL(H5Tget_nmembers)
#define H5Tget_norm		     LATE_CALL(H5Tget_norm)
#define H5Tget_offset		     LATE_CALL(H5Tget_offset)
#define H5Tget_order		     LATE_CALL(H5Tget_order)
#define H5Tget_pad		     LATE_CALL(H5Tget_pad)
#define H5Tget_precision	     LATE_CALL(H5Tget_precision)
#define H5Tget_sign		     LATE_CALL(H5Tget_sign)
#define H5Tget_size		     LATE_CALL(H5Tget_size)
#define H5Tget_strpad		     LATE_CALL(H5Tget_strpad)
#define H5Tget_super		     LATE_CALL(H5Tget_super)
#define H5Tget_tag		     LATE_CALL(H5Tget_tag)
#define H5Tinsert		     LATE_CALL(H5Tinsert)
#define H5Tis_variable_str	     LATE_CALL(H5Tis_variable_str)
#define H5Tset_cset		     LATE_CALL(H5Tset_cset)
#define H5Tset_ebias		     LATE_CALL(H5Tset_ebias)
#define H5Tset_fields		     LATE_CALL(H5Tset_fields)
#define H5Tset_size		     LATE_CALL(H5Tset_size)
#define H5Tset_strpad		     LATE_CALL(H5Tset_strpad)
#define H5Tset_tag		     LATE_CALL(H5Tset_tag)
#define H5Tvlen_create		     LATE_CALL(H5Tvlen_create)
#define H5Zfilter_avail		     LATE_CALL(H5Zfilter_avail)
#define H5Zregister		     LATE_CALL(H5Zregister)
#define H5allocate_memory	     LATE_CALL(H5allocate_memory)
#define H5check_version		     LATE_CALL(H5check_version)
#define H5free_memory		     LATE_CALL(H5free_memory)
#define H5get_libversion	     LATE_CALL(H5get_libversion)
#define H5open			     LATE_CALL(H5open)

#define H5E_CANTALLOC_g		      LATE_VALUE(H5E_CANTALLOC_g)
#define H5E_CANTFILTER_g	      LATE_VALUE(H5E_CANTFILTER_g)
#define H5E_CANTOPENFILE_g	      LATE_VALUE(H5E_CANTOPENFILE_g)
#define H5E_ERR_CLS_g		      LATE_VALUE(H5E_ERR_CLS_g)
#define H5E_FILE_g		      LATE_VALUE(H5E_FILE_g)
#define H5E_NOSPACE_g		      LATE_VALUE(H5E_NOSPACE_g)
#define H5E_PLINE_g		      LATE_VALUE(H5E_PLINE_g)
#define H5E_WRITEERROR_g	      LATE_VALUE(H5E_WRITEERROR_g)
#define H5P_CLS_ATTRIBUTE_CREATE_ID_g LATE_VALUE(H5P_CLS_ATTRIBUTE_CREATE_ID_g)
#define H5P_CLS_DATASET_ACCESS_ID_g   LATE_VALUE(H5P_CLS_DATASET_ACCESS_ID_g)
#define H5P_CLS_DATASET_CREATE_ID_g   LATE_VALUE(H5P_CLS_DATASET_CREATE_ID_g)
#define H5P_CLS_DATASET_XFER_ID_g     LATE_VALUE(H5P_CLS_DATASET_XFER_ID_g)
#define H5P_CLS_DATATYPE_CREATE_ID_g  LATE_VALUE(H5P_CLS_DATATYPE_CREATE_ID_g)
#define H5P_CLS_FILE_ACCESS_ID_g      LATE_VALUE(H5P_CLS_FILE_ACCESS_ID_g)
#define H5P_CLS_FILE_CREATE_ID_g      LATE_VALUE(H5P_CLS_FILE_CREATE_ID_g)
#define H5P_CLS_GROUP_CREATE_ID_g     LATE_VALUE(H5P_CLS_GROUP_CREATE_ID_g)
#define H5P_CLS_LINK_CREATE_ID_g      LATE_VALUE(H5P_CLS_LINK_CREATE_ID_g)
#define H5T_C_S1_g		      LATE_VALUE(H5T_C_S1_g)
#define H5T_IEEE_F32LE_g	      LATE_VALUE(H5T_IEEE_F32LE_g)
#define H5T_IEEE_F64LE_g	      LATE_VALUE(H5T_IEEE_F64LE_g)
#define H5T_NATIVE_B16_g	      LATE_VALUE(H5T_NATIVE_B16_g)
#define H5T_NATIVE_B32_g	      LATE_VALUE(H5T_NATIVE_B32_g)
#define H5T_NATIVE_B64_g	      LATE_VALUE(H5T_NATIVE_B64_g)
#define H5T_NATIVE_B8_g		      LATE_VALUE(H5T_NATIVE_B8_g)
#define H5T_NATIVE_INT16_g	      LATE_VALUE(H5T_NATIVE_INT16_g)
#define H5T_NATIVE_INT32_g	      LATE_VALUE(H5T_NATIVE_INT32_g)
#define H5T_NATIVE_INT64_g	      LATE_VALUE(H5T_NATIVE_INT64_g)
#define H5T_NATIVE_INT8_g	      LATE_VALUE(H5T_NATIVE_INT8_g)
#define H5T_NATIVE_LDOUBLE_g	      LATE_VALUE(H5T_NATIVE_LDOUBLE_g)
#define H5T_NATIVE_UINT16_g	      LATE_VALUE(H5T_NATIVE_UINT16_g)
#define H5T_NATIVE_UINT32_g	      LATE_VALUE(H5T_NATIVE_UINT32_g)
#define H5T_NATIVE_UINT64_g	      LATE_VALUE(H5T_NATIVE_UINT64_g)
#define H5T_NATIVE_UINT8_g	      LATE_VALUE(H5T_NATIVE_UINT8_g)
#define H5T_STD_I16LE_g		      LATE_VALUE(H5T_STD_I16LE_g)
#define H5T_STD_I32LE_g		      LATE_VALUE(H5T_STD_I32LE_g)
#define H5T_STD_I64LE_g		      LATE_VALUE(H5T_STD_I64LE_g)
#define H5T_STD_I8LE_g		      LATE_VALUE(H5T_STD_I8LE_g)
#define H5T_STD_REF_OBJ_g	      LATE_VALUE(H5T_STD_REF_OBJ_g)
#define H5T_STD_U16LE_g		      LATE_VALUE(H5T_STD_U16LE_g)
#define H5T_STD_U32LE_g		      LATE_VALUE(H5T_STD_U32LE_g)
#define H5T_STD_U64LE_g		      LATE_VALUE(H5T_STD_U64LE_g)
#define H5T_STD_U8LE_g		      LATE_VALUE(H5T_STD_U8LE_g)

#endif

#endif
