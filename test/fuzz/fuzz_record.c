/*-------------------------------------------------------------------------
 *
 * fuzz_record.c
 *	  Whatever bytes arrive: records, Datums or a clean error.
 *
 * Each input is an answer's body.  Besides what ASan and UBSan see, four things
 * are asserted: an answer is refused for its JSON exactly if the server's own
 * parser refuses it; every Datum survives its output function; the jsonb of a
 * record equals what jsonb_in() makes of the same bytes; and what is found in an
 * answer does not depend on the answers before it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "record/record_page.h"
#include "fuzz.h"

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
	{TIMEOID, -1},
	{TIMETZOID, 2},
	{INTERVALOID, -1},
	{TSTZRANGEOID, -1},
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

/* Names that may be next to and within each other. */
static const char *const texts[] = {"x", "a", "a.b", "a.x", "b", "b.a", "text_1", "num_1", "serialNo", "ownerId"};

static RecordFormat *formats[NCOLUMNS][NATTRS];
static RecordFormat *whole;		/* a text and a jsonb column of attr '*' */
static RecordFormat *lenient;	/* a column of each type, and their errors */
static RecordFormat *warm;		/* texts, and the names of all inputs so far */

/* The values of one row, wanted. */
typedef struct Conversion
{
	RecordFormat *format;
	RecordPage *page;
	int			row;
	Datum		values[NCOLUMNS + 1];
	bool		isnull[NCOLUMNS + 1];
	Bitmapset  *failed;
} Conversion;

static RecordFormat *
make_format_of(TupleDesc desc, const char *const *attr, bool null_on_error)
{
	RecordShape shape = {"list", "dataId", pg_tzset("Asia/Shanghai"), null_on_error, 1000, 64 * 1024 * 1024, NULL};
	char	   *names[NCOLUMNS + 1];
	Bitmapset  *wanted = NULL;

	for (int i = 1; i <= desc->natts; i++)
	{
		names[i - 1] = unconstify(char *, attr[i - 1]);
		wanted = bms_add_member(wanted, i);
	}
	return record_format(desc, wanted, names, palloc0(desc->natts * sizeof(char *)), "fuzz", &shape);
}

static RecordFormat *
make_format(TupleDesc desc, const char *attr, bool null_on_error)
{
	const char *names[NCOLUMNS + 1];

	for (int i = 1; i <= desc->natts; i++)
		names[i - 1] = null_on_error && i == desc->natts ? "#error" : attr;
	return make_format_of(desc, names, null_on_error);
}

static RecordFormat *
make_texts(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(texts));

	for (int i = 0; i < (int) lengthof(texts); i++)
		TupleDescInitEntry(desc, i + 1, "x", TEXTOID, -1, 0);
	return make_format_of(desc, texts, false);
}

static void
make_formats(void)
{
	TupleDesc	desc;

	for (int i = 0; i < (int) NCOLUMNS; i++)
	{
		desc = CreateTemplateTupleDesc(1);
		TupleDescInitEntry(desc, 1, "x", columns[i].type, columns[i].typmod, 0);
		for (int j = 0; j < (int) NATTRS; j++)
			formats[i][j] = make_format(desc, attrs[j], false);
	}

	desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(desc, 1, "t", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 2, "j", JSONBOID, -1, 0);
	whole = make_format(desc, "*", false);

	desc = CreateTemplateTupleDesc(NCOLUMNS + 1);
	for (int i = 0; i < (int) NCOLUMNS; i++)
		TupleDescInitEntry(desc, i + 1, "x", columns[i].type, columns[i].typmod, 0);
	TupleDescInitEntry(desc, NCOLUMNS + 1, "e", JSONBOID, -1, 0);
	lenient = make_format(desc, attrs[0], true);
	warm = make_texts();
}

static void
check_verdict(const char *body, size_t size, const RecordPage *page,
			  const char *error)
{
	int			mark = size >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	bool		expected = fuzz_is_json(body + mark, size - mark);

	if (page != NULL && !expected)
		fuzz_broken("took what is no JSON");
	if (page == NULL && expected && strstr(error, "JSON") != NULL &&
		strstr(error, "nested") == NULL && strstr(error, "object") == NULL)
		fuzz_broken("refused what is JSON");
	if (page == NULL && !expected && strstr(error, "JSON") == NULL &&
		strstr(error, "UTF-8") == NULL && strstr(error, "list") == NULL &&
		strstr(error, "data") == NULL)
		fuzz_broken("refused for another reason");
}

