/*-------------------------------------------------------------------------
 *
 * fuzz_record.c
 *	  Whatever bytes arrive: records, Datums or a clean error.
 *
 * libFuzzer runs inside "postgres --single".  Each input is an answer's body.
 * Besides what ASan and UBSan see, three things are asserted: an answer is
 * refused for its JSON exactly if the server's own parser refuses it; every
 * Datum survives its output function; and the jsonb of a record equals what
 * jsonb_in() makes of the same bytes.
 *
 * palloc and its companions, as our sources call them, are taken from malloc,
 * each piece by itself, so that ASan knows its ends.
 *
 * test/fuzz/run [seconds] builds and runs it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "attr.h"
#include "catalog/pg_type.h"
#include "common/jsonapi.h"
#include "fmgr.h"
#include "lex.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "record.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"

PG_MODULE_MAGIC;

#define MAX_PARSED 4096			/* pg_parse_json() recurses: only small inputs
								 * are given to it */

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*callback) (const uint8_t *data, size_t size));

extern Datum xbb_fuzz(PG_FUNCTION_ARGS);

/* The column types that values are read into, one table of one column each. */
static const struct
{
	Oid			type;
	int32		typmod;
}			columns[] =
{
	{TEXTOID, -1},
	{VARCHAROID, 3 + VARHDRSZ},
	{BPCHAROID, 4 + VARHDRSZ},
	{BOOLOID, -1},
	{INT2OID, -1},
	{INT4OID, -1},
	{INT8OID, -1},
	{NUMERICOID, -1},
	{NUMERICOID, ((6 << 16) | 2) + VARHDRSZ},
	{FLOAT4OID, -1},
	{FLOAT8OID, -1},
	{TIMESTAMPTZOID, -1},
	{TIMESTAMPTZOID, 3},
	{TIMESTAMPOID, -1},
	{DATEOID, -1},
	{JSONOID, -1},
	{JSONBOID, -1},
	{UUIDOID, -1},
	{BYTEAOID, -1},
	{TEXTARRAYOID, -1},
	{INT8ARRAYOID, -1},
	{NUMERICARRAYOID, -1},
	{TIMESTAMPTZARRAYOID, -1},
	{JSONBARRAYOID, -1},
	{BOOLARRAYOID, -1},
};

#define NCOLUMNS lengthof(columns)

static const char *const attrs[] = {"x", "a.b"};

#define NATTRS lengthof(attrs)

static RecordFormat *formats[NCOLUMNS][NATTRS];
static RecordFormat *whole;		/* a text and a jsonb column of attr '*' */
static TupleDesc whole_desc;
static MemoryContext scratch;

/* Memory of one run, each piece malloc's own. */
static void **pieces;
static int	npieces;
static int	max_pieces;

extern void *fuzz_alloc(Size size);
extern void *fuzz_alloc0(Size size);
extern void *fuzz_alloc_in(MemoryContext context, Size size);
extern void *fuzz_realloc(void *pointer, Size size);

void *
fuzz_alloc(Size size)
{
	if (npieces == max_pieces)
	{
		max_pieces = Max(1024, max_pieces * 2);
		pieces = realloc(pieces, max_pieces * sizeof(void *));
	}
	return pieces[npieces++] = malloc(size);
}

void *
fuzz_alloc0(Size size)
{
	return memset(fuzz_alloc(size), 0, size);
}

void *
fuzz_alloc_in(MemoryContext context, Size size)
{
	return fuzz_alloc0(size);
}

void *
fuzz_realloc(void *pointer, Size size)
{
	int			i = npieces;

	while (pieces[--i] != pointer)
		Assert(i > 0);
	return pieces[i] = realloc(pointer, size);
}

/* Gives back what was allocated since there were "kept" pieces. */
static void
free_pieces(int kept)
{
	while (npieces > kept)
		free(pieces[--npieces]);
}

static void
broken(const char *property)
{
	write_stderr("fuzz_record: %s\n", property);
	abort();
}

static RecordFormat *
make_format(TupleDesc desc, const char *attr)
{
	RecordShape shape = {"list", "dataId", pg_tzset("Asia/Shanghai")};
	char	   *names[2] = {unconstify(char *, attr), unconstify(char *, attr)};
	Bitmapset  *wanted = NULL;

	for (int i = 1; i <= desc->natts; i++)
		wanted = bms_add_member(wanted, i);
	return record_format(desc, wanted, names, "fuzz", &shape);
}

static void
make_formats(void)
{
	for (int i = 0; i < (int) NCOLUMNS; i++)
	{
		TupleDesc	desc = CreateTemplateTupleDesc(1);

		TupleDescInitEntry(desc, 1, "x", columns[i].type, columns[i].typmod, 0);
		for (int j = 0; j < (int) NATTRS; j++)
			formats[i][j] = make_format(desc, attrs[j]);
	}

	whole_desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(whole_desc, 1, "t", TEXTOID, -1, 0);
	TupleDescInitEntry(whole_desc, 2, "j", JSONBOID, -1, 0);
	whole = make_format(whole_desc, "*");
}

