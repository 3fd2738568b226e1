/* SPDX-License-Identifier: MIT */
/* Nodes of version 1 B-trees. */

#include "hdf5/structure/structure.h"

int
tree_node_read(struct image *f, uint64_t address, unsigned type,
	       unsigned key_size, int level, struct tree_node *ret)
{
	unsigned most = 2 * (type == TREE_GROUP ? f->group_k : f->chunk_k);
	unsigned prefix = 8 + 2 * f->address_size;
	unsigned step = key_size + f->address_size;
	const uint8_t *p;

	/* libhdf5 reads nodes at their full size. */
	p = image_get(f, address, prefix + (uint64_t)most * step + key_size);
	if (!p)
		return NO_OPINION;
	if (memcmp(p, "TREE", 4) != 0 || p[4] != type)
		return image_doubt(f, "no B-tree node of this type");
	ret->level = p[5];
	ret->count = (unsigned)number_at(p + 6, 2);
	ret->keys = p + prefix;
	ret->step = step;
	if (ret->count > most)
		return image_doubt(f, "a B-tree node with too many entries");
	if (level >= 0 && ret->level != (unsigned)level)
		return image_doubt(f, "a B-tree node at the wrong level");
	return 0;
}
