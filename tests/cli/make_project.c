/* SPDX-License-Identifier: MIT */
/*
 * make_project KIND PROJECT: projects for the tests of cute-shm-list and
 * cute-shm-unlink, made without HDF5.  "orphan" is an ephemeral one whose owner
 * has died; with "owned" the owner lives until its standard input ends.  The
 * array of "updated" has been, that of "torn" was being when its writer died.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_project: %s\n", cute_shm_errmsg());
	exit(1);
}

/* Attributes of each dtype, and texts that want to be escaped. */
static void
add_attributes(struct cute_shm_builder *b, const char *path)
{
	static const double origin[] = { 0, -0.5, 1e-9 };
	static const float odd[] = { 0.1f, (float)INFINITY, (float)NAN };
	static const int64_t matrix[] = { 1, -2, 3, 4, 5, 6 };
	static const float complex_one[] = { 1, -2 };
	static const uint16_t half[] = { 0x3e00, 0xc000 };
	static const uint64_t three[] = { 3 }, two[] = { 2 }, none[] = { 0 };
	static const uint64_t two_three[] = { 2, 3 };
	static const uint64_t offsets[] = { 0, 2, 5 };
	static const int32_t lists[] = { 1, 2, 3, 4, 5 };
	const uint8_t yes = 1;
	const double fps = 30;
	const int64_t when = 1700000000;

	must(cute_shm_builder_attr(b, path, "fps", "<f8", 0, NULL, &fps));
	must(cute_shm_builder_attr(b, path, "origin", "<f8", 1, three, origin));
	must(cute_shm_builder_attr(b, path, "odd", "<f4", 1, three, odd));
	must(cute_shm_builder_attr(b, path, "matrix", "<i8", 2, two_three,
				   matrix));
	must(cute_shm_builder_attr(b, path, "z", "<c8", 0, NULL, complex_one));
	must(cute_shm_builder_attr(b, path, "half", "<f2", 1, two, half));
	must(cute_shm_builder_attr(b, path, "ok", "|b1", 0, NULL, &yes));
	must(cute_shm_builder_attr(b, path, "when", "<M8[s]", 0, NULL, &when));
	must(cute_shm_builder_attr(b, path, "tag", "|S8", 0, NULL,
				   "raw\0\0\0\0"));
	must(cute_shm_builder_attr(b, path, "blob", "|V4", 0, NULL,
				   "\1\2\3\xff"));
	must(cute_shm_builder_attr(b, path, "none", "<f8", 1, none, NULL));
	must(cute_shm_builder_attr(b, path, "nothing", "null", 0, NULL, NULL));
	must(cute_shm_builder_attr_ragged(b, path, "lists", "*<i4", 1, two,
					  offsets, lists));
	must(cute_shm_builder_attr_text(b, path, "text",
					"say \"hi\"\n\033[31mred\\"));
}

static void
add_enum(struct cute_shm_builder *b)
{
	static const int8_t colours[] = { 0, 1, 1, 0 }, values[] = { 0, 1 };
	static const uint64_t four[] = { 4 }, two[] = { 2 };
	static const uint64_t offsets[] = { 0, 3, 8 };

	must(cute_shm_builder_array(b, "colour", "|i1", 1, four, colours));
	must(cute_shm_builder_attr_ragged(b, "colour", "cute-shm:enum-names",
					  "*|S1", 1, two, offsets, "REDGREEN"));
	must(cute_shm_builder_attr(b, "colour", "cute-shm:enum-values", "|i1",
				   1, two, values));
}

static void
add_table(struct cute_shm_builder *b)
{
	static const float xs[] = { 1, 2, 3 };
	static const uint32_t ids[] = { 7, 8, 9 };
	static const uint64_t three[] = { 3 }, two[] = { 2 };
	static const uint64_t offsets[] = { 0, 1, 3 };

	must(cute_shm_builder_array(b, "table/x", "<f4", 1, three, xs));
	must(cute_shm_builder_array(b, "table/id", "<u4", 1, three, ids));
	must(cute_shm_builder_attr_ragged(b, "table", "cute-shm:compound",
					  "*|S1", 1, two, offsets, "xid"));
}

