/* SPDX-License-Identifier: MIT */
/* demo_hdf5 FILE: an HDF5 file in shared memory, read by a child process. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cute_shm_hdf5.h>

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "demo_hdf5: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

/* It knows the name of the project, and needs no HDF5. */
static void
child(void)
{
	struct cute_shm_node top, node;
	struct cute_shm_array array;
	struct cute_shm *shm;
	int err;

	must(cute_shm_open("demo-hdf5", NULL, &shm));
	must(cute_shm_find(shm, "", &top));
	for (node = top; (err = cute_shm_next(&top, &node, &node)) == 0;) {
		if (node.kind != CUTE_SHM_ARRAY)
			continue;
		must(cute_shm_node_array(&node, &array));
		printf("%s: %llu elements of %s\n", node.path,
		       (unsigned long long)array.element_count, array.dtype);
	}
	must(err == CUTE_SHM_ERR_END ? 0 : err);
	cute_shm_close(shm);
}

int
main(int argc, char **argv)
{
	int status = -1;
	pid_t pid;

	if (argc != 2)
		return 64;
	must(cute_shm_hdf5_load("demo-hdf5", argv[1], NULL, NULL));
	pid = fork();
	if (pid == 0) {
		child();
		return EXIT_SUCCESS;
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	must(cute_shm_unlink("demo-hdf5", NULL, NULL));
	return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
