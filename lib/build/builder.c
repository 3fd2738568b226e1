/* SPDX-License-Identifier: MIT */
/* Make and free a builder: options, names, and the file of the segment. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"
#include "read/reserved.h"

#define GROUP_BUFFER_LIMIT ((size_t)1 << 24)

/* Look up a group by its name; 0 or an errno, ENOENT for an unknown name. */
static int
group_by_name(const char *name, gid_t *ret)
{
	struct group group, *found = NULL;
	size_t size = 1024;
	char *buffer, *grown;
	int number;

	buffer = NULL;
	do {
		size *= 2;
		grown = realloc(buffer, size);
		if (!grown) {
			free(buffer);
			return ENOMEM;
		}
		buffer = grown;
		number = getgrnam_r(name, &group, buffer, size, &found);
	} while (number == EINTR ||
		 (number == ERANGE && size < GROUP_BUFFER_LIMIT));
	if (found)
		*ret = group.gr_gid;
	free(buffer);
	return found ? 0 : number != 0 ? number : ENOENT;
}

/* Read a decimal number that fits into a gid_t; (gid_t)-1 is not a group. */
static bool
group_by_number(const char *text, gid_t *ret)
{
	unsigned long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || number >= (gid_t)-1)
		return false;
	*ret = (gid_t)number;
	return true;
}

/*
 * Give the file to the group.  Nothing is exposed yet: the mode admits only the
 * owner until publication.
 */
static int
give_to_group(const struct cute_shm_builder *b, const char *name)
{
	gid_t gid;

	if (group_by_name(name, &gid) != 0 && !group_by_number(name, &gid))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: there is no group %s",
				     b->project, name);
	if (fchown(b->fd, (uid_t)-1, gid) != 0)
		return fail_errno("project %s: cannot give it to group %s",
				  b->project, name);
	return 0;
}

/* The size of 'text', cut to whole UTF-8 characters in at most 'room' bytes. */
static size_t
cut(const char *text, size_t room)
{
	size_t size = strnlen(text, room + 1);

	if (size <= room)
		return size;
	for (size = room; size > 0; size--)
		if (((uint8_t)text[size] & 0xc0) != 0x80)
			break;
	return size;
}

static int
set_creator(struct cute_shm_builder *b, const char *creator)
{
	char *field = b->header.creator;

	if (!creator || creator[0] == '\0')
		creator = "libcute_shm " CUTE_SHM_VERSION;
	if (!utf8_ok(creator, strlen(creator)))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: the creator's name is not "
				     "UTF-8",
				     b->project);
	memcpy(field, creator, cut(creator, sizeof(b->header.creator) - 1));
	return 0;
}

int
cute_shm_builder_options(struct cute_shm_builder *b, const char *options)
{
	if (b->state >= BUILD_SEALED || b->options_digest == 0)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "project %s: it is sealed, or was begun "
				     "without options",
				     b->project);
	b->options_digest = digest(options, strlen(options));
	return 0;
}

static int
set_source(struct cute_shm_builder *b, const struct cute_shm_build_options *opt)
{
	char *path;
	bool cut;
	int err;

	if (opt->options)
		b->options_digest = digest(opt->options, strlen(opt->options));
	if (!opt->source || opt->source[0] == '\0')
		return 0;
	err = source_path(opt->source, &path);
	if (err != 0)
		return err;
	cut = source_cut(path, b->header.source, sizeof(b->header.source));
	if (cut || opt->options)
		b->source_digest = digest(path, strlen(path));
	if (cut)
		b->source = path;
	else
		free(path);
	b->header.source_size = opt->source_size;
	b->header.source_mtime_ns = opt->source_mtime_ns;
	return 0;
}

/* The root group; it has the source's path if the header has a part only. */
int
describe_begin(struct cute_shm_builder *b)
{
	int err = describe_root(b);

	if (err != 0 || !b->source)
		return err;
	return cute_shm_builder_attr_text(b, "", reserved_name(RESERVED_SOURCE),
					  b->source);
}

static int
set_options(struct cute_shm_builder *b,
	    const struct cute_shm_build_options *opt)
{
	const unsigned known = CUTE_SHM_OVERWRITE | CUTE_SHM_REPLACE |
			       CUTE_SHM_EPHEMERAL | CUTE_SHM_RESERVE_AHEAD |
			       CUTE_SHM_LENT | CUTE_SHM_NO_VIEW;

	if (opt->flags & ~known)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "project %s: unknown flags %#x",
				     b->project, opt->flags);
	if (opt->mode & ~(mode_t)0777 || (opt->mode && !(opt->mode & 0400)))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: mode %04o is not one of "
				     "permissions with the owner's to read",
				     b->project, (unsigned)opt->mode);
	if (opt->block_size % FORMAT_BLOCK_UNIT != 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: block size %llu is no "
				     "multiple of %d",
				     b->project,
				     (unsigned long long)opt->block_size,
				     (int)FORMAT_BLOCK_UNIT);
	b->flags = opt->flags;
	if (b->flags & CUTE_SHM_REPLACE)
		b->flags |= CUTE_SHM_OVERWRITE;
	if (b->flags & CUTE_SHM_EPHEMERAL)
		b->header.compatible |= FORMAT_COMPATIBLE_EPHEMERAL;
	b->mode = opt->mode ? opt->mode : 0600;
	b->jobs = opt->jobs;
	b->max_size = opt->max_size;
	b->loading = opt->loading;
	b->progress = opt->progress;
	b->progress_arg = opt->arg;
	b->header.block_size =
		opt->block_size ? opt->block_size : FORMAT_BLOCK_SIZE;
	return 0;
}

