/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "units.h"

static struct json json;
static bool as_json, only_bad;

const char *
verify_word(enum verify_kind kind)
{
	static const char *const words[] = {
		[VERIFY_SOUND] = "sound",
		[VERIFY_UNREADABLE] = "unreadable",
		[VERIFY_UNSEALED] = "unsealed",
		[VERIFY_UNKNOWN] = "unknown",
		[VERIFY_TORN] = "torn",
		[VERIFY_DIFFERS] = "differs",
		[VERIFY_DAMAGED] = "damaged",
	};

	return words[kind];
}

void
verify_report_begin(bool with_json, bool quiet)
{
	as_json = with_json;
	only_bad = quiet;
	if (!as_json)
		return;
	json.out = stdout;
	json_open(&json, NULL, '{');
	json_open(&json, "projects", '[');
}

void
verify_report_end(void)
{
	if (!as_json)
		return;
	json_close(&json, ']');
	json_close(&json, '}');
}

static void
put_finding_json(const struct verify_finding *f)
{
	json_open(&json, NULL, '{');
	json_text(&json, "kind", verify_word(f->kind));
	if (f->path)
		json_text(&json, "path", f->path);
	if (f->begin < f->end) {
		json_number(&json, "begin", f->begin);
		json_number(&json, "end", f->end);
	}
	json_text(&json, "message", f->message);
	json_close(&json, '}');
}

static void
put_json(const struct verify_subject *s)
{
	size_t i;

	json_open(&json, NULL, '{');
	json_text(&json, "project", s->name);
	json_text(&json, "status", verify_word(s->verdict));
	json_number(&json, "array_count", s->result.arrays);
	json_number(&json, "bytes", s->result.bytes);
	json_seconds(&json, "seconds", s->seconds);
	json_open(&json, "findings", '[');
	for (i = 0; i < s->count; i++)
		put_finding_json(&s->findings[i]);
	json_close(&json, ']');
	json_close(&json, '}');
}

static void
put_finding(const struct verify_finding *f)
{
	char *text;

	if (f->begin < f->end)
		text = text_format("/%s: damaged: bytes %" PRIu64 " to %" PRIu64
				   " of %" PRIu64,
				   f->path, f->begin, f->end - 1, f->size);
	else
		text = text_format("%s", f->message);
	fputs("  ", stdout);
	text_put(stdout, text, strlen(text));
	putchar('\n');
	free(text);
}

static void
put_text(const struct verify_subject *s)
{
	size_t i;

	if (only_bad && s->verdict == VERIFY_SOUND)
		return;
	text_put(stdout, s->name, strlen(s->name));
	text_style(stdout, s->verdict == VERIFY_SOUND ? TEXT_PLAIN : TEXT_BAD);
	printf(": %s", verify_word(s->verdict));
	text_style(stdout, TEXT_PLAIN);
	if (s->verdict == VERIFY_SOUND || s->result.arrays > 0)
		printf(": %s, %s in %s (%s)",
		       units_count(s->result.arrays, "array").text,
		       units_size(s->result.bytes).text,
		       units_seconds(s->seconds).text,
		       units_rate(s->result.bytes, s->seconds).text);
	putchar('\n');
	for (i = 0; i < s->count; i++)
		put_finding(&s->findings[i]);
}

void
verify_report(const struct verify_subject *s)
{
	if (as_json)
		put_json(s);
	else
		put_text(s);
	fflush(stdout);
}
