/* SPDX-License-Identifier: MIT */
/* What works in the sandbox, and what sandbox_enter() reports. */

#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox_util.h"
#include "util.h"

/* A library of libc that no test uses. */
#define LIBRARY "libresolv.so.2"

static const char *const nothing[] = { NULL };
static const struct sandbox closed = { .readable = nothing };

/* What the child inherits. */
static int source, output, ends[2];
static char inside[4096], outside[4096];

static void
open_files(void)
{
	const char *path = test_path(test_root(), "file");

	output = open(path, O_RDWR | O_CREAT, 0600);
	source = open(path, O_RDONLY);
	ck_assert_int_eq(write(output, "0123456789", 10), 10);
	ck_assert_int_ge(source, 0);
}

/* ------------------------------------------------------------------- memory */

static void *
use_memory(void *arg)
{
	size_t size = (size_t)64 << 20, i;
	char *memory = malloc(size);

	(void)arg;
	if (!memory)
		return NULL;
	for (i = 0; i < size; i += 65536)
		memory[i] = 1;
	free(memory);
	return arg;
}

static int
run_threads(void)
{
	pthread_t threads[8];
	void *result;
	unsigned i;

	for (i = 0; i < ELEMENTS(threads); i++)
		WANT(pthread_create(&threads[i], NULL, use_memory, &source) ==
		     0);
	for (i = 0; i < ELEMENTS(threads); i++)
		WANT(pthread_join(threads[i], &result) == 0 && result);
	return 0;
}

START_TEST(threads)
{
	ck_assert_int_eq(sandbox_run(&closed, run_threads), 0);
}
END_TEST

static int
use_large(void)
{
	size_t size = (size_t)3 << 30, i;
	char *memory = malloc(size), *less = malloc(size / 1024), *map;

	WANT(memory && less);
	for (i = 0; i < size; i += size / 16)
		memory[i] = 1;
	less = realloc(less, size / 512);
	WANT(less);
	free(less);
	free(memory);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	WANT(map != MAP_FAILED);
	WANT(madvise(map, 4096, MADV_DONTNEED) == 0);
	WANT(mprotect(map, 4096, PROT_NONE) == 0);
	return 0;
}

START_TEST(large)
{
	ck_assert_int_eq(sandbox_run(&closed, use_large), 0);
}
END_TEST

/* -------------------------------------------------------------- descriptors */

static int
use_descriptors(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	const uint64_t range[2] = { 0, 8192 };
	char text[8], *shared;
	uint64_t counts[5];
	struct stat st;

	WANT(pread(source, text, 4, 3) == 4 && memcmp(text, "3456", 4) == 0);
	WANT(pwrite(output, "abc", 3, 10) == 3);
	WANT(lseek(output, 0, SEEK_END) == 13);
	WANT(fallocate(output, 0, 0, 8192) == 0);
	WANT(fstat(source, &st) == 0 && st.st_size == 8192);
	WANT(posix_fadvise(source, 0, 0, POSIX_FADV_WILLNEED) == 0);
	WANT(syscall(451, source, range, counts, 0) == 0 || errno == ENOSYS);
	WANT(fcntl(source, F_OFD_SETLK, &lock) == 0);
	WANT(fcntl(source, F_GETLK, &lock) == 0);
	WANT(flock(source, LOCK_SH) == 0);
	WANT(fcntl(output, F_SETFL, O_NONBLOCK) == 0);
	shared =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, output, 0);
	WANT(shared != MAP_FAILED);
	shared[0] = 'x';
	WANT(msync(shared, 8192, MS_SYNC) == 0);
	WANT(pread(source, text, 1, 0) == 1 && text[0] == 'x');
	WANT(dup2(source, 9) == 9 && close(9) == 0);
	WANT(syscall(436, 3, ~0U, 0) == 0 || errno == ENOSYS);
	return 0;
}

START_TEST(descriptors)
{
	char text[4];

	open_files();
	ck_assert_int_eq(sandbox_run(&closed, use_descriptors), 0);
	ck_assert_int_eq(pread(output, text, 3, 10), 3);
	ck_assert_mem_eq(text, "abc", 3);
}
END_TEST

static int
write_file(void)
{
	WANT(pwrite(output, "abc", 3, 0) == 3);
	WANT(fsync(output) == 0 && fdatasync(output) == 0);
	WANT(ftruncate(output, 3) == 0);
	return 0;
}

START_TEST(writer)
{
	struct sandbox box = { .readable = nothing, .writes = true };
	struct stat st;

	open_files();
	ck_assert_int_eq(sandbox_run(&box, write_file), 0);
	ck_assert_int_eq(fstat(output, &st), 0);
	ck_assert_int_eq(st.st_size, 3);
}
END_TEST

