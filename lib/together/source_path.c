/* SPDX-License-Identifier: MIT */
/* The absolute path of a source file, as segments store it. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "together/together.h"

/* Put the working directory in front of 'source'; *ret is for free(). */
static int
below_cwd(const char *source, char **ret)
{
	char *cwd = getcwd(NULL, 0);
	int n;

	if (!cwd)
		return fail_errno("source %s: the working directory has no "
				  "path",
				  source);
	n = asprintf(ret, "%s/%s", cwd, source);
	free(cwd);
	if (n < 0)
		return fail_memory("for a path");
	return 0;
}

/* realpath() drops a slash at the end; *ret was allocated. */
static int
put_slash(const char *source, char **ret)
{
	char *path = *ret;
	size_t size = strlen(path);

	if (source[0] == '\0' || source[strlen(source) - 1] != '/' ||
	    path[size - 1] == '/')
		return 0;
	path = realloc(path, size + 2);
	if (!path) {
		free(*ret);
		return fail_memory("for a path");
	}
	strcpy(path + size, "/");
	*ret = path;
	return 0;
}

int
source_path(const char *source, char **ret)
{
	char *path = realpath(source, NULL);

	if (!path && source[0] != '/')
		return below_cwd(source, ret);
	if (!path)
		path = strdup(source);
	if (!path)
		return fail_memory("for a path");
	*ret = path;
	return put_slash(source, ret);
}

bool
source_cut(const char *path, char *ret, size_t size)
{
	size_t length = strlen(path);
	size_t skip = length < size ? 0 : length - (size - 1);

	memcpy(ret, path + skip, length - skip);
	ret[length - skip] = '\0';
	return skip > 0;
}
