/* SPDX-License-Identifier: MIT */
/*
 * What is refused in the sandbox.  Each try is the system call itself, so that
 * no library avoids it, and each is looked at from outside, too: the folder,
 * the parent's signals, limits and memory are as before.
 */

#include <check.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_util.h"
#include "util.h"

/* The folder, a file in it, and descriptors that the child inherits. */
static const char *folder;
static char file[4096], new[4096];
static int source, output, board, ends[2];
static pid_t parent;

/* What happens to the parent. */
static volatile sig_atomic_t signals;
static volatile int victim = 1;
static struct rlimit limit;
static int nice_before;

/* Calls that shall fail: each adds itself before main(). */
static struct attempt {
	const char *name;
	long (*call)(void);
	int err;
} attempts[200], readings[20];
static unsigned attempt_count, reading_count;

#define ADD(list, count, what, errnum) \
	__attribute__((constructor)) static void add_##what(void) \
	{ \
		list[count++] = (struct attempt){ #what, what, errnum }; \
	}
#define REFUSED(name) ADD(attempts, attempt_count, name, EPERM)
#define ABSENT(name)  ADD(attempts, attempt_count, name, ENOSYS)
/* by Landlock */
#define UNREADABLE(name) ADD(readings, reading_count, name, EACCES)

/* Numbers of calls that are younger than some headers; alike everywhere. */
enum {
	PIDFD_SEND_SIGNAL = 424,
	IO_URING_SETUP = 425,
	OPEN_TREE = 428,
	FSOPEN = 430,
	PIDFD_OPEN = 434,
	CLONE3 = 435,
	OPENAT2 = 437,
	PIDFD_GETFD = 438,
	PROCESS_MADVISE = 440,
	FCHMODAT2 = 452,
	NEVER = 5000,
};

#define CALL(name, ...) \
	static long name(void) \
	{ \
		return syscall(__VA_ARGS__); \
	}

/* A call that is refused. */
#define TRY(name, ...) CALL(name, __VA_ARGS__) REFUSED(name)

/* The same; a new process would not go on here. */
#define TRY_CHILD(name, ...) \
	static long name(void) \
	{ \
		long pid = syscall(__VA_ARGS__); \
\
		if (pid == 0) \
			_exit(0); \
		return pid; \
	} \
	REFUSED(name)

#define TRY_READING(name, ...) CALL(name, __VA_ARGS__) UNREADABLE(name)

/* ---------------------------------------------------------------- the files */

TRY(create, SYS_openat, AT_FDCWD, new, O_WRONLY | O_CREAT, 0600)
TRY(create_only, SYS_openat, AT_FDCWD, new, O_RDONLY | O_CREAT, 0600)
TRY(open_write, SYS_openat, AT_FDCWD, file, O_WRONLY)
TRY(open_both, SYS_openat, AT_FDCWD, file, O_RDWR)
TRY(open_cut, SYS_openat, AT_FDCWD, file, O_RDONLY | O_TRUNC)
TRY(open_unnamed, SYS_openat, AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600)
TRY(open_path, SYS_openat, AT_FDCWD, folder, O_PATH)
TRY(open_async, SYS_openat, AT_FDCWD, file, O_RDONLY | O_ASYNC)
TRY(open_two, OPENAT2, AT_FDCWD, file, NULL, 24)
TRY(make_folder, SYS_mkdirat, AT_FDCWD, new, 0700)
TRY(make_fifo, SYS_mknodat, AT_FDCWD, new, S_IFIFO | 0600, 0)
TRY(make_symlink, SYS_symlinkat, file, AT_FDCWD, new)
TRY(make_link, SYS_linkat, AT_FDCWD, file, AT_FDCWD, new, 0)
TRY(rename_file, SYS_renameat2, AT_FDCWD, file, AT_FDCWD, new, 0)
TRY(unlink_file, SYS_unlinkat, AT_FDCWD, file, 0)
TRY(mode_of_name, SYS_fchmodat, AT_FDCWD, file, 0777)
TRY(mode_of_open, SYS_fchmod, output, 0777)
TRY(mode_new, FCHMODAT2, AT_FDCWD, file, 0777, 0)
TRY(owner_of_name, SYS_fchownat, AT_FDCWD, file, getuid(), getgid(), 0)
TRY(owner_of_open, SYS_fchown, output, getuid(), getgid())
TRY(truncate_name, SYS_truncate, file, 0L)
TRY(truncate_open, SYS_ftruncate, output, 0L)
TRY(times, SYS_utimensat, AT_FDCWD, file, NULL, 0)
TRY(attribute, SYS_setxattr, file, "user.a", "b", 1, 0)
TRY(change_folder, SYS_chdir, folder)
TRY(change_root, SYS_chroot, folder)
TRY(mount_folder, SYS_mount, "none", folder, "tmpfs", 0, NULL)
TRY(unmount_folder, SYS_umount2, folder, 0)
TRY(mount_new, FSOPEN, "tmpfs", 0)
TRY(mount_tree, OPEN_TREE, AT_FDCWD, folder, 1)
TRY(memory_file, SYS_memfd_create, "m", 0)
TRY(watch, SYS_inotify_init1, 0)
TRY(watch_all, SYS_fanotify_init, 0, 0)
TRY(handle_of_file, SYS_name_to_handle_at, AT_FDCWD, file, NULL, NULL, 0)

#ifdef SYS_open /* older calls that the younger processors do not have */
TRY(old_create, SYS_creat, new, 0600)
TRY(old_open, SYS_open, new, O_WRONLY | O_CREAT, 0600)
TRY(old_chmod, SYS_chmod, file, 0777)
TRY(old_unlink, SYS_unlink, file)
TRY_CHILD(old_fork, SYS_fork)
TRY(x32, 0x40000000L + SYS_getpid)
#endif

/* ------------------------------------------------------------ the processes */

TRY_CHILD(fork_process, SYS_clone, SIGCHLD, 0, 0, 0, 0)
TRY_CHILD(fork_quiet, SYS_clone, 0, 0, 0, 0, 0)
TRY_CHILD(fork_user, SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
/* A thread is one of this process in all that it has. */
TRY_CHILD(thread_apart, SYS_clone,
	  CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWNET, 0, 0, 0, 0)
TRY(new_user, SYS_unshare, CLONE_NEWUSER)
TRY(new_mounts, SYS_unshare, CLONE_NEWNS)
TRY(enter_space, SYS_setns, source, 0)
TRY(trace_parent, SYS_ptrace, PTRACE_SEIZE, parent, 0, 0)
TRY(trace_me, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)
TRY(kill_parent, SYS_kill, parent, SIGUSR1)
TRY(kill_group, SYS_kill, 0, 0)
TRY(kill_all, SYS_kill, -1, 0)
TRY(kill_thread, SYS_tkill, parent, SIGUSR1)
TRY(kill_tgkill, SYS_tgkill, parent, parent, SIGUSR1)
TRY(pidfd, PIDFD_OPEN, parent, 0)
TRY(pidfd_signal, PIDFD_SEND_SIGNAL, source, SIGUSR1, NULL, 0)
TRY(pidfd_take, PIDFD_GETFD, source, 0, 0)
TRY(advise_parent, PROCESS_MADVISE, source, NULL, 0, 0, 0)
TRY(priority, SYS_setpriority, PRIO_PROCESS, parent, 19)
TRY(group_of_parent, SYS_setpgid, parent, parent)
TRY(session, SYS_setsid)
TRY(user, SYS_setresuid, getuid(), getuid(), getuid())
TRY(outlive, SYS_prctl, PR_SET_PDEATHSIG, 0)
TRY(dumpable, SYS_prctl, PR_SET_DUMPABLE, 1)
TRY(any_tracer, SYS_prctl, 0x59616d61, -1L) /* PR_SET_PTRACER */
TRY(poison, SYS_madvise, NULL, 0, MADV_HWPOISON)
TRY(shared_memory, SYS_shmget, IPC_PRIVATE, 4096, 0600)

/* The caller has another way. */
CALL(clone_three, CLONE3, NULL, 0)
ABSENT(clone_three)
CALL(unknown_call, NEVER)
ABSENT(unknown_call)

static long
run_program(void)
{
	char *const argv[] = { file, NULL };

	return syscall(SYS_execve, "/bin/false", argv, NULL);
}
REFUSED(run_program)

static long
run_open(void)
{
	char *const argv[] = { file, NULL };

	return syscall(SYS_execveat, source, "", argv, NULL, AT_EMPTY_PATH);
}
REFUSED(run_open)

static long
queue_signal(void)
{
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &info);
}
REFUSED(queue_signal)

static struct iovec
victim_at(void)
{
	void *address = (void *)(uintptr_t)&victim;

	return (struct iovec){ address, sizeof(victim) };
}

static long
write_parent(void)
{
	int wrong = 2;
	struct iovec from = { &wrong, sizeof(wrong) }, to = victim_at();

	return syscall(SYS_process_vm_writev, parent, &from, 1, &to, 1, 0);
}
REFUSED(write_parent)

static long
read_parent(void)
{
	int was;
	struct iovec to = { &was, sizeof(was) }, from = victim_at();

	return syscall(SYS_process_vm_readv, parent, &to, 1, &from, 1, 0);
}
REFUSED(read_parent)

static long
memory_of_parent(int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)parent);
	return syscall(SYS_openat, AT_FDCWD, path, flags);
}

