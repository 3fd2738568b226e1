/* SPDX-License-Identifier: MIT */
/*
 * JSON, a member per line.  Text that is no UTF-8 has U+FFFD for each byte
 * that makes it so.  A key is NULL inside of arrays.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned depth;
	bool filled; /* the innermost one has a member already */
};

/* An object ('{') or array ('['). */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* Begin a member; its value is then printed to j->out by the caller. */
void json_key(struct json *j, const char *key);

void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_seconds(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_hex(struct json *j, const char *key, uint64_t value);
void json_shape(struct json *j, const char *key, unsigned ndim,
		const uint64_t *shape);

/* A string alone, with its quotes. */
void json_string(FILE *out, const char *s, size_t n);

#endif
