/* SPDX-License-Identifier: MIT */
/*
 * What every tool does alike at its edges: options, help, messages, statuses.
 * The manual lists the statuses: a new one is added there too.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

enum cli_status {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_PARTIAL = 2, /* something was left out, as was asked for */
	CLI_NO_SPACE = 3,
	CLI_LIMIT = 4,	 /* over --max-memory, --max-size, --max-time */
	CLI_LOADING = 5, /* another process loads it */
	CLI_MISUSE = 64, /* EX_USAGE of sysexits.h */
	CLI_BUS = 74	 /* EX_IOERR: see bus_error.h */
};

struct cli_list {
	const char **items; /* ends with NULL; NULL when empty */
	size_t count;
};

enum cli_kind {
	CLI_FLAG,  /* bool */
	CLI_TIMES, /* unsigned: how often it was given */
	CLI_TEXT,  /* const char * */
	CLI_TEXTS, /* struct cli_list; may be repeated */
	CLI_COUNT, /* unsigned, 1 to 4096 */
	CLI_LEVEL, /* unsigned, 1 to 9 */
	CLI_MANY,  /* unsigned, 1 to 1000000000 */
	CLI_SIZE,  /* uint64_t, bytes, not 0 */
	CLI_TIME,  /* double, seconds, not 0 */
	CLI_MODE   /* mode_t, octal, not 0 */
};

struct cli_option {
	char letter; /* 0: none */
	enum cli_kind kind;
	const char *name;  /* NULL: end of the table */
	const char *value; /* its name in --help, NULL for flags */
	const char *help;
	void *to; /* what 'kind' says */
};

struct cli_program {
	const char *name;
	const char *operands; /* "PROJECT FILE", "[PROJECT...]" */
	const char *summary;
	const char *statuses;  /* lines of --help */
	int failed;	       /* status of a failure; 0: CLI_FAILED */
	void (*version)(void); /* prints more for --version; or NULL */
	int min_operands;
	int max_operands; /* -1: any number */
	const struct cli_list
		*more;	 /* values that count as operands, or NULL */
	char ***command; /* "-- COMMAND..." after operands, or NULL */
	const struct cli_option *options;
};

/*
 * Read the command line.  Returns the number of operands, which argv then
 * begins with.  Ends the program after --help, --version, and misuse.
 */
int cli_begin(const struct cli_program *program, int argc, char **argv);

/*
 * What holds even if the output is lost, as "project p is loaded": said then.
 */
void cli_done(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The last call of main(): the status; if output was lost, never CLI_OK. */
int cli_end(int status);

/* "PROGRAM: MESSAGE", where to find help, and the end of the program. */
_Noreturn void cli_misuse(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* One line on standard error, after the name of the program. */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * cute_shm_errmsg(), with the tool's option where that names a flag of the
 * library; valid until the next call.
 */
const char *cli_errmsg(void);

/* A message with cli_errmsg(), and the status for it. */
int cli_fail(void);

/*
 * What the library logs goes to standard error: warnings, from verbose 1 on
 * what it has to tell, from 2 on what it does.
 */
void cli_log(unsigned verbose);

/* Called before each message: who shows progress gets out of the way. */
void cli_before_message(void (*fn)(void));

#endif