/* ----------------------------------------------------------------- messages */

/* A message that carries a descriptor: sends 'fd', or returns what came. */
static int
carry(int end, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char byte = 'd';
	struct iovec part = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (fd < 0) {
		if (recvmsg(end, &m, MSG_CMSG_CLOEXEC) != 1 ||
		    !CMSG_FIRSTHDR(&m))
			return -1;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
		return fd;
	}
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(end, &m, 0) == 1 ? 0 : -1;
}

static int
send_back(void)
{
	int fd = carry(ends[1], -1);
	char text[4];

	WANT(fd >= 0);
	WANT(pread(fd, text, 4, 0) == 4 && memcmp(text, "0123", 4) == 0);
	WANT(carry(ends[1], fd) == 0);
	WANT(recv(ends[1], text, 1, 0) == 1 && text[0] == 'q');
	WANT(send(ends[1], "r", 1, MSG_NOSIGNAL) == 1);
	return 0;
}

START_TEST(messages)
{
	struct stat sent, back;
	char byte;
	int fd;

	open_files();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert_int_eq(carry(ends[0], source), 0);
	ck_assert_int_eq(send(ends[0], "q", 1, 0), 1);
	ck_assert_int_eq(sandbox_run(&closed, send_back), 0);
	fd = carry(ends[0], -1);
	ck_assert_int_eq(fstat(fd, &back), 0);
	ck_assert_int_eq(fstat(source, &sent), 0);
	ck_assert_uint_eq(back.st_ino, sent.st_ino);
	ck_assert_int_eq(recv(ends[0], &byte, 1, 0), 1);
}
END_TEST

/* ------------------------------------------------------------------ signals */

static volatile sig_atomic_t caught;

static void
catch_it(int number)
{
	(void)number;
	caught++;
}

static int
use_signals(void)
{
	struct rlimit limit;

	WANT(signal(SIGUSR1, catch_it) != SIG_ERR);
	WANT(raise(SIGUSR1) == 0 && caught == 1);
	WANT(kill(getpid(), SIGUSR1) == 0 && caught == 2);
	WANT(pthread_kill(pthread_self(), SIGUSR1) == 0 && caught == 3);
	WANT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	WANT(prctl(PR_SET_NAME, "reader") == 0);
	WANT(usleep(1) == 0);
	signal(SIGABRT, SIG_DFL);
	abort();
}

START_TEST(own_signals)
{
	ck_assert_int_eq(sandbox_run(&closed, use_signals), -SIGABRT);
}
END_TEST

/* ---------------------------------------------------------------- libraries */

/* Make 'path' a copy of the file that holds LIBRARY. */
static void
copy_library(const char *path)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);
	struct link_map *map;
	char buffer[65536];
	ssize_t n;
	int from, to = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_ptr_nonnull(library);
	ck_assert_int_eq(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
	from = open(map->l_name, O_RDONLY);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(write(to, buffer, (size_t)n), n);
	ck_assert_int_eq(n, 0);
	close(from);
	close(to);
	dlclose(library);
}

static int
use_library(void)
{
	FILE *f;

	WANT(!dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD));
	if (sandbox_holds & SANDBOX_LANDLOCK)
		WANT(!dlopen(outside, RTLD_NOW));
	WANT(dlopen(inside, RTLD_NOW));
	f = fopen(inside, "re");
	WANT(f && getc(f) == 0x7f);
	if (sandbox_holds & SANDBOX_SECCOMP)
		WANT(!fopen(inside, "r+e"));
	return 0;
}

/* A plugin in a folder is found and mapped; one elsewhere is not. */
START_TEST(library)
{
	const char *root = test_root();
	char folder[2048];
	const char *const folders[] = { folder, "/nonexistent", NULL };
	struct sandbox box = { .readable = folders };

	snprintf(folder, sizeof(folder), "%s/plugins", root);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	snprintf(inside, sizeof(inside), "%s/p.so", folder);
	snprintf(outside, sizeof(outside), "%s/p.so", root);
	copy_library(inside);
	copy_library(outside);
	ck_assert_int_eq(sandbox_run(&box, use_library), 0);
}
END_TEST

static int
read_one(void)
{
	WANT(open(inside, O_RDONLY) >= 0);
	if (sandbox_holds & SANDBOX_LANDLOCK)
		WANT(open(outside, O_RDONLY) < 0 && errno == EACCES);
	return 0;
}

