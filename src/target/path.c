/*-------------------------------------------------------------------------
 *
 * path.c
 *	  Questions to a JSON document by the server's own jsonpath.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonpath.h"
#include "utils/memutils.h"

#include "base/jsonpath.h"
#include "base/printable.h"
#include "target/path.h"
#include "target/scan.h"

/* The HTTP status, in all paths. */
#define VARIABLE "status"

/* Bytes of what a path with .** may find. */
#define MOST_FOUND (64 * 1024 * 1024)

/* Deeper ones are left to jsonpath. */
#define MOST_NAMES 4

/* Of what is shown; there may be a text for each record of an answer. */
#define TEXT_BYTES 2048

struct Path
{
	JsonPath   *lax;			/* as it was written */
	JsonPath   *strict;			/* the same, which knows what is missing */
	bool		finds;			/* members, elements: it is no predicate */
	int			descents;		/* how many .** it has */

	/*
	 * Most paths are a member's, or ask whether it is true or false: there are several
	 * for each record, and jsonpath would cost more than all the rest.
	 */
	int			nnames;			/* 0: neither */
	char	   *names[MOST_NAMES];
	bool		compares;
	bool		wanted;			/* with what */
};

/* ---- a member's path ---- */

/* Notes what a path is, by what jsonpath_out() writes. */
static void
note_names(Path *path, const char *text)
{
	bool		predicate = *text == '(';
	int			n = 0;

	path->finds = *text == '$';
	text += predicate;
	if (*text++ != '$')
		return;
	while (n < MOST_NAMES && text[0] == '.' && text[1] == '"')
	{
		size_t		length = strcspn(text + 2, "\"\\");

		if (text[2 + length] != '"')
			return;
		path->names[n++] = pnstrdup(text + 2, length);
		text += 3 + length;
	}
	path->compares = predicate;
	path->wanted = strcmp(text, " == true)") == 0;
	if (predicate ? path->wanted || strcmp(text, " == false)") == 0 : *text == '\0')
		path->nnames = n;
}

/*
 * True if the path was a member's, as far as this document goes; then *found tells
 * whether it is there, and *value what it is.  Arrays on the way are jsonpath's.
 */
static bool
find_member(const Path *path, const Jsonb *document, bool *found, JsonbValue *value)
{
	JsonbContainer *container = unconstify(JsonbContainer *, &document->root);

	*found = false;
	if (path->nnames == 0)
		return false;
	for (int i = 0; i < path->nnames; i++)
	{
		if (JsonContainerIsArray(container))
			return JsonContainerIsScalar(container);
		if (!getKeyJsonValueFromContainer(container, path->names[i], strlen(path->names[i]), value))
			return true;
		if (i == path->nnames - 1)
			*found = true;
		else if (value->type != jbvBinary)
			return true;
		else
			container = value->val.binary.data;
	}
	return !(path->compares && value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data));
}

static PathAnswer
ask_member(const Path *path, bool found, const JsonbValue *value)
{
	if (!found || (value->type == jbvNull && !path->compares))
		return PATH_SILENT;
	if (path->compares)
		return value->type == jbvBool ? (value->val.boolean == path->wanted ? PATH_YES : PATH_NO) :
			value->type == jbvNull ? PATH_NO : PATH_SILENT;
	return value->type == jbvBool && !value->val.boolean ? PATH_NO : PATH_YES;
}

/* ---- asking ---- */

/* May ".**" find more of a document than there may be of one?  It finds each part once for each level above it. */
static bool
multiplies(const Path *path, const Jsonb *document)
{
	JsonbIterator *iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &document->root));
	JsonbIteratorToken token;
	JsonbValue	value;
	int			depth = 0;
	int			deepest = 0;
	double		size = VARSIZE(document);

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		depth += token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT;
		depth -= token == WJB_END_ARRAY || token == WJB_END_OBJECT;
		deepest = Max(deepest, depth);
	}
	for (int i = 0; i < path->descents; i++)
		size *= deepest;
	return size > MOST_FOUND;
}

/*
 * What the path finds, as an array; errors of the document's shape are no errors, and what is more than the server can
 * hold is nothing: a platform can write any answer, and what it has done stays done.
 */
static Jsonb *
find(const Path *path, bool strict, const Jsonb *document, const Jsonb *variables)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		volatile found = (Datum) 0;

	PG_TRY();
	{
		/* with time zones, or comparing dates and times would be an error all the same */
		if (path->descents == 0 || !multiplies(path, document))
			found = DirectFunctionCall4(jsonb_path_query_array_tz,
										JsonbPGetDatum(document), PointerGetDatum(strict ? path->strict : path->lax),
										JsonbPGetDatum(variables), BoolGetDatum(true));
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		/* nothing but memory was touched; a palloc() that is too large is XX000 */
		if (category != ERRCODE_PROGRAM_LIMIT_EXCEEDED && category != ERRCODE_DATA_EXCEPTION &&
			geterrcode() != ERRCODE_OUT_OF_MEMORY && geterrcode() != ERRCODE_INTERNAL_ERROR)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	return found ? DatumGetJsonbP(found) : DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("[]")));
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
	JsonbValue	value;
	PathAnswer	answer;
	bool		found;

	if (find_member(path, document, &found, &value))
		return ask_member(path, found, &value);
	answer = read_found(find(path, false, document, variables));
	/* in lax mode false may as well mean that nothing was there to be compared */
	if (answer == PATH_NO)
		answer = read_found(find(path, true, document, variables)) == PATH_NO ? PATH_NO : PATH_SILENT;
	return answer;
}

