/* SPDX-License-Identifier: MIT */
/*
 * The hostile plugin: a filter of HDF5 that tries what a plugin should not be
 * able to do, each time when it decodes a chunk.  The chunk holds the path of a
 * folder, of less than 4000 bytes; what the filter gives for it is HOSTILE_RAN,
 * and a byte for each try: 1 if it succeeded, else 0.
 */
#ifndef CUTE_SHM_TESTS_HOSTILE_H
#define CUTE_SHM_TESTS_HOSTILE_H

#define HOSTILE_FILTER 32124 /* nobody else has it here */
#define HOSTILE_SIZE   4096  /* bytes of a chunk */
#define HOSTILE_RAN    0xa5

/*
 * What is tried, in this order, and whether only Landlock refuses it.  In the
 * folder are "old", a file that can be written, and "socket", which listens.
 */
#define HOSTILE_TRIES(T) \
	T(read_at_start, 1) /* /etc/passwd, when the plugin is loaded */ \
	T(fork_at_start, 0) \
	T(read_users, 1) /* /etc/passwd */ \
	T(read_old, 1) \
	T(read_parent, 1) /* its memory */ \
	T(write_parent, 0) \
	T(create, 0) /* "new" */ \
	T(write_old, 0) \
	T(cut_old, 0) \
	T(change_mode, 0) \
	T(unlink_old, 0) \
	T(make_symlink, 0) /* "new" */ \
	T(fork_process, 0) \
	T(start_shell, 0)   /* which makes "new" */ \
	T(connect_local, 0) /* to "socket" */ \
	T(open_socket, 0) \
	T(trace_parent, 0) \
	T(signal_parent, 0) \
	T(signal_thread, 0) \
	T(signal_by_owner, 0) \
	T(limit_parent, 0) \
	T(raise_limit, 0) \
	T(become_program, 0) /* does not return if it succeeds */

#define HOSTILE_NAME(name, landlock) HOSTILE_##name,
enum hostile_try {
	HOSTILE_TRIES(HOSTILE_NAME) HOSTILE_COUNT
};

#endif