static void
demo(struct cute_shm_builder *b)
{
	static const double camera[120] = { 0 };
	static const uint64_t shape[] = { 10, 4, 3 }, empty[] = { 0, 7 };
	static const uint64_t two[] = { 2 }, offsets[] = { 0, 5, 10 };
	static const float list[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

	must(cute_shm_builder_attr_text(b, "", "title", "a demonstration"));
	must(cute_shm_builder_array(b, "camera", "<f8", 3, shape, camera));
	add_attributes(b, "camera");
	must(cute_shm_builder_array(b, "b/b1", "|u1", 0, NULL, "\1"));
	must(cute_shm_builder_array(b, "b/none", "<i2", 2, empty, NULL));
	must(cute_shm_builder_array(b, "b/null", "null", 0, NULL, NULL));
	must(cute_shm_builder_link(b, "b/alias", "camera"));
	must(cute_shm_builder_link(b, "b/up", "b"));
	must(cute_shm_builder_ragged(b, "words", "*|S1", 1, two, 10, offsets,
				     "helloworld"));
	must(cute_shm_builder_ragged(b, "lists", "*<f4", 1, two, 10, offsets,
				     list));
	must(cute_shm_builder_array(b, "stamp", "<M8[ns]", 1, two, camera));
	must(cute_shm_builder_array(b, "names", "|S12", 1, two, camera));
	must(cute_shm_builder_group(b, "void"));
	add_enum(b);
	add_table(b);
}

/* What a name could do to a terminal, and how wide it is. */
static void
hostile(struct cute_shm_builder *b)
{
	static const char *const names[] = {
		"\033[2J\033[31mred",
		"two\nlines\tand a tab",
		"bell\a back\b\r",
		"\xe2\x80\xae"
		"reversed",
		"c1 \xc2\x9b"
		"31m",
		"\xe6\xb8\xac\xe5\xae\x9a", /* two wide letters */
		"cafe\xcc\x81",		    /* e, then an accent */
		"\xf0\x9f\x9a\x80 rocket",
		"back\\slash \"quoted\"",
	};
	static const uint64_t two[] = { 2 };
	static const double data[] = { 1, 2 };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		must(cute_shm_builder_array(b, names[i], "<f8", 1, two, data));
		must(cute_shm_builder_attr_text(b, names[i], names[i],
						names[i]));
	}
}

static void
wide(struct cute_shm_builder *b)
{
	static const uint64_t shape[] = { 2, 3, 4, 5 }, two[] = { 2 };
	static const double data[120] = { 0 };
	char name[32];
	int i;

	must(cute_shm_builder_array(b,
				    "laboratory/session_2024_05_01/"
				    "electrode_array/channel_0001/voltage",
				    "<f8", 4, shape, data));
	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "attribute_%d", i);
		must(cute_shm_builder_attr(b,
					   "laboratory/session_2024_05_01/"
					   "electrode_array/channel_0001/"
					   "voltage",
					   name, "<f8", 1, two, data));
	}
	must(cute_shm_builder_array(b, "short", "<f8", 1, two, data));
}

static void
empty(struct cute_shm_builder *b)
{
	(void)b;
}

static void
pose(struct cute_shm_builder *b)
{
	static const double zero[6];
	const uint64_t two_three[] = { 2, 3 }, three[] = { 3 };

	must(cute_shm_builder_array(b, "pose", "<f8", 2, two_three, zero));
	must(cute_shm_builder_array(b, "other", "<f8", 1, three, zero));
}

/* A name that looks like an option, and a group with a hundred thousand. */
static void
many(struct cute_shm_builder *b)
{
	static const uint64_t one[] = { 1 };
	static const double zero;
	char name[32];
	int i;

	must(cute_shm_builder_array(b, "-dash", "<f8", 1, one, &zero));
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "cmp/a%05d", i);
		must(cute_shm_builder_array(b, name, "<f8", 1, one, &zero));
	}
}

static void
update_pose(const char *project, bool torn)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	static const double values[6] = { 1, -2.5, 300, 0.125, 5e-324, -0.0 };
	struct cute_shm_update update;
	struct cute_shm_array array;
	struct cute_shm *shm;

	must(cute_shm_open(project, &opt, &shm));
	must(cute_shm_get(shm, "pose", &array));
	must(cute_shm_update(&array, 0, values, sizeof(values),
			     CUTE_SHM_FOREVER));
	if (torn) {
		must(cute_shm_update_begin(&array, CUTE_SHM_FOREVER, &update));
		_exit(0);
	}
	cute_shm_close(shm);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct cute_shm_builder *b);
	} kinds[] = {
		{ "demo", demo },    { "hostile", hostile }, { "wide", wide },
		{ "empty", empty },  { "orphan", empty },    { "owned", empty },
		{ "updated", pose }, { "torn", pose },	     { "many", many },
	};
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.creator = "make_project 1",
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	size_t i;

	if (argc != 3)
		return 64;
	if (argv[1][0] == 'o')
		opt.flags = CUTE_SHM_EPHEMERAL;
	else if (strcmp(argv[1], "empty") != 0) {
		opt.source = "/data/run 42.h5";
		opt.source_size = 4096;
		opt.source_mtime_ns = 1700000000000000005;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		must(cute_shm_builder_new(argv[2], &opt, &b));
		kinds[i].make(b);
		must(cute_shm_builder_publish(b, &shm));
		cute_shm_builder_free(b);
		if (strcmp(argv[1], "orphan") == 0)
			_exit(0); /* no handler removes it */
		if (strcmp(argv[1], "owned") == 0) {
			puts("ready");
			fflush(stdout);
			while (getchar() != EOF)
				;
		}
		cute_shm_close(shm);
		if (kinds[i].make == pose)
			update_pose(argv[2], argv[1][0] == 't');
		return 0;
	}
	return 64;
}