/* Whether the server's own parser takes the body. */
static bool
is_json(const char *body, size_t size)
{
	JsonLexContext *lex = compat_raw_lexer(body, size);

	return pg_verify_mbstr(PG_UTF8, body, size, true) &&
		pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
}

static void
check_verdict(const char *body, size_t size, const RecordPage *page,
			  const char *error)
{
	bool		expected = is_json(body, size);

	if (page != NULL && !expected)
		broken("took what is no JSON");
	if (page == NULL && expected && strstr(error, "JSON") != NULL &&
		strstr(error, "nested") == NULL && strstr(error, "object") == NULL)
		broken("refused what is JSON");
	if (page == NULL && !expected && strstr(error, "JSON") == NULL &&
		strstr(error, "UTF-8") == NULL && strstr(error, "list") == NULL)
		broken("refused for another reason");
}

static void
check_output(Oid type, Datum value)
{
	Oid			function;
	bool		varlena;

	getTypeOutputInfo(type, &function, &varlena);
	(void) OidOutputFunctionCall(function, value);
}

/* The values of one row, or an error that is the input function's affair. */
static bool
convert(RecordFormat *format, RecordPage *page, int row, Datum *values,
		bool *isnull)
{
	MemoryContext old = CurrentMemoryContext;
	ErrorContextCallback *saved = error_context_stack;
	volatile bool converted = false;

	PG_TRY();
	{
		record_tuple(format, page, row, values, isnull);
		if (error_context_stack != saved)
			broken("left its error context behind");
		converted = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
		if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR ||
			error->context == NULL)
			broken(error->message);
	}
	PG_END_TRY();

	return converted;
}

static void
check_columns(const char *body, size_t size)
{
	Datum		value;
	bool		isnull;
	char	   *error;

	for (int i = 0; i < (int) NCOLUMNS; i++)
	{
		for (int j = 0; j < (int) NATTRS; j++)
		{
			RecordPage *page = record_read(formats[i][j], scratch, body, size,
										   &error);

			for (int row = 0; row < Min(page->nrows, 10); row++)
			{
				if (convert(formats[i][j], page, row, &value, &isnull) &&
					!isnull)
					check_output(columns[i].type, value);
			}
		}
	}
}

/* The record's own bytes and its jsonb are the same document. */
static void
check_whole(RecordPage *page)
{
	Datum		values[2];
	bool		isnull[2];

	for (int row = 0; row < page->nrows; row++)
	{
		Datum		parsed;

		if (!convert(whole, page, row, values, isnull))
			continue;
		parsed = DirectFunctionCall1(jsonb_in,
									 CStringGetDatum(TextDatumGetCString(values[0])));
		if (compareJsonbContainers(&DatumGetJsonbP(values[1])->root,
								   &DatumGetJsonbP(parsed)->root) != 0)
			broken("jsonb differs from jsonb_in()");
	}
}

static int
run_one(const uint8_t *data, size_t size)
{
	MemoryContext old = MemoryContextSwitchTo(scratch);
	int			kept = npieces;
	char	   *body = malloc(size + 1);
	RecordPage *page;
	char	   *error;

	memcpy(body, data, size);
	body[size] = '\0';

	page = record_read(whole, scratch, body, size, &error);
	if ((page == NULL) != (error != NULL))
		broken("neither page nor error, or both");
	if (size <= MAX_PARSED)
		check_verdict(body, size, page, error);
	if (page != NULL && page->nrows > 0)
	{
		check_whole(page);
		check_columns(body, size);
	}

	free(body);
	free_pieces(kept);
	MemoryContextSwitchTo(old);
	MemoryContextReset(scratch);
	return 0;
}

PG_FUNCTION_INFO_V1(xbb_fuzz);

/*
 * xbb_fuzz(seconds int, found text, seeds text, dictionary text): "found" is
 * the directory for new inputs, and for those that broke something.  Does not
 * return: libFuzzer ends the process, with 0 if nothing broke.
 */
Datum
xbb_fuzz(PG_FUNCTION_ARGS)
{
	char	   *found = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *arguments[] = {
		"fuzz_record",
		psprintf("-max_total_time=%d", PG_GETARG_INT32(0)),
		psprintf("-artifact_prefix=%s/", found),
		psprintf("-dict=%s", text_to_cstring(PG_GETARG_TEXT_PP(3))),
		"-detect_leaks=0",
		"-print_final_stats=1",
		"-timeout=20",
		"-rss_limit_mb=4096",
		found,
		text_to_cstring(PG_GETARG_TEXT_PP(2)),
		NULL
	};
	char	  **argv = arguments;
	int			argc = lengthof(arguments) - 1;

	make_formats();
	scratch = AllocSetContextCreate(TopMemoryContext, "fuzz",
									ALLOCSET_DEFAULT_SIZES);
	PG_RETURN_INT32(LLVMFuzzerRunDriver(&argc, &argv, run_one));
}