/* Report a name that is taken now, before the caller reads large data. */
static int
check_free(const struct cute_shm_builder *b)
{
	struct stat st;
	bool there = lstat(b->path, &st) == 0;

	if (there && S_ISDIR(st.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "project %s: %s is a "
				     "folder, which no project replaces",
				     b->project, b->path);
	if (there && (b->flags & CUTE_SHM_OVERWRITE))
		return replace_permitted(b->root, b->path);
	if (there)
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "project %s exists already (%s)",
				     b->project, b->path);
	if (errno == ENOENT || (b->flags & CUTE_SHM_OVERWRITE))
		return 0;
	return fail_errno("project %s: cannot look at %s", b->project, b->path);
}

static int
set_names(struct cute_shm_builder *b, const char *project, const char *root)
{
	int err;

	err = project_path(root, project, &b->path);
	if (err != 0)
		return err;
	b->project = strdup(project);
	b->root = strndup(b->path, (size_t)(strrchr(b->path, '/') - b->path));
	if (!b->project || !b->root)
		return fail_memory("to build project %s", project);
	return 0;
}

/* Make the file.  With CUTE_SHM_LENT no fork comes before it is known. */
static int
make_file(struct cute_shm_builder *b, unsigned flags)
{
	bool lent = b->flags & CUTE_SHM_LENT;
	int err = 0;

	if (!lent)
		return temporary_new(b->root, flags, &b->fd, &b->temporary);
	fork_hold();
	err = fork_keep(&b->kept, &b->fd);
	if (err == 0)
		err = temporary_new(b->root, flags, &b->fd, &b->temporary);
	fork_release();
	return err;
}

static int
begin(struct cute_shm_builder *b, const char *project,
      const struct cute_shm_build_options *opt)
{
	unsigned flags = temporary_flags;
	int err;

	err = set_names(b, project, opt->root);
	if (err == 0)
		err = set_options(b, opt);
	if (err == 0)
		err = set_creator(b, opt->creator);
	if (err == 0)
		err = set_source(b, opt);
	if (err == 0)
		err = root_check(b->root, &flags);
	if (err == 0) {
		collect_orphan(b->path);
		err = check_free(b);
	}
	if (err == 0)
		err = describe_begin(b);
	if (err != 0)
		return err;
	err = make_file(b, flags);
	loading_segment(b->loading, &b->fd);
	if (err == 0 && b->flags & CUTE_SHM_EPHEMERAL)
		err = owner_lock(b->fd);
	if (err == 0 && opt->group)
		err = give_to_group(b, opt->group);
	return err;
}

/* Also for a builder that failed in cute_shm_builder_new(). */
static void
log_abandoned(const struct cute_shm_builder *b)
{
	if (b->fd >= 0 && b->state != BUILD_OVER && b->pid == getpid() &&
	    log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: removed its "
			     "unfinished file from %s",
			     b->project, b->root);
}

/* In a forked child, do not remove the temporary name: it is the parent's. */
void
cute_shm_builder_free(struct cute_shm_builder *b)
{
	uint32_t i;

	if (!b)
		return;
	reserve_end(b);
	huge_end(b);
	log_abandoned(b);
	if (b->temporary && b->pid == getpid())
		unlink(b->temporary);
	loading_segment(b->loading, NULL);
	fork_hold();
	fork_keep_no_more(&b->kept);
	if (b->fd >= 0)
		close(b->fd);
	fork_release();
	for (i = 0; i < b->attr_count; i++)
		free(b->attrs[i].record);
	free(b->places);
	free(b->order);
	free(b->digests);
	free(b->hashed);
	free(b->nodes);
	free(b->arrays);
	free(b->links);
	free(b->attrs);
	hash_free(&b->by_path);
	hash_free(&b->by_attr);
	arena_free(&b->arena);
	free(b->temporary);
	free(b->project);
	free(b->root);
	free(b->path);
	free(b->source);
	free(b);
}

struct cute_shm_builder *
builder_blank(void)
{
	struct cute_shm_builder *b = calloc(1, sizeof(*b));

	if (!b) {
		fail_memory("for a builder");
		return NULL;
	}
	b->fd = -1;
	b->pid = getpid();
	b->begun = clock_now();
	return b;
}

static void
log_building(const struct cute_shm_builder *b)
{
	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: created a file "
			     "for it in %s, %s",
			     b->project, b->root,
			     b->temporary ? b->temporary : "without a name");
}

int
cute_shm_builder_new(const char *project,
		     const struct cute_shm_build_options *from,
		     struct cute_shm_builder **ret)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	struct cute_shm_builder *b;
	int err;

	if (!ret)
		return no_result("cute_shm_builder_new");
	err = options_copy(&opt, sizeof(opt), from);
	if (err != 0)
		return err;
	b = builder_blank();
	if (!b)
		return CUTE_SHM_ERR_NOMEM;
	err = begin(b, project, &opt);
	if (err != 0) {
		cute_shm_builder_free(b);
		return err;
	}
	log_building(b);
	*ret = b;
	return 0;
}
