/* SPDX-License-Identifier: MIT */
/*
 * The loading page of a project.  It is read and written, never mapped, so that
 * nobody can make a process that looks at it fail by making it shorter.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "together/together.h"

int
page_path(const char *segment, char **ret)
{
	const char *slash = strrchr(segment, '/');
	int n = asprintf(ret, "%.*s/%s%s", (int)(slash - segment), segment,
			 LOADING_PREFIX, slash + 1 + strlen(PROJECT_PREFIX));

	if (n < 0)
		return fail_memory("for a path");
	return 0;
}

bool
page_read(int fd, struct page *ret)
{
	struct page page;

	if (pread(fd, &page, sizeof(page), 0) != (ssize_t)sizeof(page) ||
	    memcmp(page.magic, PAGE_MAGIC, sizeof(page.magic)) != 0)
		return false;
	page.source[sizeof(page.source) - 1] = '\0';
	page.message[sizeof(page.message) - 1] = '\0';
	*ret = page;
	return true;
}

void
page_write(int fd, const struct page *page)
{
	ssize_t n = pwrite(fd, page, sizeof(*page), 0);

	(void)n;
}

int
page_lock(int fd)
{
	return range_try(fd, 0, 1, true);
}

bool
page_is_locked(int number)
{
	return number == EAGAIN || number == EACCES;
}

void
page_remove(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && leads_to(path, &st))
		unlink(path);
}

void
page_info(const struct page *page, bool known, const char *project,
	  const char *path, struct cute_shm_load_info *info)
{
	*info = (struct cute_shm_load_info){
		.project = project,
		.path = path,
		.source = known ? page->source : "",
		.known = known,
	};
	if (!known)
		return;
	info->pid = (pid_t)page->pid;
	info->uid = (uid_t)page->uid;
	info->started_ns = page->started_ns;
	info->bytes_total = page->bytes_total;
	info->bytes_done = page->bytes_done < page->bytes_total
				   ? page->bytes_done
				   : page->bytes_total;
	info->segment_size = page->segment_size;
	info->reserved_bytes = page->reserved_bytes;
}
