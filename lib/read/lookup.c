/* SPDX-License-Identifier: MIT */
/* Find the node of a path in the index, and follow links in the path. */

#include <stdlib.h>
#include <string.h>

#include "read/read.h"

/* Like the system's own limit (ELOOP). */
#define MAX_LINKS 40

/* Guesses before the search steps through nearby rows, and number of steps. */
#define GUESSES 3
#define NEARBY	16

/* The row in [low, high) that is nearest to 'at'. */
static uint64_t
nearest_row(double at, uint64_t low, uint64_t high)
{
	if (!(at > (double)low))
		return low;
	if (at >= (double)high - 1)
		return high - 1;
	return (uint64_t)at;
}

/*
 * The first row of the index whose hash is not below 'hash'.  Hashes are spread
 * evenly, so the hash predicts its row with an error of about the square root
 * of their number.  The hash of that row gives a better guess, and after a few
 * guesses the row is a few steps away.  If hashes are not spread evenly, a
 * binary search limits the time.
 */
static uint64_t
first_row(const struct format_index_row *rows, uint64_t count, uint64_t hash)
{
	const double density = (double)count * 0x1p-64;
	double at = (double)hash * density;
	uint64_t low = 0, high = count; /* the answer is in [low, high] */
	uint64_t guess, found;
	bool below = false;
	unsigned i;

	for (i = 0; low < high; i++) {
		if (i < GUESSES)
			guess = nearest_row(at, low, high);
		else if (i < GUESSES + NEARBY)
			guess = below ? low : high - 1;
		else
			guess = low + (high - low) / 2;
		found = rows[guess].hash;
		below = found < hash;
		if (below)
			low = guess + 1;
		else
			high = guess;
		at = (double)guess + (double)(int64_t)(hash - found) * density;
	}
	return low;
}

/*
 * The node at exactly this path.  CUTE_SHM_ERR_NOT_FOUND comes without a
 * message: the caller may try another path.
 */
static int
exact(const struct cute_shm *shm, const char *path, size_t size,
      struct record *ret)
{
	uint64_t hash = path_hash(path, size), i;
	uint64_t count = shm->header.node_count;
	const struct format_index_row *rows;
	struct record r;
	int rc;

	rows = segment_at(shm, shm->header.index_offset, count * sizeof(*rows));
	for (i = first_row(rows, count, hash);
	     i < count && rows[i].hash == hash; i++) {
		rc = node_record(shm, rows[i].offset, &r);
		if (rc != 0)
			return rc;
		if (r.path_size == size && memcmp(r.path, path, size) == 0) {
			*ret = r;
			return 0;
		}
	}
	return CUTE_SHM_ERR_NOT_FOUND;
}

/* The group or array that a link leads to. */
static int
link_target(const struct cute_shm *shm, const struct record *link,
	    struct record *ret)
{
	int rc = node_record(shm, link->child_or_target, ret);

	if (rc == 0 && ret->kind == CUTE_SHM_LINK)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s: link /%s leads "
				     "to another link",
				     shm->path, link->path);
	return rc;
}

/*
 * Replace "link/rest" by "target/rest" in *path, for free().  This looks at the
 * longest prefix that exists: if it is no link, the path leads nowhere.
 */
static int
replace_link(const struct cute_shm *shm, char **path)
{
	struct record prefix, target;
	const char *slash = *path + strlen(*path);
	char *longer;
	int rc = CUTE_SHM_ERR_NOT_FOUND;

	while (rc == CUTE_SHM_ERR_NOT_FOUND) {
		slash = memrchr(*path, '/', (size_t)(slash - *path));
		if (!slash)
			return rc;
		rc = exact(shm, *path, (size_t)(slash - *path), &prefix);
	}
	if (rc == 0 && prefix.kind != CUTE_SHM_LINK)
		return CUTE_SHM_ERR_NOT_FOUND;
	if (rc == 0)
		rc = link_target(shm, &prefix, &target);
	if (rc != 0)
		return rc;
	if (target.path_size == 0)
		slash++;
	longer = malloc(target.path_size + strlen(slash) + 1);
	if (!longer)
		return fail_memory("for a path");
	memcpy(longer, target.path, target.path_size);
	strcpy(longer + target.path_size, slash);
	free(*path);
	*path = longer;
	return 0;
}