bool
path_finds_nothing(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	return path->finds && path_ask(path, document, variables) != PATH_YES;
}

bool
path_says(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	return path && path_ask(path, document, variables) == PATH_YES;
}

Jsonb **
path_parts(const Path *path, const Jsonb *document, const Jsonb *variables, int *n)
{
	Jsonb	   *found = find(path, false, document, variables);
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

/* The first text that is found; NULL if there is none. */
static char *
find_text(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	Jsonb	   *parts;
	JsonbValue	value;
	bool		found;
	char	   *text = NULL;

	if (!path->compares && find_member(path, document, &found, &value))
	{
		text = found ? value_text(&value) : NULL;
		return text && text[0] ? text : NULL;
	}
	parts = find(path, false, document, variables);
	for (uint32 i = 0; i < JB_ROOT_COUNT(parts); i++)
	{
		text = value_text(getIthJsonbValueFromContainer(&parts->root, i));
		if (text && text[0])
			return text;
	}
	return NULL;
}

/* All texts that are found, as far as they are shown; NULL if there are none. */
static char *
find_texts(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	StringInfoData texts;
	Jsonb	   *parts;
	JsonbValue	value;
	bool		found;

	initStringInfo(&texts);
	if (!path->compares && find_member(path, document, &found, &value))
	{
		char	   *text = found ? value_text(&value) : NULL;

		if (text)
			appendBinaryStringInfo(&texts, text, Min(strlen(text), TEXT_BYTES + 1));
	}
	else
	{
		parts = find(path, false, document, variables);
		for (uint32 i = 0; i < JB_ROOT_COUNT(parts) && texts.len <= TEXT_BYTES; i++)
		{
			char	   *text = value_text(getIthJsonbValueFromContainer(&parts->root, i));

			if (text && text[0])
				appendStringInfo(&texts, "%s%.*s", texts.len > 0 ? "; " : "",
								 (int) Min(strlen(text), TEXT_BYTES + 1), text);
		}
	}
	if (texts.len > TEXT_BYTES)
		texts.data[pg_mbcliplen(texts.data, texts.len, TEXT_BYTES)] = '\0';
	return texts.len > 0 ? texts.data : NULL;
}

/* Nothing in it but what any terminal shows? */
static bool
is_plain(const char *text)
{
	while ((unsigned char) *text >= 0x20 && (unsigned char) *text < 0x7f)
		text++;
	return *text == '\0';
}

char *
path_text(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	char	   *text = path ? find_texts(path, document, variables) : NULL;

	return text && !is_plain(text) ? printable_here(text) : text;
}

char *
path_word(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	return path ? find_text(path, document, variables) : NULL;
}

char *
path_raw_text(const Path *path, const Jsonb *document, const Jsonb *variables)
{
	char	   *text = find_text(path, document, variables);

	return text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
}

/* A variable that there is not would be an error of whoever asks. */
static void
check_variables(const char *at, const char *text)
{
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
	Path	   *path = palloc0(sizeof(Path));
	Datum		read = jsonpath_read(text);
	char	   *written = DatumGetCString(DirectFunctionCall1(jsonpath_out, read));

	check_variables(written, text);
	note_names(path, written);
	for (const char *at = written; (at = strstr(at, ".**")) != NULL; at += 3)
		path->descents++;
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

/* Its JSON, or NULL where the server cannot hold it; what was needed meanwhile is freed. */
static Jsonb *
read_document(const char *clean)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "xbb_fdw answer", ALLOCSET_DEFAULT_SIZES);
	Jsonb	   *volatile document = NULL;

	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		Datum		read = DirectFunctionCall1(jsonb_in, CStringGetDatum(path_to_database(clean)));

		MemoryContextSwitchTo(caller);
		document = DatumGetJsonbPCopy(read);
	}
	PG_CATCH();
	{
		int			sqlstate = geterrcode();

		/* nothing but memory was touched; a palloc() that is too large is XX000 */
		if (sqlstate != ERRCODE_INTERNAL_ERROR && sqlstate != ERRCODE_PROGRAM_LIMIT_EXCEEDED &&
			sqlstate != ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextDelete(context);
	return document;
}

Jsonb *
path_document(const char *body, size_t length)
{
	char	   *clean = body ? scan_clean(body, length) : NULL;
	Jsonb	   *document = clean ? read_document(clean) : NULL;

	if (clean)
		pfree(clean);
	return document;
}
