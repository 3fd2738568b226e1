/* SPDX-License-Identifier: MIT */
/*
 * seccomp: a program that the kernel runs for the system calls of the process,
 * but for those that it has found to be always allowed.  The list of calls is
 * made into a search tree at run time, since the kernel tries all numbers when
 * it installs the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/reader/sandbox.h"
#include "hdf5/reader/sandbox_calls.h"

#ifdef CALLS_ARCH

/* The numbers of x32, x86-64 with short pointers, have this bit. */
#define X32 0x40000000

/* --------------------------------------------------- pieces of the program */

#define LOW(argument) \
	((uint32_t)offsetof(struct seccomp_data, args) + 8 * (argument))
#define HIGH(argument) (LOW(argument) + 4)
#define RETURN_ALLOW   SECCOMP_RET_ALLOW
#define RETURN(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

static void
put(struct filter_program *p, unsigned code, uint8_t yes, uint8_t no,
    uint32_t k)
{
	if (p->count < SANDBOX_PROGRAM)
		p->code[p->count] = (struct sock_filter){
			.code = (uint16_t)code,
			.jt = yes,
			.jf = no,
			.k = k,
		};
	p->count++;
}

static void
put_return(struct filter_program *p, uint32_t k)
{
	put(p, BPF_RET | BPF_K, 0, 0, k);
}

/* Load 32 bits at this offset of struct seccomp_data. */
static void
put_load(struct filter_program *p, uint32_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

/* Refuse the call unless what is loaded passes the test. */
static void
put_must(struct filter_program *p, unsigned test, uint32_t k)
{
	put(p, BPF_JMP | test | BPF_K, 1, 0, k);
	put_return(p, RETURN(EPERM));
}

/* Refuse the call if it passes the test. */
static void
put_must_not(struct filter_program *p, unsigned test, uint32_t k)
{
	put(p, BPF_JMP | test | BPF_K, 0, 1, k);
	put_return(p, RETURN(EPERM));
}

/* Refuse the call unless one of the values, as many as 'n', is loaded. */
static void
put_one_of(struct filter_program *p, const uint32_t *values, unsigned n)
{
	for (; n > 0; n--, values++)
		put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint8_t)n, 0, *values);
	put_return(p, RETURN(EPERM));
}

/* ------------------------------------------- calls that depend on arguments */

/* Of open(); the kernel sees the last flag where libc has 0. */
#ifdef __x86_64__
#define LARGEFILE 0100000
#else
#define LARGEFILE 0400000
#endif
#define READING \
	(O_CLOEXEC | O_DIRECTORY | O_NOATIME | O_NOCTTY | O_NOFOLLOW | \
	 O_NONBLOCK | LARGEFILE)

/* Of clone(): what a thread shares with its process. */
#define THREAD \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | \
	 CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED)

/* No owner, signal, lease or notice: these send signals to a process. */
static const uint32_t fcntl_commands[] = {
	F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,	   F_SETFD,  F_GETFL,
	F_SETFL,     F_GETLK,	      F_SETLK,	   F_SETLKW, F_OFD_GETLK,
	F_OFD_SETLK, F_OFD_SETLKW,    F_GET_SEALS,
};

/* isatty(), in both forms; nothing that changes a terminal. */
static const uint32_t ioctl_requests[] = { TCGETS, 0x802c542a };

static const uint32_t prctl_options[] = {
	PR_SET_NAME,	     PR_GET_NAME,      PR_GET_DUMPABLE,
	PR_GET_SECCOMP,	     PR_CAPBSET_READ,  PR_SET_NO_NEW_PRIVS,
	PR_GET_NO_NEW_PRIVS, PR_GET_PDEATHSIG, PR_GET_THP_DISABLE,
	0x53564d41, /* PR_SET_VMA: a name of some memory */
};

#define ONE_OF(p, list) put_one_of(p, list, COUNT(list))

/* F_SETFL with O_ASYNC: a terminal would signal its foreground processes. */
static void
look_fcntl(struct filter_program *p)
{
	put_load(p, LOW(1));
	ONE_OF(p, fcntl_commands);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, F_SETFL);
	put_load(p, LOW(2));
	put_must_not(p, BPF_JSET, O_ASYNC);
}

static void
look_clone(struct filter_program *p)
{
	put_load(p, LOW(0));
	put_must(p, BPF_JSET, CLONE_THREAD);
	put_must_not(p, BPF_JSET, ~(uint32_t)THREAD);
}

/* Of this process, and only to be read: limits are set before. */
static void
look_prlimit(struct filter_program *p)
{
	put_load(p, LOW(0));
	put_must(p, BPF_JEQ, 0);
	put_load(p, LOW(2));
	put_must(p, BPF_JEQ, 0);
	put_load(p, HIGH(2));
	put_must(p, BPF_JEQ, 0);
}

/* Without an address: to the other end of the socket. */
static void
look_sendto(struct filter_program *p)
{
	put_load(p, LOW(4));
	put_must(p, BPF_JEQ, 0);
	put_load(p, HIGH(4));
	put_must(p, BPF_JEQ, 0);
}

