/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm.h>

#include "bus_error.h"
#include "nearest.h"
#include "text.h"
#include "units.h"

static bool want_help, want_version;
static const struct cli_option common_options[] = {
	{ 'h', CLI_FLAG, "help", NULL, "show this and exit", &want_help },
	{ 'V', CLI_FLAG, "version", NULL, "show the version and exit",
	  &want_version },
	{ .name = NULL }
};

static const struct cli_program *program;
static void (*before_message)(void);
static char *done;

void
cli_before_message(void (*fn)(void))
{
	before_message = fn;
}

void
cli_message(const char *format, ...)
{
	va_list args;
	char *s;

	if (before_message)
		before_message();
	va_start(args, format);
	s = text_vformat(format, args);
	va_end(args);
	text_line(stderr, "%s: %s", program->name, s);
	free(s);
}

_Noreturn void
cli_misuse(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = text_vformat(format, args);
	va_end(args);
	cli_message("%s", s);
	free(s);
	fprintf(stderr, "Try '%s --help'.\n", program->name);
	exit(cli_end(CLI_MISUSE));
}

/* ----------------------------------------------------------------- options */

static const struct cli_option *
find_in(const struct cli_option *table, const char *name, size_t n, char letter)
{
	const struct cli_option *o;

	for (o = table; o->name; o++) {
		if (letter && o->letter == letter)
			return o;
		if (!letter && strlen(o->name) == n &&
		    memcmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static const struct cli_option *
find(const char *name, size_t n, char letter)
{
	const struct cli_option *o;

	o = find_in(program->options, name, n, letter);
	return o ? o : find_in(common_options, name, n, letter);
}

static void
add_text(struct cli_list *list, const char *value)
{
	list->items =
		text_alloc(list->items, list->count + 2, sizeof(*list->items));
	list->items[list->count++] = value;
	list->items[list->count] = NULL;
}

static unsigned long
number(const struct cli_option *o, const char *value, int base,
       unsigned long max)
{
	unsigned long n;
	char *end;

	/* strtoul() takes signs and spaces, an option does not. */
	errno = 0;
	n = strtoul(value, &end, base);
	if (*value < '0' || *value > '9' || *end || errno || n == 0 || n > max)
		cli_misuse(base == 8
				   ? "option '--%s': '%s' is no mode from 1 to "
				     "%lo, octal"
				   : "option '--%s': '%s' is no number from 1 "
				     "to %lu",
			   o->name, value, max);
	return n;
}

static void
set(const struct cli_option *o, const char *value)
{
	switch (o->kind) {
	case CLI_FLAG: *(bool *)o->to = true; break;
	case CLI_TIMES: ++*(unsigned *)o->to; break;
	case CLI_TEXT: *(const char **)o->to = value; break;
	case CLI_TEXTS: add_text(o->to, value); break;
	case CLI_COUNT:
		*(unsigned *)o->to = (unsigned)number(o, value, 10, 4096);
		break;
	case CLI_LEVEL:
		*(unsigned *)o->to = (unsigned)number(o, value, 10, 9);
		break;
	case CLI_MANY:
		*(unsigned *)o->to = (unsigned)number(o, value, 10, 1000000000);
		break;
	case CLI_SIZE:
		if (!units_parse_size(value, o->to))
			cli_misuse("option '--%s': '%s' is no size such as "
				   "65536, 256K, 1.5G",
				   o->name, value);
		break;
	case CLI_TIME:
		if (!units_parse_seconds(value, o->to))
			cli_misuse("option '--%s': '%s' is no time such as "
				   "2.5, 30s, 5m, 2h",
				   o->name, value);
		break;
	case CLI_MODE:
		*(mode_t *)o->to = (mode_t)number(o, value, 8, 0777);
		break;
	}
}

static bool
has_value(const struct cli_option *o)
{
	return o->kind != CLI_FLAG && o->kind != CLI_TIMES;
}

/* The value of 'o': what stands behind it in its own argument, or the next. */
static const char *
value_of(const struct cli_option *o, const char *attached, char ***next)
{
	if (attached)
		return attached;
	if (!**next)
		cli_misuse("option '--%s' needs a value: %s", o->name,
			   o->value);
	return *(*next)++;
}

/* "--over" for "--overwrite", if no other option begins so. */
static const struct cli_option *
find_abbreviated(const char *name, size_t n)
{
	const struct cli_option *const tables[] = { program->options,
						    common_options };
	const struct cli_option *o, *found = NULL;
	size_t i;

	for (i = 0; i < 2; i++) {
		for (o = tables[i]; o->name && n > 0; o++) {
			if (strncmp(o->name, name, n) != 0)
				continue;
			if (found)
				cli_misuse("option '--%.*s' is ambiguous: "
					   "--%s or --%s",
					   (int)n, name, found->name, o->name);
			found = o;
		}
	}
	return found;
}

/* "-short", "--root=DIR", "--root" "DIR"; false: no such option. */
static bool
take_long(const char *arg, char ***next)
{
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t n = strcspn(name, "=");
	const char *attached = name[n] == '=' ? name + n + 1 : NULL;
	const struct cli_option *o = find(name, n, 0);

	/* With one dash it would be letters as well. */
	if (!o && arg[1] == '-')
		o = find_abbreviated(name, n);
	if (!o)
		return false;
	if (has_value(o))
		attached = value_of(o, attached, next);
	else if (attached)
		cli_misuse("option '--%s' takes no value", o->name);
	set(o, attached);
	return true;
}

/* 'arg' is "--NAME" or "--NAME=VALUE". */
static _Noreturn void
misuse_unknown(const char *arg)
{
	char *typed = text_format("%.*s", (int)strcspn(arg + 2, "="), arg + 2);
	const struct cli_option *o;
	struct nearest n;

	nearest_begin(&n, typed);
	for (o = program->options; o->name; o++)
		nearest_try(&n, o->name);
	for (o = common_options; o->name; o++)
		nearest_try(&n, o->name);
	if (nearest_name(&n))
		cli_misuse("unknown option '%s'; did you mean '--%s'?", arg,
			   nearest_name(&n));
	cli_misuse("unknown option '%s'", arg);
}

/* "-sv", "-j4", "-j" "4". */
static void
take_letters(const char *letters, char ***next)
{
	const struct cli_option *o;
	const char *p;

	for (p = letters; *p; p++) {
		o = find(NULL, 0, *p);
		if (!o && p == letters)
			cli_misuse("unknown option '-%s'", letters);
		if (!o)
			cli_misuse("unknown option '-%c' in '-%s'", *p,
				   letters);
		if (has_value(o)) {
			set(o, value_of(o, p[1] ? p + 1 : NULL, next));
			return;
		}
		set(o, NULL);
	}
}

/* Operands, of which there are 'n', and options that count as such. */
static int
all_operands(int n)
{
	return n + (program->more ? (int)program->more->count : 0);
}

/* After all operands, "--" begins a command, for programs that take one. */
static bool
take_command(int n, char **next)
{
	if (!program->command || n == 0 ||
	    all_operands(n) < program->min_operands ||
	    n < program->max_operands)
		return false;
	if (!*next)
		cli_misuse("no command after '--'");
	*program->command = next;
	return true;
}

/* Options may stand anywhere before "--"; operands move to the front. */
static int
parse(char **argv)
{
	char **next = argv + 1;
	bool options = true;
	const char *arg;
	int n = 0;

	while (*next) {
		arg = *next++;
		if (!options || arg[0] != '-' || arg[1] == '\0')
			argv[n++] = next[-1];
		else if (strcmp(arg, "--") == 0 && take_command(n, next))
			break;
		else if (strcmp(arg, "--") == 0)
			options = false;
		else if (arg[1] != '-' && arg[2] == '\0')
			take_letters(arg + 1, &next);
		else if (take_long(arg, &next))
			continue;
		else if (arg[1] == '-')
			misuse_unknown(arg);
		else
			take_letters(arg + 1, &next);
	}
	argv[n] = NULL;
	return n;
}

/* --------------------------------------------------------------- failures */

const char *
cli_errmsg(void)
{
	static const char flag[] = "CUTE_SHM_ANY_OWNER";
	static const char name[] = "any-owner";
	static char *text;
	const char *message = cute_shm_errmsg();
	const char *at = strstr(message, flag);

	if (!at || !find(name, strlen(name), 0))
		return message;
	free(text);
	text = text_format("%.*s--%s%s", (int)(at - message), message, name,
			   at + strlen(flag));
	return text;
}

int
cli_fail(void)
{
	cli_message("%s", cli_errmsg());
	return CLI_FAILED;
}

/* -------------------------------------------------------- help and version */

static void
help_options(const struct cli_option *table, int width)
{
	const struct cli_option *o;
	char *name;

	for (o = table; o->name; o++) {
		name = text_format("--%s%s%s", o->name, o->value ? " " : "",
				   o->value ? o->value : "");
		printf("  %c%c%c %-*s  %s\n", o->letter ? '-' : ' ',
		       o->letter ? o->letter : ' ', o->letter ? ',' : ' ',
		       width, name, o->help);
		free(name);
	}
}

/* The tool's own, and the one that all have behind that of misuse. */
static void
help_statuses(void)
{
	const char *misuse = strstr(program->statuses, "  64 ");
	const char *rest = misuse ? strchr(misuse, '\n') : NULL;

	rest = rest ? rest + 1 : program->statuses + strlen(program->statuses);
	printf("%.*s  %d  memory of a segment cannot be read: full, or cut\n%s",
	       (int)(rest - program->statuses), program->statuses, CLI_BUS,
	       rest);
}

static void
help(void)
{
	const struct cli_option *o;
	int width = 9, w;

	for (o = program->options; o->name; o++) {
		w = 2 + (int)strlen(o->name) +
		    (o->value ? 1 + (int)strlen(o->value) : 0);
		if (w > width)
			width = w;
	}
	printf("Usage: %s [OPTION...]%s%s\n%s\n\n", program->name,
	       program->operands[0] ? " " : "", program->operands,
	       program->summary);
	help_options(program->options, width);
	help_options(common_options, width);
	printf("\nA long option may have one dash or two, and with two be "
	       "abbreviated; -- ends\nthe options%s.\n\nExit status:\n",
	       program->command ? ", or begins COMMAND" : "");
	help_statuses();
}

static void
version(void)
{
	printf("%s %s\n", program->name, CUTE_SHM_VERSION);
	if (strcmp(cute_shm_version(), CUTE_SHM_VERSION) != 0)
		printf("running with libcute_shm %s\n", cute_shm_version());
	if (program->version)
		program->version();
}

/* ------------------------------------------------------------------- edges */

/* What a failure is for the program that runs. */
static int
failed(void)
{
	return program->failed ? program->failed : CLI_FAILED;
}

/*
 * Without one of the three standard descriptors, the next file that is opened
 * would take its number, and messages would be written into it.
 */
static void
fill_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			exit(failed());
}

static void
nothing(int number)
{
	(void)number;
}

/*
 * What is too large for ulimit -f is an error of write(), not the end.  A
 * handler, since a command that is run would inherit that it is ignored.
 */
static void
survive_file_limit(void)
{
	const struct sigaction action = { .sa_handler = nothing,
					  .sa_flags = SA_RESTART };

	sigaction(SIGXFSZ, &action, NULL);
}

/* The n-th word of the operands, to name what is missing. */
static _Noreturn void
misuse_missing(int n)
{
	const char *p = program->operands;

	while (n-- > 0)
		p += strcspn(p, " ") + 1;
	cli_misuse("argument missing: %.*s", (int)strcspn(p, " ."), p);
}

int
cli_begin(const struct cli_program *prog, int argc, char **argv)
{
	int n;

	program = prog;
	text_no_memory(failed());
	fill_descriptors();
	survive_file_limit();
	bus_error_begin(prog->name);
	text_begin();
	if (argc < 1)
		exit(CLI_MISUSE);
	n = parse(argv);
	if (want_help || want_version) {
		if (want_help)
			help();
		else
			version();
		exit(cli_end(CLI_OK));
	}
	if (all_operands(n) < prog->min_operands || (n == 0 && prog->more))
		misuse_missing(n);
	if (prog->max_operands >= 0 && n > prog->max_operands)
		cli_misuse("one argument too many: '%s'",
			   argv[prog->max_operands]);
	return n;
}

void
cli_done(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	free(done);
	done = text_vformat(format, args);
	va_end(args);
}

int
cli_end(int status)
{
	bool lost = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) != 0 || lost) {
		cli_message("cannot write to standard output: %s%s%s",
			    errno ? strerror(errno) : "output was lost",
			    done ? "; " : "", done ? done : "");
		if (status == CLI_OK)
			status = failed();
	}
	free(done);
	return status;
}
