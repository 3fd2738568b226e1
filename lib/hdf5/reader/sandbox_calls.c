/* SPDX-License-Identifier: MIT */
/*
 * The system calls that the process may make: what libc, threads, libhdf5, the
 * decoders, the sanitizers and valgrind need to work on what is open, to read
 * files by name, and to use memory, and no more.
 */
#include <string.h>
#include <sys/syscall.h>

#include "hdf5/reader/sandbox_calls.h"
#include "hdf5/source/source.h"

#ifdef CALLS_ARCH

/* Younger than the headers of some systems; the same on all processors. */
#define CLOSE_RANGE 436
#define FACCESSAT2  439

static const uint16_t allowed[] = {
	/* descriptors that are open */
	__NR_read,
	__NR_write,
	__NR_readv,
	__NR_writev,
	__NR_pread64,
	__NR_pwrite64,
	__NR_preadv,
	__NR_pwritev,
	__NR_preadv2,
	__NR_pwritev2,
	__NR_lseek,
	__NR_fallocate,
	__NR_fadvise64,
	__NR_readahead,
	CACHESTAT,
	__NR_copy_file_range,
	__NR_flock,
	__NR_dup,
	__NR_dup3,
	__NR_close,
	CLOSE_RANGE,
	__NR_ppoll,
	__NR_pselect6,
	__NR_pipe2,
	/* the socket, which is connected */
	__NR_sendmsg,
	__NR_recvfrom,
	__NR_recvmsg,
	__NR_shutdown,
	__NR_getsockopt,
	/* files by name, to be read */
	__NR_newfstatat,
	__NR_fstat,
	__NR_statx,
	__NR_statfs,
	__NR_fstatfs,
	__NR_faccessat,
	FACCESSAT2,
	__NR_readlinkat,
	__NR_getdents64,
	__NR_getcwd,
	/* memory */
	__NR_brk,
	__NR_mmap,
	__NR_munmap,
	__NR_mremap,
	__NR_mprotect,
	__NR_msync,
	__NR_mincore,
	/* threads and signals of this process */
	__NR_set_tid_address,
	__NR_set_robust_list,
	__NR_rseq,
	__NR_futex,
	__NR_membarrier,
	__NR_sched_yield,
	__NR_sched_getaffinity,
	__NR_sched_getparam,
	__NR_sched_getscheduler,
	__NR_sched_get_priority_max,
	__NR_sched_get_priority_min,
	__NR_exit,
	__NR_exit_group,
	__NR_restart_syscall,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_rt_sigpending,
	__NR_rt_sigsuspend,
	__NR_rt_sigtimedwait,
	__NR_sigaltstack,
	/* what time it is, and who and where we are */
	__NR_clock_gettime,
	__NR_clock_getres,
	__NR_clock_nanosleep,
	__NR_nanosleep,
	__NR_gettimeofday,
	__NR_times,
	__NR_getrusage,
	__NR_getrandom,
	__NR_getcpu,
	__NR_sysinfo,
	__NR_uname,
	__NR_getpid,
	__NR_getppid,
	__NR_gettid,
	__NR_getpgid,
	__NR_getuid,
	__NR_geteuid,
	__NR_getgid,
	__NR_getegid,
	__NR_getresuid,
	__NR_getresgid,
	__NR_getgroups,
#ifdef __x86_64__
	/* older forms of the same, which younger processors never had */
	__NR_stat,
	__NR_lstat,
	__NR_access,
	__NR_readlink,
	__NR_getdents,
	__NR_dup2,
	__NR_poll,
	__NR_select,
	__NR_pipe,
	__NR_pause,
	__NR_time,
	__NR_getrlimit,
	__NR_getpgrp,
	__NR_arch_prctl,
#endif
};

/* If the process writes a file. */
static const uint16_t allowed_writer[] = {
	__NR_ftruncate,
	__NR_fsync,
	__NR_fdatasync,
	__NR_sync_file_range,
};

static const struct {
	uint16_t number;
	uint16_t verdict;
} looks[] = {
	{ __NR_fcntl, LOOK_FCNTL },	  { __NR_ioctl, LOOK_IOCTL },
	{ __NR_sendto, LOOK_SENDTO },	  { __NR_openat, LOOK_OPENAT },
	{ __NR_madvise, LOOK_MADVISE },	  { __NR_clone, LOOK_CLONE },
	{ __NR_clone3, ABSENT },	  { __NR_kill, LOOK_PROCESS },
	{ __NR_tgkill, LOOK_PROCESS },	  { __NR_prctl, LOOK_PRCTL },
	{ __NR_prlimit64, LOOK_PRLIMIT },
#ifdef __x86_64__
	{ __NR_open, LOOK_OPEN },
#endif
};

void
call_verdicts(uint8_t verdicts[FIRST_UNKNOWN], bool writes)
{
	size_t i;

	memset(verdicts, REFUSE, FIRST_UNKNOWN);
	for (i = 0; i < COUNT(allowed); i++)
		verdicts[allowed[i]] = ALLOW;
	for (i = 0; writes && i < COUNT(allowed_writer); i++)
		verdicts[allowed_writer[i]] = ALLOW;
	for (i = 0; i < COUNT(looks); i++)
		verdicts[looks[i].number] = (uint8_t)looks[i].verdict;
}

#endif
