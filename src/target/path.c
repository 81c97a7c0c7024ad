/*-------------------------------------------------------------------------
 *
 * path.c
 *	  Questions to a JSON document by the server's own jsonpath.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonpath.h"

#include "base/printable.h"
#include "target/path.h"
#include "target/scan.h"

/* Converted at once, bytes: a conversion may need four times as many. */
#define CHUNK 65536

/* The HTTP status, in all paths. */
#define VARIABLE "status"

struct Path
{
	JsonPath   *lax;			/* as it was written */
	JsonPath   *strict;			/* the same, which knows what is missing */
};

/* ---- encodings ---- */

char *
path_to_database(const char *utf8)
{
	int			encoding = GetDatabaseEncoding();
	size_t		left = strlen(utf8);
	StringInfoData out;
	Oid			proc;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pstrdup(utf8);
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	initStringInfo(&out);
	while (left > 0)
	{
		int			chunk = pg_encoding_mbcliplen(PG_UTF8, utf8, Min(left, CHUNK), CHUNK);
		int			done = 0;

		enlargeStringInfo(&out, chunk * MAX_CONVERSION_GROWTH + 1);
		if (OidIsValid(proc))
			done = pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
												 (unsigned char *) unconstify(char *, utf8), chunk,
												 (unsigned char *) out.data + out.len,
												 chunk * MAX_CONVERSION_GROWTH + 1, true);
		if (done > 0)
			out.len += strlen(out.data + out.len);
		if (done < chunk)
		{
			appendStringInfoChar(&out, '?');
			done += pg_utf_mblen((const unsigned char *) utf8 + done);
		}
		utf8 += done;
		left -= done;
	}
	return out.data;
}

/* ---- asking ---- */

/* What the path finds, as an array; errors of the document's shape are no errors. */
static Jsonb *
find(JsonPath *path, const Jsonb *document, const Jsonb *variables)
{
	/* with time zones, or comparing dates and times would be an error all the same */
	return DatumGetJsonbP(DirectFunctionCall4(jsonb_path_query_array_tz,
											  JsonbPGetDatum(document), PointerGetDatum(path),
											  JsonbPGetDatum(variables), BoolGetDatum(true)));
}

/* YES, NO, or SILENT for nothing and null. */
static PathAnswer
read_found(Jsonb *found)
{
	JsonbIterator *iterator = JsonbIteratorInit(&found->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	PathAnswer	answer = PATH_SILENT;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM || value.type == jbvNull)
			continue;
		if (value.type == jbvBool && !value.val.boolean)
			return PATH_NO;
		answer = PATH_YES;
	}
	return answer;
}

PathAnswer
path_ask(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	PathAnswer	answer = read_found(find(path->lax, document, variables));

	/* in lax mode false may as well mean that nothing was there to be compared */
	if (answer == PATH_NO)
		answer = read_found(find(path->strict, document, variables)) == PATH_NO ? PATH_NO : PATH_SILENT;
	return answer;
}

bool
path_says(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	return path && path_ask(path, document, variables) == PATH_YES;
}

Jsonb **
path_parts(const Path *path, const Jsonb *document, const Jsonb *variables, int *n)
{
	Jsonb	   *found = find(path->lax, document, variables);
	int			size = JB_ROOT_COUNT(found);
	Jsonb	  **parts;
	JsonbValue *only = size == 1 ? getIthJsonbValueFromContainer(&found->root, 0) : NULL;

	if (only && only->type == jbvBinary && JsonContainerIsArray(only->val.binary.data))
	{
		found = JsonbValueToJsonb(only);
		size = JB_ROOT_COUNT(found);
	}
	parts = palloc(Max(size, 1) * sizeof(Jsonb *));
	*n = 0;
	for (int i = 0; i < size; i++)
		parts[(*n)++] = JsonbValueToJsonb(getIthJsonbValueFromContainer(&found->root, i));
	return parts;
}

/* The text of a value, or NULL of null. */
static char *
value_text(JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvBinary:
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
		default:
			return NULL;
	}
}

/* The texts of what is found, of all or of the first; NULL if there are none. */
static char *
find_text(const Path *path, const Jsonb *document, const Jsonb *variables, bool all)
{
	Jsonb	   *found = find(path->lax, document, variables);
	StringInfoData out;

	initStringInfo(&out);
	for (uint32 i = 0; i < JB_ROOT_COUNT(found) && (all || out.len == 0); i++)
	{
		char	   *text = value_text(getIthJsonbValueFromContainer(&found->root, i));

		if (text && text[0])
			appendStringInfo(&out, "%s%s", out.len > 0 ? "; " : "", text);
	}
	return out.len > 0 ? out.data : NULL;
}

char *
path_text(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	char	   *text = path ? find_text(path, document, variables, true) : NULL;

	return text ? printable_here(text) : NULL;
}

char *
path_raw_text(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	char	   *text = find_text(path, document, variables, false);

	return text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
}

/* A variable that there is not would be an error of whoever asks. */
static void
check_variables(Datum path, const char *text)
{
	const char *at = DatumGetCString(DirectFunctionCall1(jsonpath_out, path));

	while (*at)
	{
		if (*at == '$' && at[1] == '"' && strncmp(at, "$\"" VARIABLE "\"", strlen(VARIABLE) + 3) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("jsonpath \"%s\" has a variable that there is not", text),
					 errhint("The only one is $" VARIABLE ", the HTTP status.")));
		if (*at == '$' && at[1] == '"')
			at++;
		if (*at == '"')
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
		at += *at ? 1 : 0;
	}
}

/* ---- public ---- */

Jsonb *
path_variables(int status)
{
	char	   *text = psprintf("{\"" VARIABLE "\": %d}", status);

	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

Path *
path_read(const char *text)
{
	Path	   *path = palloc(sizeof(Path));
	Datum		read = DirectFunctionCall1(jsonpath_in, CStringGetDatum(text));

	check_variables(read, text);
	path->lax = DatumGetJsonPathP(read);
	path->strict = DatumGetJsonPathPCopy(read);
	path->strict->header &= ~JSONPATH_LAX;
	return path;
}

Path *
path_of_member(const char *member)
{
	StringInfoData text;
	Path	   *path;

	initStringInfo(&text);
	appendStringInfoString(&text, "$");
	while (member != NULL)
	{
		const char *dot = strchr(member, '.');

		appendStringInfoChar(&text, '.');
		scan_quote(&text, member, dot ? (size_t) (dot - member) : strlen(member));
		member = dot ? dot + 1 : NULL;
	}
	path = path_read(path_to_database(text.data));
	pfree(text.data);
	return path;
}

Jsonb *
path_document(const char *body, size_t length)
{
	char	   *clean = body ? scan_clean(body, length) : NULL;
	Jsonb	   *document = NULL;

	if (clean)
	{
		document = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(path_to_database(clean))));
		pfree(clean);
	}
	return document;
}
