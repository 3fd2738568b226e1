/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as a segment; open, read all, verify.  Built by "make
 * fuzz" with clang, and FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION, under which
 * the digest of the header is not checked.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cute_shm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static volatile unsigned sink;

static void
read_bytes(const void *data, uint64_t size)
{
	const uint8_t *p = data;

	while (size > 0)
		sink += p[--size];
}

static void
read_array(const struct cute_shm_array *a)
{
	const void *item;
	uint64_t i, n;

	read_bytes(a->data, a->data_size);
	read_bytes(a->dtype, strlen(a->dtype));
	for (i = 0; a->offsets && i < a->element_count; i++)
		if (cute_shm_element(a, i, &item, &n) == 0)
			read_bytes(item, n * a->item_size);
}

static void
read_node(const struct cute_shm_node *node)
{
	struct cute_shm_node other;
	struct cute_shm_array array;
	struct cute_shm_attr attr;
	int rc;

	read_bytes(node->path, strlen(node->path));
	for (rc = cute_shm_next_attr(node, NULL, &attr); rc == 0;
	     rc = cute_shm_next_attr(node, &attr, &attr))
		read_array(&attr.value);
	if (cute_shm_node_array(node, &array) == 0)
		read_array(&array);
	if (cute_shm_get(node->shm, node->path, &array) == 0)
		read_bytes(array.path, strlen(array.path));
	if (cute_shm_follow(node, &other) == 0)
		read_bytes(other.name, strlen(other.name));
	if (cute_shm_parent(node, &other) == 0)
		read_bytes(other.name, strlen(other.name));
}

static void
read_all(const struct cute_shm *shm)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 1 };
	struct cute_shm_node top, node;
	int rc = cute_shm_find(shm, "", &top);

	for (node = top; rc == 0; rc = cute_shm_next(&top, &node, &node))
		read_node(&node);
	(void)!cute_shm_verify(shm, &opt, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cute_shm *shm;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, bytes, size) == (ssize_t)size &&
	    cute_shm_open_file(path, NULL, &shm) == 0) {
		read_all(shm);
		cute_shm_close(shm);
	}
	close(fd);
	return 0;
}