static void
put_look(struct filter_program *p, enum verdict verdict)
{
	switch (verdict) {
	case LOOK_OPEN:
	case LOOK_OPENAT:
		put_load(p, verdict == LOOK_OPEN ? LOW(1) : LOW(2));
		put_must_not(p, BPF_JSET, ~(uint32_t)READING);
		break;
	case LOOK_CLONE: look_clone(p); break;
	case LOOK_FCNTL: look_fcntl(p); break;
	case LOOK_IOCTL:
		put_load(p, LOW(1));
		ONE_OF(p, ioctl_requests);
		break;
	case LOOK_MADVISE: /* from here on, memory is taken from the machine */
		put_load(p, LOW(2));
		put_must_not(p, BPF_JGE, MADV_HWPOISON);
		break;
	case LOOK_PRCTL:
		put_load(p, LOW(0));
		ONE_OF(p, prctl_options);
		break;
	case LOOK_PRLIMIT: look_prlimit(p); break;
	case LOOK_SENDTO: look_sendto(p); break;
	default: /* LOOK_PROCESS: of this one */
		put_load(p, LOW(0));
		put_must(p, BPF_JEQ, (uint32_t)getpid());
	}
	put_return(p, RETURN_ALLOW);
}

/* -------------------------------------------------------------- the program */

/* Neighbours with the same verdict: from 'first' to where the next begins. */
struct range {
	uint32_t first;
	enum verdict verdict;
};

/* What is between the calls of the list, and two ranges above. */
#define RANGES (FIRST_UNKNOWN + 2)

static unsigned
make_ranges(struct range ranges[RANGES], bool writes)
{
	uint8_t verdicts[FIRST_UNKNOWN];
	enum verdict v;
	unsigned n = 0;
	uint32_t i;

	call_verdicts(verdicts, writes);
	for (i = 0; i < FIRST_UNKNOWN; i++) {
		v = verdicts[i];
		if (n == 0 || ranges[n - 1].verdict != v)
			ranges[n++] = (struct range){ i, v };
	}
	ranges[n++] = (struct range){ FIRST_UNKNOWN, ABSENT };
	ranges[n++] = (struct range){ X32, REFUSE };
	return n;
}

static void
put_verdict(struct filter_program *p, enum verdict verdict)
{
	if (verdict == REFUSE)
		put_return(p, RETURN(EPERM));
	else if (verdict == ALLOW)
		put_return(p, RETURN_ALLOW);
	else if (verdict == ABSENT)
		put_return(p, RETURN(ENOSYS));
	else
		put_look(p, verdict);
}

/* Halve the ranges until one is left; the call's number is loaded. */
static void
put_tree(struct filter_program *p, const struct range *ranges, unsigned n)
{
	unsigned half = n / 2, jump;

	if (n == 1) {
		put_verdict(p, ranges->verdict);
		return;
	}
	/* A test jumps by 255 at most, BPF_JA by any number. */
	put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, ranges[half].first);
	jump = p->count;
	put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	put_tree(p, ranges, half);
	if (jump < SANDBOX_PROGRAM)
		p->code[jump].k = p->count - jump - 1;
	put_tree(p, ranges + half, n - half);
}

int
filter_make(struct filter_program *p, bool writes)
{
	struct range ranges[RANGES];
	unsigned n = make_ranges(ranges, writes);

	p->count = 0;
	/* Another kind of program has other numbers, as by "int 0x80". */
	put_load(p, offsetof(struct seccomp_data, arch));
	put_must(p, BPF_JEQ, CALLS_ARCH);
	put_load(p, offsetof(struct seccomp_data, nr));
	put_tree(p, ranges, n);
	return p->count <= SANDBOX_PROGRAM ? 0 : -E2BIG;
}

#else /* a processor whose calls are not in the list */

int
filter_make(struct filter_program *p, bool writes)
{
	(void)writes;
	p->count = 0;
	return -ENOSYS;
}

#endif

int
filter_supported(void)
{
#ifdef CALLS_ARCH
	uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0
		       ? 0
		       : -errno;
#else
	return -ENOSYS;
#endif
}

/* 0, -errno, or -EBUSY if a thread has a filter that this one has not. */
static int
install(const struct sock_fprog *program, unsigned long flags)
{
	long n = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);

	if (n < 0)
		return -errno;
	return n == 0 ? 0 : -EBUSY;
}

int
filter_enter(bool writes)
{
	struct filter_program p;
	struct sock_fprog program = { .filter = p.code };
	int err = filter_make(&p, writes);

	if (err != 0)
		return err;
	program.len = (unsigned short)p.count;
	/*
	 * Kernels before 5.16 slow a filtered process down, so that it cannot
	 * see its own memory by speculation; this one may see all of it.
	 */
	err = install(&program, SECCOMP_FILTER_FLAG_TSYNC |
					SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	if (err == -EINVAL) /* before 4.17 there was no such flag */
		err = install(&program, SECCOMP_FILTER_FLAG_TSYNC);
	return err;
}
