/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "read_all.h"

/* Sums keep the compiler from leaving out what is read. */
static volatile unsigned sink;

static void
read_bytes(const void *data, uint64_t size)
{
	const uint8_t *p = data;
	unsigned sum = 0;

	while (size > 0)
		sum += p[--size];
	sink += sum;
}

static void
read_array(const struct cute_shm_array *a)
{
	const void *item;
	uint64_t i, n;

	read_bytes(a->data, a->data_size);
	read_bytes(a->dtype, strlen(a->dtype));
	read_bytes(a->path, strlen(a->path));
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
		read_array(&array);
	if (cute_shm_follow(node, &other) == 0)
		read_bytes(other.path, strlen(other.path));
	if (cute_shm_parent(node, &other) == 0)
		read_bytes(other.name, strlen(other.name));
	for (rc = cute_shm_first_child(node, &other); rc == 0;
	     rc = cute_shm_next_sibling(&other, &other))
		read_bytes(other.name, strlen(other.name));
}

unsigned
segment_read_all(const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	unsigned count = 0;
	int rc;

	rc = cute_shm_find(shm, "", &top);
	node = top;
	while (rc == 0) {
		count++;
		read_node(&node);
		rc = cute_shm_next(&top, &node, &node);
	}
	return count;
}