static void
check_output(Oid type, Datum value)
{
	Oid			function;
	bool		varlena;

	getTypeOutputInfo(type, &function, &varlena);
	(void) OidOutputFunctionCall(function, value);
}

static void
convert_row(void *arg)
{
	Conversion *row = arg;

	row->failed = record_tuple(row->format, row->page, row->row, row->values, row->isnull);
}

/* False if the input function raised an error, which is its own affair. */
static bool
convert(Conversion *row)
{
	ErrorData  *error = fuzz_try(convert_row, row);

	if (error != NULL && error->context == NULL)
		fuzz_broken(error->message);
	return error == NULL;
}

static void
check_columns(const char *body, size_t size)
{
	Envelope	envelope;

	for (int i = 0; i < (int) NCOLUMNS; i++)
	{
		for (int j = 0; j < (int) NATTRS; j++)
		{
			Conversion	row = {formats[i][j]};

			row.page = record_read(row.format, CurrentMemoryContext, body, size,
								   &envelope);
			for (; row.row < Min(row.page->nrows, 10); row.row++)
			{
				if (convert(&row) && !row.isnull[0])
					check_output(columns[i].type, row.values[0]);
			}
		}
	}
}

/* What does not fit is null and told, what fits is as without leniency. */
static void
check_leniently(const char *body, size_t size)
{
	Envelope	envelope;
	Conversion	all = {lenient};

	all.page = record_read(lenient, CurrentMemoryContext, body, size, &envelope);
	for (; all.row < Min(all.page->nrows, 3); all.row++)
	{
		if (!convert(&all))
			fuzz_broken("an error where it should be null");
		for (int i = 0; i < (int) NCOLUMNS; i++)
		{
			Conversion	one = {formats[i][0]};
			bool		fits;

			one.page = record_read(one.format, CurrentMemoryContext, body, size, &envelope);
			one.row = all.row;
			fits = convert(&one);
			if (fits == bms_is_member(i + 1, all.failed) ||
				all.isnull[i] != (!fits || one.isnull[0]))
				fuzz_broken("leniency changes what fits");
		}
		if (all.isnull[NCOLUMNS] != (all.failed == NULL))
			fuzz_broken("failures that are not told");
		if (all.failed && JB_ROOT_COUNT(DatumGetJsonbP(all.values[NCOLUMNS])) !=
			bms_num_members(all.failed))
			fuzz_broken("not all failures are told");
	}
}

/* The record's own bytes and its jsonb are the same document. */
static void
check_whole(RecordPage *page)
{
	Conversion	row = {whole, page};

	for (; row.row < page->nrows; row.row++)
	{
		if (convert(&row) &&
			!fuzz_jsonb_equal(DatumGetJsonbP(row.values[1]),
							  fuzz_jsonb(TextDatumGetCString(row.values[0]))))
			fuzz_broken("jsonb differs from jsonb_in()");
	}
}

/* Once with no names known, then with the answer's own, with those of all inputs. */
static void
check_memory_of_names(const char *body, size_t size)
{
	RecordFormat *cold = make_texts();
	RecordFormat *readers[] = {cold, cold, warm};
	RecordPageData *pages[lengthof(readers)];
	Envelope	envelope;

	for (int i = 0; i < (int) lengthof(readers); i++)
	{
		pages[i] = (RecordPageData *) record_read(readers[i], CurrentMemoryContext, body, size, &envelope);
		if (pages[i] == NULL)
			fuzz_broken("one reader refuses what another takes");
		if (pages[i]->used != pages[0]->used || pages[i]->page.nrows != pages[0]->page.nrows ||
			memcmp(pages[i]->values, pages[0]->values, pages[0]->used) != 0 ||
			memcmp(pages[i]->spans, pages[0]->spans, sizeof(RecordSpan) *
				   record_width(cold) * pages[0]->page.nrows) != 0)
			fuzz_broken("known names change what is found");
	}
}

static void
run(const char *body, size_t size)
{
	Envelope	envelope;
	RecordPage *page = record_read(whole, CurrentMemoryContext, body, size,
								   &envelope);

	if ((page == NULL) != (envelope.unreadable != NULL))
		fuzz_broken("neither page nor error, or both");
	if (size <= FUZZ_MAX_PARSED)
		check_verdict(body, size, page, envelope.unreadable);
	if (page != NULL && page->nrows > 0)
	{
		check_whole(page);
		check_memory_of_names(body, size);
		check_columns(body, size);
		check_leniently(body, size);
	}
}

const FuzzTarget fuzz_record = {"record", make_formats, run};