/* A single file, such as the cache of the dynamic linker. */
START_TEST(single_file)
{
	const char *root = test_root();
	const char *const files[] = { inside, NULL };
	struct sandbox box = { .readable = files };

	snprintf(inside, sizeof(inside), "%s/a", root);
	snprintf(outside, sizeof(outside), "%s/b", root);
	close(open(inside, O_CREAT | O_WRONLY, 0600));
	close(open(outside, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(sandbox_run(&box, read_one), 0);
}
END_TEST

/* ------------------------------------------------------------------ reports */

/* What the kernel says of the process. */
static int
look_at_status(void)
{
	WANT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	WANT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
	return 0;
}

START_TEST(status)
{
	ck_assert_int_eq(sandbox_run(&closed, look_at_status), 0);
}
END_TEST

/* A thread that was there before: it is locked in as well. */
static int
other_thread(int from, int to)
{
	pid_t pid;
	char byte;

	WANT(read(from, &byte, 1) == 1);
	pid = fork();
	if (pid == 0)
		_exit(0);
	WANT(pid < 0 && errno == EPERM);
	WANT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	return write(to, "x", 1) == 1 ? 0 : 1;
}

static void *
wait_and_fork(void *pipes)
{
	const int *ends_of = pipes;

	return other_thread(ends_of[0], ends_of[3]) == 0 ? pipes : NULL;
}

/* Enter with two threads, which sandbox_run() does not do. */
static int
enter_with_thread(char *text)
{
	pthread_t thread;
	int pipes[4];
	unsigned holds;
	void *result;

	WANT(pipe(pipes) == 0 && pipe(pipes + 2) == 0);
	WANT(pthread_create(&thread, NULL, wait_and_fork, pipes) == 0);
	holds = sandbox_enter(&closed, text, SANDBOX_TEXT);
	dprintf(2, "%s\n", text);
	WANT(holds & SANDBOX_SECCOMP);
	if (strstr(text, "one thread"))
		WANT(!(holds & SANDBOX_LANDLOCK));
	WANT(write(pipes[1], "x", 1) == 1);
	WANT(pthread_join(thread, &result) == 0 && result);
	return 0;
}

START_TEST(entered_late)
{
	char text[SANDBOX_TEXT];
	pid_t pid = fork();
	int wait_status;

	if (pid == 0)
		_exit(enter_with_thread(text));
	ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
	ck_assert_int_eq(wait_status, 0);
}
END_TEST

/* What is offered is what holds; asking for it enters nothing. */
START_TEST(supported)
{
	char text[SANDBOX_TEXT], cut[8] = "1234567";
	int before = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	unsigned offers = sandbox_supported(text, sizeof(text));

#ifndef COUNTS_COVERAGE
	/* A sanitizer's own thread is there before. */
	if (test_count("/proc/self/task") == 1)
		ck_assert_uint_eq(offers, sandbox_here());
#endif
	ck_assert_ptr_nonnull(strstr(text, "no new privileges"));
	ck_assert_ptr_nonnull(strstr(text, "seccomp"));
	ck_assert(!(offers & SANDBOX_LANDLOCK) ||
		  strstr(text, "Landlock ABI "));
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), before);
	ck_assert_int_eq(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	ck_assert_uint_eq(sandbox_supported(cut, 5), offers);
	ck_assert_str_eq(cut, "no n");
	ck_assert_int_eq(cut[5], '6');
}
END_TEST

/* Every jump ends inside the program, and there is room for more. */
START_TEST(program)
{
	struct filter_program p;
	unsigned i, far;

	ck_assert_int_eq(filter_make(&p, _i), 0);
	ck_assert_uint_lt(p.count, SANDBOX_PROGRAM * 3 / 4);
	for (i = 0; i < p.count; i++) {
		const struct sock_filter *f = &p.code[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		far = BPF_OP(f->code) == BPF_JA ? f->k
		      : f->jt > f->jf		? f->jt
						: f->jf;
		ck_assert_uint_lt(i + 1 + far, p.count);
	}
	ck_assert_uint_eq(BPF_CLASS(p.code[p.count - 1].code), BPF_RET);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox_use");
	TCase *t = tcase_create("sandbox_use");
	char text[SANDBOX_TEXT];

	if (sandbox_supported(text, sizeof(text)) & SANDBOX_SECCOMP)
		tcase_add_loop_test(t, program, 0, 2);
	if (sandbox_here() & SANDBOX_SECCOMP) {
		tcase_add_test(t, status);
		tcase_add_test(t, entered_late);
	} else {
		puts("skipped in part: no seccomp here");
	}
	tcase_add_test(t, supported);
	tcase_add_test(t, threads);
	tcase_add_test(t, large);
	tcase_add_test(t, descriptors);
	tcase_add_test(t, writer);
	tcase_add_test(t, messages);
	tcase_add_test(t, own_signals);
	tcase_add_test(t, library);
	tcase_add_test(t, single_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
