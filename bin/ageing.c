/* SPDX-License-Identifier: MIT */
#include "ageing.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* In order of precedence: a file in the first folder hides the others. */
static const char *const folders[] = { "etc", "run", "usr/local/lib",
				       "usr/lib" };
#define FOLDERS (sizeof(folders) / sizeof(*folders))

struct file {
	char *name;
	unsigned folder;
};

struct files {
	struct file *file;
	size_t count;
};

/* A line that has an age, or that keeps its path from being aged. */
struct rule {
	char *path; /* or a pattern */
	char *age;  /* "-" for none */
	bool pattern;
};

struct rules {
	struct rule *rule;
	size_t count;
};

static int
is_conf(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 5 && strcmp(entry->d_name + size - 5, ".conf") == 0;
}

static void
add_file(struct files *files, const char *name, unsigned folder)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		if (strcmp(files->file[i].name, name) == 0)
			return; /* it hides this one */
	files->file =
		text_alloc(files->file, files->count + 1, sizeof(*files->file));
	files->file[files->count++] = (struct file){
		.name = text_format("%s", name),
		.folder = folder,
	};
}

static void
find_files(const char *system, struct files *files)
{
	struct dirent **found;
	unsigned i;
	char *path;
	int n, k;

	for (i = 0; i < FOLDERS; i++) {
		path = text_format("%s/%s/tmpfiles.d", system, folders[i]);
		n = scandir(path, &found, is_conf, NULL);
		for (k = 0; k < n; k++) {
			add_file(files, found[k]->d_name, i);
			free(found[k]);
		}
		if (n >= 0)
			free(found);
		free(path);
	}
}

static int
file_order(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* "TYPE PATH MODE USER GROUP AGE ARGUMENT", of which the end may be missing. */
static void
add_rule(struct rules *rules, const char *line)
{
	char type[16], path[1024], age[64] = "-";
	size_t size;

	if (sscanf(line, " %15s %1023s %*s %*s %*s %63s", type, path, age) <
		    2 ||
	    type[0] == '#' || !strchr("dDevqQx", type[0]) || path[0] != '/')
		return;
	for (size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	rules->rule =
		text_alloc(rules->rule, rules->count + 1, sizeof(*rules->rule));
	rules->rule[rules->count++] = (struct rule){
		.path = text_format("%s", path),
		.age = text_format("%s", type[0] == 'x' ? "-" : age),
		.pattern = type[0] == 'e' || type[0] == 'x',
	};
}

static void
read_rules(const char *system, const struct file *file, struct rules *rules)
{
	char *path = text_format("%s/%s/tmpfiles.d/%s", system,
				 folders[file->folder], file->name);
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) >= 0)
		add_rule(rules, line);
	free(line);
	if (f)
		fclose(f);
	free(path);
}

/* The first one for that path decides; the path itself before patterns. */
static const struct rule *
find_rule(const struct rules *rules, const char *path)
{
	const struct rule *found = NULL, *r;
	size_t i;

	for (i = 0; i < rules->count; i++) {
		r = &rules->rule[i];
		if (strcmp(r->path, path) == 0)
			return r;
		if (!found && r->pattern &&
		    fnmatch(r->path, path, FNM_PATHNAME | FNM_PERIOD) == 0)
			found = r;
	}
	return found;
}

/* A folder with a line of its own is not aged by that of one above it. */
static char *
age_by(const struct rules *rules, const char *folder)
{
	char *path = text_format("%s", folder), *slash;
	const struct rule *r = NULL;
	char *ret = NULL;

	while (!r && (slash = strrchr(path, '/'))) {
		r = find_rule(rules, path);
		*slash = '\0';
	}
	if (r && strcmp(r->age, "-") != 0)
		ret = text_format("%s", r->age);
	free(path);
	return ret;
}

char *
ageing_of(const char *system, const char *folder)
{
	struct files files = { .count = 0 };
	struct rules rules = { .count = 0 };
	char *ret;
	size_t i;

	find_files(system, &files);
	if (files.count > 1)
		qsort(files.file, files.count, sizeof(*files.file), file_order);
	for (i = 0; i < files.count; i++) {
		read_rules(system, &files.file[i], &rules);
		free(files.file[i].name);
	}
	ret = age_by(&rules, folder);
	for (i = 0; i < rules.count; i++) {
		free(rules.rule[i].path);
		free(rules.rule[i].age);
	}
	free(rules.rule);
	free(files.file);
	return ret;
}