/* The name under which the caller opened the segment. */
static const char *
where_of(const struct cute_shm *shm)
{
	return shm->project[0] ? shm->project : shm->path;
}

/* Report the last group on the path that exists. */
static int
not_found(const struct cute_shm *shm, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct record r;

	while (slash && exact(shm, path, (size_t)(slash - path), &r) != 0)
		slash = memrchr(path, '/', (size_t)(slash - path));
	return fail_missing(CUTE_SHM_MISSING_NODE, "%s: no \"%s\" in /%.*s",
			    where_of(shm), slash ? slash + 1 : path,
			    slash ? (int)(slash - path) : 0, path);
}

/* Look a path up that is not in the index itself; this is slow. */
static int
through_links(const struct cute_shm *shm, const char *path, struct record *ret)
{
	char *copy = strdup(path);
	unsigned links = 0;
	int rc = CUTE_SHM_ERR_NOT_FOUND;

	if (!copy)
		return fail_memory("for a path");
	while (rc == CUTE_SHM_ERR_NOT_FOUND && links++ < MAX_LINKS) {
		rc = replace_link(shm, &copy);
		if (rc != 0)
			break;
		rc = exact(shm, copy, strlen(copy), ret);
	}
	free(copy);
	if (rc == CUTE_SHM_ERR_NOT_FOUND && links > MAX_LINKS)
		return cute_shm_fail(rc,
				     "%s: /%s leads over more than %d "
				     "links",
				     where_of(shm), path, MAX_LINKS);
	return rc == CUTE_SHM_ERR_NOT_FOUND ? not_found(shm, path) : rc;
}

/* A path of 'size' bytes that is not in the index. */
static int
lookup_other(const struct cute_shm *shm, const char *path, size_t size,
	     struct record *ret)
{
	char *copy = strndup(path, size);
	const char *plain;
	int rc;

	if (!copy)
		return fail_memory("for a path");
	rc = path_check(copy, &plain);
	if (rc == 0)
		rc = through_links(shm, plain, ret);
	free(copy);
	return rc;
}

static int
lookup(const struct cute_shm *shm, const char *path, struct record *ret)
{
	size_t size, slash;
	int rc;

	if (!path)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no path given");
	slash = path[0] == '/';
	size = strlen(path);
	/* Listings show groups with a slash at the end. */
	if (size > slash + 1 && path[size - 1] == '/')
		size--;
	/* The index holds well-formed paths only: a hit needs no check. */
	rc = exact(shm, path + slash, size - slash, ret);
	return rc != CUTE_SHM_ERR_NOT_FOUND
		       ? rc
		       : lookup_other(shm, path, size, ret);
}

int
cute_shm_get(const struct cute_shm *shm, const char *path,
	     struct cute_shm_array *ret)
{
	struct record r, target;
	int rc;

	if (!ret)
		return no_result("cute_shm_get");
	rc = lookup(shm, path, &r);
	if (rc == 0 && r.kind == CUTE_SHM_LINK) {
		rc = link_target(shm, &r, &target);
		r = target;
	}
	if (rc != 0)
		return rc;
	if (r.kind != CUTE_SHM_ARRAY)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "/%s is a group, not an array", r.path);
	return array_for_caller(shm, &r, ret);
}

int
cute_shm_find(const struct cute_shm *shm, const char *path,
	      struct cute_shm_node *ret)
{
	struct record r;
	int rc;

	if (!ret)
		return no_result("cute_shm_find");
	rc = lookup(shm, path, &r);
	if (rc == 0)
		node_fill(shm, &r, ret);
	return rc;
}

int
cute_shm_follow(const struct cute_shm_node *node, struct cute_shm_node *ret)
{
	struct record link, target;
	int rc;

	if (!ret)
		return no_result("cute_shm_follow");
	if (node->kind != CUTE_SHM_LINK) {
		*ret = *node;
		return 0;
	}
	rc = node_record(node->shm, node->record, &link);
	if (rc == 0)
		rc = link_target(node->shm, &link, &target);
	if (rc == 0)
		node_fill(node->shm, &target, ret);
	return rc;
}
