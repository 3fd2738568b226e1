/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

/* UTF-16's pairs stand for what is beyond four digits. */
static void
put_escape(FILE *out, uint32_t c)
{
	if (c == '\n')
		fputs("\\n", out);
	else if (c == '\t')
		fputs("\\t", out);
	else if (c < 0x10000)
		fprintf(out, "\\u%04x", c);
	else
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
			0xdc00 | (c & 0x3ff));
}

void
json_string(FILE *out, const char *s, size_t n)
{
	const char *end = s + n;
	uint32_t c;

	putc('"', out);
	while (s < end) {
		c = text_next(&s, end);
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c == TEXT_INVALID)
			text_put_char(out, 0xfffd);
		else if (text_hostile(c))
			put_escape(out, c);
		else
			text_put_char(out, c);
	}
	putc('"', out);
}

static void
indent(struct json *j)
{
	unsigned i;

	putc('\n', j->out);
	for (i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

void
json_key(struct json *j, const char *key)
{
	if (j->filled)
		putc(',', j->out);
	if (j->depth > 0)
		indent(j);
	j->filled = true;
	if (key) {
		json_string(j->out, key, strlen(key));
		fputs(": ", j->out);
	}
}

void
json_open(struct json *j, const char *key, char bracket)
{
	json_key(j, key);
	putc(bracket, j->out);
	j->depth++;
	j->filled = false;
}

void
json_close(struct json *j, char bracket)
{
	j->depth--;
	if (j->filled)
		indent(j);
	putc(bracket, j->out);
	j->filled = true;
	if (j->depth == 0)
		putc('\n', j->out);
}

void
json_text(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	json_string(j->out, value, strlen(value));
}

void
json_number(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void
json_seconds(struct json *j, const char *key, double value)
{
	json_key(j, key);
	fprintf(j->out, "%.6f", value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	fputs(value ? "true" : "false", j->out);
}

void
json_null(struct json *j, const char *key)
{
	json_key(j, key);
	fputs("null", j->out);
}

void
json_hex(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	fprintf(j->out, "\"%016" PRIx64 "\"", value);
}

void
json_shape(struct json *j, const char *key, unsigned ndim,
	   const uint64_t *shape)
{
	unsigned i;

	json_key(j, key);
	putc('[', j->out);
	for (i = 0; i < ndim; i++)
		fprintf(j->out, "%s%" PRIu64, i ? ", " : "", shape[i]);
	putc(']', j->out);
}
