/* SPDX-License-Identifier: MIT */
/*
 * fail_load KIND N RANK FILE ROOTS: all ranks, as nodes with a root each, load
 * FILE, and something fails on one of them:
 *
 *   allocation  the Nth allocation, and in further loads the next ones, until
 *   call        all succeed; the same for calls of libc that can fail
 *   mpi         the Nth call of MPI but for those
 *   test        that ask whether something is done: the Nth of these
 *   options     the rank gives no project, or other flags: N 0 or 1
 *
 * With the variable SCATTER each of three nodes loads FILE as its share.
 *
 * Each rank checks that all have the same error, and that none has anything, or
 * that all have the project.  It ends with 3 if nothing has failed.
 */
#include <cute_shm_mpi.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"

static long mpi_left = -1; /* calls that succeed; negative: all */
static bool of_tests;

static int
result(const char *name, bool is_test)
{
	if (mpi_left < 0 || is_test != of_tests || mpi_left-- > 0)
		return MPI_SUCCESS;
	fprintf(stderr, "fails: %s\n", name);
	return MPI_ERR_OTHER;
}

#define CALL(name, is_test, declared, given) \
	int MPI_##name declared \
	{ \
		int err = result(#name, is_test); \
\
		return err == MPI_SUCCESS ? PMPI_##name given : err; \
	}

CALL(Comm_dup, false, (MPI_Comm comm, MPI_Comm *ret), (comm, ret))
CALL(Comm_split, false, (MPI_Comm comm, int color, int key, MPI_Comm *ret),
     (comm, color, key, ret))
CALL(Comm_size, false, (MPI_Comm comm, int *ret), (comm, ret))
CALL(Iallreduce, false,
     (const void *from, void *to, int n, MPI_Datatype type, MPI_Op op,
      MPI_Comm comm, MPI_Request *ret),
     (from, to, n, type, op, comm, ret))
CALL(Ibcast, false,
     (void *p, int n, MPI_Datatype type, int root, MPI_Comm comm,
      MPI_Request *ret),
     (p, n, type, root, comm, ret))
CALL(Igather, false,
     (const void *from, int n, MPI_Datatype type, void *to, int m,
      MPI_Datatype as, int root, MPI_Comm comm, MPI_Request *ret),
     (from, n, type, to, m, as, root, comm, ret))
CALL(Testall, true, (int n, MPI_Request r[], int *done, MPI_Status s[]),
     (n, r, done, s))
CALL(Iprobe, true,
     (int from, int tag, MPI_Comm comm, int *there, MPI_Status *s),
     (from, tag, comm, there, s))

#define PAGE ".cute-shm-loading.p"

static const char *kind;
static int rank;
static char root[4096];

static void
bad(const char *what)
{
	fprintf(stderr, "WRONG: rank %d: %s: %s\n", rank, what,
		cute_shm_errmsg());
	PMPI_Abort(MPI_COMM_WORLD, 1);
}

/* Begin to let the call after n others fail. */
static void
begin(long n)
{
	if (strcmp(kind, "allocation") == 0)
		failing_after(FAILING_ALLOCATION, n, ENOMEM);
	else if (strcmp(kind, "call") == 0)
		failing_after(FAILING_CALL, n, EIO);
	else if (strcmp(kind, "options") != 0)
		mpi_left = n;
}

static bool
end(void)
{
	bool ret = mpi_left < 0;

	mpi_left = -1;
	return strcmp(kind, "mpi") == 0 || strcmp(kind, "test") == 0
		       ? ret
		       : failing_end();
}

static int
load(const char *file, long n, bool fails, bool *failed)
{
	bool odd = fails && strcmp(kind, "options") == 0;
	const struct cute_shm_hdf5_options how = { .size = sizeof(how),
						   .root = root,
						   .jobs = 1 };
	const struct cute_shm_mpi_options opt = {
		.size = sizeof(opt),
		.load = &how,
		.flags = (odd && n == 1 ? 0u : CUTE_SHM_MPI_RANKS_AS_NODES) |
			 (getenv("SCATTER") ? CUTE_SHM_MPI_SCATTER : 0u),
	};
	const struct cute_shm_hdf5_source shares[] = { { "a", file },
						       { "b", file },
						       { "c", file } };
	int err;

	if (fails)
		begin(n);
	if (getenv("SCATTER"))
		err = cute_shm_mpi_load_files(MPI_COMM_WORLD, "p", shares, 3,
					      &opt, NULL);
	else
		err = cute_shm_mpi_load(MPI_COMM_WORLD,
					odd && n == 0 ? NULL : "p", file, &opt,
					NULL);
	*failed = odd || (fails && end());
	return err;
}

/*
 * What is in the root; removes it.  The page of a load stays there only if the
 * call has failed that removes it.
 */
static bool
has_project(void)
{
	DIR *dir = opendir(root);
	bool ret = false, page = strcmp(kind, "call") == 0;
	struct dirent *d;

	if (!dir)
		bad("no root");
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (strcmp(d->d_name, "cute-shm.p") == 0)
			ret = true;
		else if (!page || strcmp(d->d_name, PAGE) != 0)
			bad(d->d_name);
		unlinkat(dirfd(dir), d->d_name, 0);
	}
	closedir(dir);
	return ret;
}

/* All have the same; after a failure in the last step some have it. */
static void
check(int err)
{
	bool some = strstr(cute_shm_errmsg(), "the project") != NULL;
	int mine[] = { err, -err, 0, 0, some ? -1 : 0 }, all[5];

	mine[2] = has_project();
	mine[3] = -mine[2];
	PMPI_Allreduce(mine, all, 5, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	if (all[4] != 0)
		return;
	if (all[0] != -all[1])
		bad("another error than others");
	if (all[2] != -all[3] || all[2] != (err == 0))
		bad(err == 0 ? "not loaded on all" : "not all or none");
}

int
main(int argc, char **argv)
{
	int level, at, failed = 0, err;
	bool has_failed, again;
	long n;

	if (argc != 6)
		return 1;
	kind = argv[1];
	of_tests = strcmp(kind, "test") == 0;
	n = atol(argv[2]);
	at = atoi(argv[3]);
	again = strcmp(kind, "allocation") == 0 || strcmp(kind, "call") == 0;
	MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	snprintf(root, sizeof(root), "%s/%d", argv[5], rank);
	do {
		err = load(argv[4], n++, rank == at, &has_failed);
		check(err);
		failed = has_failed;
		PMPI_Bcast(&failed, 1, MPI_INT, at, MPI_COMM_WORLD);
	} while (failed && again);
	if (again && err != 0)
		bad("an error without a failure");
	if (rank == 0 && again)
		printf("%ld loads\n", n);
	if (!again && failed && err == 0 && rank == at)
		bad("no error");
	fprintf(stderr, "rank %d: %s\n", rank,
		err ? cute_shm_errmsg() : "no error");
	PMPI_Finalize();
	return failed || again ? 0 : 3;
}
