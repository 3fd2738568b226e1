# The manual, in mdoc.  man/*.3 describe families of calls; each call of a page
# is installed as a page of its own that leads there.

MAN_CORE = \
	man/cute-shm.1 \
	man/cute-shm-diff.1 \
	man/cute-shm-doctor.1 \
	man/cute-shm-dump.1 \
	man/cute-shm-export.1 \
	man/cute-shm-list.1 \
	man/cute-shm-load.1 \
	man/cute-shm-top.1 \
	man/cute-shm-unlink.1 \
	man/cute-shm-verify.1 \
	man/cute-shm.5 \
	man/cute-shm.7 \
	man/cute_shm.3 \
	man/cute_shm_attr.3 \
	man/cute_shm_builder.3 \
	man/cute_shm_collect.3 \
	man/cute_shm_error.3 \
	man/cute_shm_get.3 \
	man/cute_shm_list.3 \
	man/cute_shm_load_begin.3 \
	man/cute_shm_open.3 \
	man/cute_shm_receive.3 \
	man/cute_shm_export.3 \
	man/cute_shm_update.3 \
	man/cute_shm_verify.3 \
	man/cute_shm_walk.3

MAN_HDF5 = \
	man/cute-shm-evaluate.1 \
	man/cute-shm-hdf5.1 \
	man/cute-shm-hdf5.7 \
	man/cute_shm_hdf5_load.3 \
	man/cute_shm_hdf5_export.3

MAN_CALLS = \
	man/cute_shm_attr_f64.3 \
	man/cute_shm_attr_i64.3 \
	man/cute_shm_attr_text.3 \
	man/cute_shm_available.3 \
	man/cute_shm_builder_adopt.3 \
	man/cute_shm_builder_array.3 \
	man/cute_shm_builder_attr.3 \
	man/cute_shm_builder_attr_ragged.3 \
	man/cute_shm_builder_attr_text.3 \
	man/cute_shm_builder_borrow.3 \
	man/cute_shm_builder_free.3 \
	man/cute_shm_builder_grant.3 \
	man/cute_shm_builder_group.3 \
	man/cute_shm_builder_lend.3 \
	man/cute_shm_builder_link.3 \
	man/cute_shm_builder_new.3 \
	man/cute_shm_builder_options.3 \
	man/cute_shm_builder_publish.3 \
	man/cute_shm_builder_ragged.3 \
	man/cute_shm_builder_reserve.3 \
	man/cute_shm_builder_seal.3 \
	man/cute_shm_builder_write.3 \
	man/cute_shm_check_offsets.3 \
	man/cute_shm_close.3 \
	man/cute_shm_close_at.3 \
	man/cute_shm_dtype_name.3 \
	man/cute_shm_dtype_size.3 \
	man/cute_shm_element.3 \
	man/cute_shm_ends_at_logout.3 \
	man/cute_shm_errmsg.3 \
	man/cute_shm_f32.3 \
	man/cute_shm_f64.3 \
	man/cute_shm_fail.3 \
	man/cute_shm_fd.3 \
	man/cute_shm_file_fd.3 \
	man/cute_shm_file_free.3 \
	man/cute_shm_file_new.3 \
	man/cute_shm_file_publish.3 \
	man/cute_shm_find.3 \
	man/cute_shm_first_child.3 \
	man/cute_shm_follow.3 \
	man/cute_shm_i16.3 \
	man/cute_shm_i32.3 \
	man/cute_shm_i64.3 \
	man/cute_shm_i8.3 \
	man/cute_shm_info.3 \
	man/cute_shm_is_current.3 \
	man/cute_shm_load_end.3 \
	man/cute_shm_load_progress.3 \
	man/cute_shm_loads.3 \
	man/cute_shm_lock.3 \
	man/cute_shm_lock_all.3 \
	man/cute_shm_lock_exclusive.3 \
	man/cute_shm_missing.3 \
	man/cute_shm_log.3 \
	man/cute_shm_next.3 \
	man/cute_shm_next_attr.3 \
	man/cute_shm_next_sibling.3 \
	man/cute_shm_node_array.3 \
	man/cute_shm_node_id.3 \
	man/cute_shm_open_file.3 \
	man/cute_shm_parent.3 \
	man/cute_shm_path.3 \
	man/cute_shm_receive_at.3 \
	man/cute_shm_receive_begin.3 \
	man/cute_shm_receive_done.3 \
	man/cute_shm_receive_free.3 \
	man/cute_shm_receive_publish.3 \
	man/cute_shm_receive_seal.3 \
	man/cute_shm_reopen.3 \
	man/cute_shm_load.3 \
	man/cute_shm_seal.3 \
	man/cute_shm_set_log.3 \
	man/cute_shm_snapshot.3 \
	man/cute_shm_source_state.3 \
	man/cute_shm_state.3 \
	man/cute_shm_strerror.3 \
	man/cute_shm_string.3 \
	man/cute_shm_typed.3 \
	man/cute_shm_u16.3 \
	man/cute_shm_u32.3 \
	man/cute_shm_u64.3 \
	man/cute_shm_u8.3 \
	man/cute_shm_unlink.3 \
	man/cute_shm_unlock.3 \
	man/cute_shm_update_abandon.3 \
	man/cute_shm_update_begin.3 \
	man/cute_shm_update_end.3 \
	man/cute_shm_update_locked.3 \
	man/cute_shm_update_summary.3 \
	man/cute_shm_usage_free.3 \
	man/cute_shm_usage_new.3 \
	man/cute_shm_usage_users.3 \
	man/cute_shm_users.3 \
	man/cute_shm_values_at.3 \
	man/cute_shm_uuid.3 \
	man/cute_shm_version.3 \
	man/cute_shm_wait.3 \
	man/cute_shm_wait_any.3 \
	man/cute_shm_waker_free.3 \
	man/cute_shm_waker_new.3 \
	man/cute_shm_waker_wake.3

MAN_HDF5_CALLS = \
	man/cute_shm_hdf5_about.3 \
	man/cute_shm_hdf5_export_files.3 \
	man/cute_shm_hdf5_load_files.3 \
	man/cute_shm_hdf5_plan.3 \
	man/cute_shm_hdf5_plan_files.3 \
	man/cute_shm_hdf5_size.3

MAN_MPI = \
	man/cute-shm-mpi.1 \
	man/cute_shm_mpi_load.3

MAN_MPI_CALLS = man/cute_shm_mpi_load_files.3

man_MANS = $(MAN_CORE) $(MAN_CALLS)
if HDF5
man_MANS += $(MAN_HDF5) $(MAN_HDF5_CALLS)
endif
if MPI
man_MANS += $(MAN_MPI) $(MAN_MPI_CALLS)
endif
EXTRA_DIST += $(MAN_CORE) $(MAN_HDF5) $(MAN_MPI) man/sharing.svg
CLEANFILES += $(MAN_CALLS) $(MAN_HDF5_CALLS) $(MAN_MPI_CALLS)

# A call's page is the one that has it in its section NAME.
$(MAN_CALLS) $(MAN_HDF5_CALLS) $(MAN_MPI_CALLS): \
    $(MAN_CORE) $(MAN_HDF5) $(MAN_MPI)
	$(AM_V_GEN)$(MKDIR_P) man && call=`basename $@ .3` && \
	page=`grep -l "^\.Nm $$call\( ,\)\{0,1\}$$" $(srcdir)/man/*.3` && \
	echo ".so man3/`basename $$page`" >$@
