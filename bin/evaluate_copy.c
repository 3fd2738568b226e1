/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <cute_shm.h>

#include "cli.h"
#include "evaluate.h"
#include "text.h"

static void
add(struct evaluate_arrays *arrays, const void *data, uint64_t count,
    size_t size)
{
	arrays->of =
		text_alloc(arrays->of, arrays->count + 1, sizeof(*arrays->of));
	arrays->of[arrays->count++] = (struct evaluate_array){
		.data = data,
		.count = count,
		.size = size,
	};
}

bool
evaluate_attach(const char *project, const char *root,
		struct evaluate_arrays *ret)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = root,
	};
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	struct cute_shm *shm;
	int err = cute_shm_open(project, &opt, &shm);

	*ret = (struct evaluate_arrays){ .of = NULL };
	if (err != 0 || (err = cute_shm_find(shm, "", &top)) != 0) {
		cli_message("%s", cute_shm_errmsg());
		return false;
	}
	ret->shm = shm;
	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (node.kind != CUTE_SHM_ARRAY ||
		    cute_shm_node_array(&node, &a) != 0 || a.data_size == 0)
			continue;
		if (a.dtype[0] == '*') /* offsets and items alike */
			add(ret, a.data, a.data_size / 8, 8);
		else
			add(ret, a.data, a.element_count, a.item_size);
	}
	if (err == CUTE_SHM_ERR_END)
		return true;
	cli_message("%s", cute_shm_errmsg());
	return false;
}

bool
evaluate_copy(const char *project, const char *root,
	      struct evaluate_arrays *ret)
{
	struct evaluate_array *a;
	size_t i, bytes;
	void *copy;

	if (!evaluate_attach(project, root, ret))
		return false;
	for (i = 0; i < ret->count; i++) {
		a = &ret->of[i];
		bytes = (size_t)a->count * a->size;
		copy = text_alloc(NULL, bytes, 1);
		memcpy(copy, a->data, bytes);
		a->data = copy;
	}
	cute_shm_close(ret->shm);
	ret->shm = NULL;
	return true;
}
