/*-------------------------------------------------------------------------
 *
 * test_encode.c
 *	  Columns become members where their attrs say, or are refused together.
 *
 * All ways to give three columns attrs of a small set are tried.  The judge is the
 * rule itself: no attr may be another one's beginning, up to a dot or its end; the members
 * that stay are those of a record that is put together one path after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "../../src/record/encode.c"

static int	ntests = 0;
static int	nfailed = 0;

/* ---- the server, and how values are written ---- */

char *
pg_any_to_server(const char *text, int length, int encoding)
{
	return unconstify(char *, text);
}

Oid
getBaseType(Oid type)
{
	return type;
}

Oid
get_base_element_type(Oid type)
{
	return InvalidOid;
}

char *
format_type_be(Oid type)
{
	return "type";
}

void
escape_json(StringInfo out, const char *text)
{
	appendStringInfo(out, "\"%s\"", text);
}

bool
encode_is_time(Oid type)
{
	return false;
}

void
encode_string(const char *text, StringInfo out)
{
	escape_json(out, text);
}

static void
append_number(EncodeType *type, Datum value, StringInfo out)
{
	appendStringInfo(out, "%d", DatumGetInt32(value));
}

EncodeType *
encode_type(Oid oid, const EncodeColumn *column, const char *table, pg_tz *zone)
{
	EncodeType *type = palloc0(sizeof(EncodeType));

	type->append = append_number;
	return type;
}

/* ---- what is asked ---- */

#define NCOLUMNS 3

typedef struct Asked
{
	const char *attrs[NCOLUMNS];
	bool		nulls[NCOLUMNS];
	StringInfoData out;
} Asked;

static void
encode(void *arg)
{
	Asked	   *asked = arg;
	EncodeColumn columns[NCOLUMNS] = {0};
	Datum		values[NCOLUMNS];

	for (int i = 0; i < NCOLUMNS; i++)
	{
		columns[i].column = "c";
		columns[i].attr = asked->attrs[i];
		values[i] = Int32GetDatum(i);
	}
	initStringInfo(&asked->out);
	encode_record(encode_open(columns, NCOLUMNS, "t", NULL), values, asked->nulls, &asked->out);
}

static void
same(const char *what, const char *came, const char *wanted)
{
	bool		good = strcmp(came, wanted) == 0;

	ntests++;
	nfailed += !good;
	printf("%sok %d - %s", good ? "" : "not ", ntests, what);
	printf(good ? "\n" : ": %s, not %s\n", came, wanted);
}

/* ---- the judge ---- */

static bool
is_beginning(const char *attr, const char *other)
{
	size_t		length = strlen(attr);

	return strncmp(attr, other, length) == 0 && (other[length] == '\0' || other[length] == '.');
}

static bool
is_refused(const Asked *asked)
{
	for (int i = 0; i < NCOLUMNS; i++)
		for (int j = 0; j < NCOLUMNS; j++)
			if (i != j && (is_beginning(asked->attrs[i], asked->attrs[j]) || strcmp(asked->attrs[i], "*") == 0))
				return true;
	return false;
}

/* Where the column's number stands in the record, by its path alone: -1 if it does not. */
static int
number_at(const char *record, const char *attr)
{
	const char *at = record;
	char		part[16];

	for (;;)
	{
		size_t		length = strcspn(attr, ".");
		int			depth = 0;

		snprintf(part, sizeof(part), "\"%.*s\":", (int) length, attr);
		/* its label at depth 1 of the object that begins here */
		for (; *at; at++)
		{
			depth += (*at == '{') - (*at == '}');
			if (depth == 0)
				return -1;
			if (depth == 1 && strncmp(at, part, strlen(part)) == 0)
				break;
		}
		if (*at == '\0')
			return -1;
		at += strlen(part);
		attr += length;
		if (*attr++ == '\0')
			return *at == '{' ? -1 : atoi(at);
	}
}

static bool
is_right(const Asked *asked)
{
	int			numbers = 0;

	for (int i = 0; i < NCOLUMNS; i++)
	{
		int			number = number_at(asked->out.data, asked->attrs[i]);

		if (number != (asked->nulls[i] ? -1 : i))
			return false;
	}
	for (const char *c = asked->out.data; *c; c++)
	{
		numbers += *c >= '0' && *c <= '9';
		/* nothing that is empty but the record itself, no comma too many */
		if ((c > asked->out.data && strncmp(c, "{}", 2) == 0) || strncmp(c, ",}", 2) == 0 ||
			strncmp(c, ",,", 2) == 0 || strncmp(c, "{,", 2) == 0)
			return false;
	}
	return numbers == !asked->nulls[0] + !asked->nulls[1] + !asked->nulls[2];
}

static void
try_all(void)
{
	static const char *const attrs[] = {"a", "b", "ab", "a.a", "a.b", "a.b.c", "a.bc", "b.a.b", "*"};
	int			n = lengthof(attrs);
	int			nwrong = 0;
	int			nrefused = 0;

	for (int way = 0; way < n * n * n * 8; way++)
	{
		Asked		asked = {.attrs = {attrs[way % n], attrs[way / n % n], attrs[way / n / n % n]}};
		int			sqlstate;

		for (int i = 0; i < NCOLUMNS; i++)
			asked.nulls[i] = way / (n * n * n) >> i & 1;
		sqlstate = backend_try(encode, &asked);
		nrefused += sqlstate != 0;
		if (sqlstate != (is_refused(&asked) ? ERRCODE_FDW_INVALID_COLUMN_NAME : 0) ||
			(sqlstate == 0 && !is_right(&asked)))
		{
			nwrong++;
			printf("# %s %s %s: %d %s\n", asked.attrs[0], asked.attrs[1], asked.attrs[2], sqlstate,
				   sqlstate ? backend_message : asked.out.data);
		}
	}
	same("all ways to name three columns", psprintf("%d wrong", nwrong), "0 wrong");
	same("some were refused, others not", nrefused > 0 && nrefused < n * n * n * 8 ? "yes" : "no", "yes");
}

static void
try_one(const char *first, const char *second, const char *third, const char *wanted)
{
	Asked		asked = {.attrs = {first, second, third}};

	if (backend_try(encode, &asked) != 0)
		same(wanted, backend_message, wanted);
	else
		same(wanted, asked.out.data, wanted);
}

int
main(void)
{
	try_all();
	/* in the columns' order, objects where they first appear */
	try_one("b", "a", "c", "{\"b\":0,\"a\":1,\"c\":2}");
	try_one("o.x", "a", "o.y", "{\"o\":{\"x\":0,\"y\":2},\"a\":1}");
	try_one("o.p.x", "o.q.x", "o.p.y", "{\"o\":{\"p\":{\"x\":0,\"y\":2},\"q\":{\"x\":1}}}");
	try_one("*", NULL, NULL, "0");
	try_one(NULL, "a", NULL, "{\"a\":1}");
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