static long
memory_write(void)
{
	return memory_of_parent(O_RDWR);
}
REFUSED(memory_write)

/* ------------------------------------------------- limits, signals by files */

static long
limit_of(pid_t pid)
{
	struct rlimit lower = { 64, 64 };

	return syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, &lower, NULL);
}

static long
limit_parent(void)
{
	return limit_of(parent);
}
REFUSED(limit_parent)

static long
limit_own(void)
{
	return limit_of(0);
}
REFUSED(limit_own)

static long
limits_of_parent(void)
{
	struct rlimit had;

	return syscall(SYS_prlimit64, parent, RLIMIT_NOFILE, NULL, &had);
}
REFUSED(limits_of_parent)

static long
owner_extended(void)
{
	const int owner[2] = { 1, parent }; /* F_OWNER_PID */

	return syscall(SYS_fcntl, ends[0], 15, owner); /* F_SETOWN_EX */
}
REFUSED(owner_extended)

static long
owner_by_ioctl(void)
{
	return syscall(SYS_ioctl, ends[0], 0x8901, &parent); /* FIOSETOWN */
}
REFUSED(owner_by_ioctl)

static long
type_for_others(void)
{
	return syscall(SYS_ioctl, source, TIOCSTI, "x");
}
REFUSED(type_for_others)

TRY(owner, SYS_fcntl, ends[0], F_SETOWN, parent)
TRY(owner_signal, SYS_fcntl, ends[0], 10, SIGUSR1) /* F_SETSIG */
TRY(async, SYS_fcntl, ends[0], F_SETFL, O_RDWR | O_ASYNC)
TRY(lease, SYS_fcntl, source, 1024, F_RDLCK) /* F_SETLEASE */
TRY(notice, SYS_fcntl, source, 1026, 1)	     /* F_NOTIFY */
TRY(seal, SYS_fcntl, board, 1033, 1)	     /* F_ADD_SEALS */

/* -------------------------------------------------------------- the network */

TRY(socket_internet, SYS_socket, AF_INET, SOCK_STREAM, 0)
TRY(socket_local, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
TRY(socket_kernel, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
TRY(socket_two, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL)
TRY(socket_listen, SYS_listen, ends[0], 1)
TRY(socket_accept, SYS_accept4, ends[0], NULL, NULL, 0)
TRY(socket_option, SYS_setsockopt, ends[0], SOL_SOCKET, SO_SNDBUF, &victim, 4)

static const struct sockaddr_un somewhere = {
	.sun_family = AF_UNIX,
	.sun_path = "/run/systemd/journal/socket",
};

TRY(socket_connect, SYS_connect, ends[0], &somewhere, sizeof(somewhere))
TRY(socket_bind, SYS_bind, ends[0], &somewhere, sizeof(somewhere))
TRY(socket_send, SYS_sendto, ends[0], "x", 1, 0, &somewhere, sizeof(somewhere))

/* --------------------------------------------------------------- the kernel */

TRY(ring, IO_URING_SETUP, 1, NULL)
TRY(bpf, SYS_bpf, 0, NULL, 0)
TRY(events, SYS_perf_event_open, NULL, 0, -1, -1, 0)
TRY(key, SYS_keyctl, 0, -3, 0)
TRY(key_add, SYS_add_key, "user", "k", "v", 1, -3)
TRY(faults, SYS_userfaultfd, 0)
TRY(module, SYS_init_module, NULL, 0, "")
TRY(restart, SYS_reboot, 0, 0, 0, NULL)
TRY(host, SYS_sethostname, "x", -1)
TRY(clock_back, SYS_clock_settime, 0, NULL)
TRY(swap, SYS_swapoff, new)
TRY(filter, SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL)
TRY(compare, SYS_kcmp, getpid(), parent, 0, 0, 0)

/* ------------------------------------------------------------ files to read */

TRY_READING(read_file, SYS_openat, AT_FDCWD, file, O_RDONLY)
TRY_READING(read_users, SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)
TRY_READING(read_top, SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY)
TRY_READING(read_own, SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY)

static long
read_memory(void)
{
	return memory_of_parent(O_RDONLY);
}
UNREADABLE(read_memory)

static long
read_again(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", source);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}
UNREADABLE(read_again)

/* -------------------------------------------------------- before, and after */

static void
on_signal(int number)
{
	(void)number;
	signals++;
}

static void
begin(void)
{
	folder = test_root();
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(new, sizeof(new), "%s/new", folder);
	output = open(file, O_RDWR | O_CREAT, 0644);
	fchmod(output, 0644);
	source = open(file, O_RDONLY);
	ck_assert_int_eq(write(output, "old", 3), 3);
	board = memfd_create("board", MFD_ALLOW_SEALING);
	ck_assert_int_ge(board, 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	parent = getpid();
	nice_before = getpriority(PRIO_PROCESS, 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	signal(SIGUSR1, on_signal);
	signal(SIGIO, on_signal);
}

static void
ck_as_before(void)
{
	struct rlimit now;
	struct stat st;
	char text[8];

	ck_assert_uint_eq(test_count(folder), 1);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_int_eq(pread(output, text, sizeof(text), 0), 3);
	ck_assert_mem_eq(text, "old", 3);
	ck_assert_int_eq(signals, 0);
	ck_assert_int_eq(victim, 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_mem_eq(&now, &limit, sizeof(now));
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), nice_before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static const struct attempt *tried;

static int
attempt(void)
{
	long result;

	errno = 0;
	result = tried->call();
	if (result == -1 && errno == tried->err)
		return 0;
	dprintf(2, "%s: %ld, %s\n", tried->name, result, strerror(errno));
	return 1;
}

static void
ck_refused(const struct attempt *a)
{
	static const char *const libraries[] = { "/usr/lib", NULL };
	struct sandbox box = { .readable = libraries };
	int status;

	begin();
	tried = a;
	status = sandbox_run(&box, attempt);
	ck_assert_msg(status == 0, "%s: %d", a->name, status);
	ck_as_before();
}

START_TEST(refused)
{
	ck_refused(&attempts[_i]);
}
END_TEST

START_TEST(unreadable)
{
	ck_refused(&readings[_i]);
}
END_TEST

#ifdef __x86_64__

/* The way of 32-bit programs, with their number of getpid(). */
static long
old_door(void)
{
	long result = 20;

	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	return result < 0 ? -1 : result;
}

START_TEST(other_numbers)
{
	static const struct attempt door = { "int 0x80", old_door, EPERM };
	static const char *const nothing[] = { NULL };
	struct sandbox box = { .readable = nothing };
	int status;

	tried = &door;
	status = sandbox_run(&box, attempt);
	/* A kernel without 32-bit programs ends who knocks there. */
	ck_assert_msg(status == 0 || status == -SIGSEGV, "%d", status);
}
END_TEST

#endif

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");
	unsigned here = sandbox_here();

	if (here & SANDBOX_SECCOMP) {
		tcase_add_loop_test(t, refused, 0, (int)attempt_count);
#ifdef __x86_64__
		tcase_add_test(t, other_numbers);
#endif
	} else {
		puts("skipped: no seccomp here");
	}
	if (here & SANDBOX_LANDLOCK)
		tcase_add_loop_test(t, unreadable, 0, (int)reading_count);
	else
		puts("skipped in part: no Landlock here");
	suite_add_tcase(s, t);
	return test_run(s);
}
