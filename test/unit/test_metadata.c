/*-------------------------------------------------------------------------
 *
 * test_metadata.c
 *	  Values of the platform's metadata: what is written for each, that nothing of a value
 *	  is more than a literal or a quoted name, and what is no value.
 *
 * What the statements give, sql/metadata.sql asks of a server.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "base/json.h"
#include "metadata/metadata.h"
#include "metadata/scope.h"

static int	ntests;
static int	nfailed;

static void
same(const char *name, const char *got, const char *wanted)
{
	bool		passed = strcmp(got, wanted) == 0;

	printf("%sok %d - ", passed ? "" : "not ", ++ntests);
	for (; *name; name++)
		putchar((unsigned char) *name < 0x20 ? ' ' : *name);
	putchar('\n');
	if (!passed)
		printf("# %s\n# not %s\n", got, wanted);
	nfailed += !passed;
}

/* ---- values; those that are refused begin with "! ", and a piece of why ---- */

static const char *const values[][2] = {
	{"{{o_id}}", "s.o_id"},
	{"{{shopCode}}", "s.\"shopCode\""},
	{"{{order}}", "s.\"order\""},
	{"{{名}}", "s.\"名\""},
	{"{{items.sku_id}}", "e1.value ->> 'sku_id'"},
	{"{{box.to.city}}", "! no array box is open"},
	{"{{{a}}", "s.a"},
	{"{{{{a}}}}", "! is no template"},
	{"{a}-{b}", "coalesce(s.a, '') || '-' || coalesce(s.b, '')"},
	{"a'b\\c", "E'a''b\\\\c'"},
	{"{\"a\": {\"b\": 1}}", "'{\"a\": {\"b\": 1}}'"},
	{"{ a", "'{ a'"},
	{"{1}", "'{1}'"},
	{"{{a b}}", "! is no template"},
	{"{{a|upper}}", "! format \"upper\" is not known"},
	{"{{a|addDays:-1}}", "! documentation syntax"},
	{"{{$now}}", "! documentation syntax"},
	{"{{source.x}}", "! documentation syntax"},
	{"${system.currentTime}", "! documentation syntax"},
	{"{{a.}}", "! is no template"},
	{"{{a..b}}", "! is no template"},
	/* shown are whole characters */
	{"_function 1 一二三四五六七八九十一二三四五", "! \"一二三四五六七八九十一二三\" is not expected there"},
	{"_function 1", "1"},
	{"_function 1+2*3", "1::numeric + (2::numeric * 3)"},
	{"_function (1+2)*3", "(1::numeric + 2) * 3"},
	{"_function {a}/{b}", "nullif(s.a, '')::numeric / nullif(nullif(s.b, '')::numeric, 0)"},
	{"_function 99999999999*2", "99999999999 * 2"},
	{"_function -{a}", "- nullif(s.a, '')::numeric"},
	{"_function '{a}'", "coalesce(s.a, '')"},
	{"_function 'it''s \\'so\\''", "'it''s ''so'''"},
	{"_function \"x\"", "'x'"},
	{"_function '{a}'=1", "nullif(s.a, '')::numeric = 1"},
	{"_function 'a'='b' or 1<2 and not 3>=4", "('a' = 'b') OR ((1 < 2) AND (NOT (3 >= 4)))"},
	{"_function {a} is not null", "s.a IS NOT NULL"},
	{"_function {a} in (1,'x')", "nullif(s.a, '')::numeric = 1 OR s.a = 'x'"},
	{"_function {a} not like 'x%'", "NOT (s.a LIKE 'x%')"},
	{"_function round({a}*2,1)", "round(nullif(s.a, '')::numeric * 2, 1)"},
	{"_function ROUND({a},{b})", "round(nullif(s.a, '')::numeric, nullif(s.b, '')::numeric::integer)"},
	{"_function sum({a})", "nullif(s.a, '')::numeric"},
	{"_function sum({a},{b})", "! function sum with 2 arguments is not known"},
	{"_function ifnull({a},0)", "coalesce(nullif(s.a, '')::numeric, 0)"},
	{"_function locate('x',{a})", "strpos(s.a, 'x')"},
	{"_function left({a},-1)", "! counts from the end"},
	{"_function date_format(now(),'%T')", "to_char(now() AT TIME ZONE 'Asia/Shanghai', 'HH24:MI:SS')"},
	{"_function date_format(now(),'%d\"号\"%%')", "to_char(now() AT TIME ZONE 'Asia/Shanghai', E'DD\"\\\\\"号\\\\\"%\"')"},
	{"_function date_format(now(),{a})", "! is no constant"},
	{"_function date_add('2026-02-30',interval 1 day)", "! what is no time"},
	{"_function date_add('2026-02-03',interval 1 fortnight)", "! FORTNIGHT is not known"},
	{"_function date_sub(curdate(),interval {a} day)",
	"to_char(((now() AT TIME ZONE 'Asia/Shanghai')::date::timestamp - make_interval(days => nullif(s.a, '')::numeric::integer))::date, "
	"'YYYY-MM-DD')"},
	{"_function interval 1 day", "! INTERVAL stands there without"},
	{"_function case {a} when 1 then 2 end", "CASE WHEN nullif(s.a, '')::numeric = 1 THEN 2 END"},
	{"_function case when 1 then 'a' else 2 end", "CASE WHEN 1 <> 0 THEN 'a' ELSE 2::text END"},
	{"_function case 1 end", "! where WHEN should be"},
	{"_function case when 1 then 2", "! where END should be"},
	{"_function items.price*2", "! stands there without braces"},
	{"_function 1 2", "! is not expected there"},
	{"_function (1", "! a parenthesis should be closed"},
	{"_function 'a", "! a quote is not closed"},
	{"_function", "! where a value should be"},
	{"_function 1;DROP TABLE x", "! is not expected there"},
	{"_function pg_read_file('/etc/passwd')", "! function pg_read_file with 1 arguments is not known"},
	{"_function now()+1", "! + wants numbers"},
	{"_findCollection find \"x from t--\" from s where a={b}", "! without \"where\""},
	{"_findCollection find x", "! without \"from\""},
	{"_findCollection find x from s;drop where a={b}",
	"(SELECT f.x::text FROM \"s;drop\" AS f WHERE f.a::text = s.b ORDER BY 1 LIMIT 1)"},
	{"_findCollection find x from s where a={b} c='d e' _endFind",
	"(SELECT f.x::text FROM s AS f WHERE f.a::text = s.b AND f.c::text = 'd e' ORDER BY 1 LIMIT 1)"},
	{"_findCollection find x from s where a in (1,{b})",
	"(SELECT f.x::text FROM s AS f WHERE f.a::text IN ('1', s.b) ORDER BY 1 LIMIT 1)"},
	{"_findCollection find x from s where a>1", "! neither = nor in"},
	{"_findCollection find x from s", "! without \"where\""},
	{"_findCollection find x from s where a={b} _endFind x", "! is not expected behind _endFind"},
	{"{{CURRENT_TIME}}000", "floor(extract(epoch FROM now()))::text || '000'"},
	{"{{DAYS_AGO_2|date}}", "to_char((now() - make_interval(days => 2)) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"},
	{"{{DAYS_AGO_x}}", "s.\"DAYS_AGO_x\""},
	{"{{LAST_ID}}", "! is of requests to a source"},
	{"{random}", "md5('n''ame' || to_jsonb(s)::text)"},
};

static void
test_value(const char *value, const char *wanted)
{
	ScopeArray	items = {"items", "e1", NULL};
	Scope		scope = {.name = "n'ame", .arrays = &items};
	char	   *problem;
	MetaExpr   *expr = expr_parse(value, &problem);
	Sql			sql = expr ? expr_sql(&scope, expr) : (Sql) {.text = NULL};
	const char *got;

	problem = expr ? scope.problem : problem;
	got = sql.text ? (sql.type == SQL_BOOLEAN ? sql.text : sql_as_json(sql)) : psprintf("! %s", problem ? problem : "nothing");
	if (wanted[0] == '!' && sql.text == NULL && strstr(got, wanted + 2))
		got = wanted;
	same(value, got, wanted);
}

/* ---- the time of the last run, less some seconds ---- */

static const struct
{
	const char *value;
	double		seconds;		/* -1: it is something else */
	bool		sliding;
}			increments[] = {
	{"{{LAST_SYNC_TIME}}", 0, false},
	{"_function sum({LAST_SYNC_TIME}-3600)", 3600, false},
	{"_function {{LAST_SYNC_TIME}}-(3600*24)", 86400, false},
	{"_function ({{LAST_SYNC_TIME}}-60)*1000", 60, false},
	{"{{LAST_SYNC_TIME}}000", 0, false},
	{"{{LAST_SYNC_TIME|date}}", 86400, false},
	{"{{MINUTE_AGO_30|datetime}}", 1800, true},
	{"_function {{LAST_SYNC_TIME}}+3600", 0, false},
	{"_function 3600-{{LAST_SYNC_TIME}}", -1, false},
	{"_function {{LAST_SYNC_TIME}}*{{LAST_SYNC_TIME}}", -1, false},
	{"{{CURRENT_TIME}}", -1, false},
	{"_function {{LAST_SYNC_TIME}}/0", -1, false},
	{"_function {{LAST_SYNC_TIME}} in (1,2)", -1, false},
	{"1709251200", -1, false},
};

static void
test_increments(void)
{
	for (int i = 0; i < (int) lengthof(increments); i++)
	{
		double		seconds = -1;
		bool		sliding = false;
		char	   *problem;

		if (!expr_is_increment(expr_parse(increments[i].value, &problem), &seconds, &sliding))
		{
			seconds = -1;
			sliding = false;
		}
		same(increments[i].value, psprintf("%.0f %d", seconds, sliding), psprintf("%.0f %d", increments[i].seconds, increments[i].sliding));
	}
}

/* ---- what is too much ---- */

static char *
repeated(const char *text, int count, const char *before, const char *behind)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, before);
	for (int i = 0; i < count; i++)
		appendStringInfoString(&out, text);
	appendStringInfoString(&out, behind);
	return out.data;
}

static void
test_bounds(void)
{
	char	   *problem;

	expr_parse(repeated("(", 60, "_function ", "1"), &problem);
	same("sixty parentheses", problem, "it is nested more than 50 deep");
	expr_parse(repeated("1+", 400, "_function ", "1"), &problem);
	same("four hundred parts", problem, "it has more than 300 parts");
	expr_parse(repeated("x", 20001, "", ""), &problem);
	same("20,001 bytes", problem, "it has more than 20000 bytes");
	/* each level has the one below twice */
	test_value(repeated(" in (1,2))", 20, "_function ((((((((((((((((((((1", ""), "! longer than 50000 bytes of SQL");
	test_value(repeated(",'%Y')", 30, repeated("date_format(", 30, "_function ", "{a}"), ""), "! longer than 50000 bytes of SQL");
	same("two hundred parts", expr_parse(repeated("1+", 200, "_function ", "1"), &problem) ? "good" : problem, "good");
}

/* ---- documents ---- */

static bool
no_list(const char *path, MetadataList *list)
{
	return false;
}

/* Of the rows: how many, and their paths, one behind the other. */
static void
test_paths(const char *source, const char *target, const char *wanted)
{
	char	   *problem = NULL;
	JsonTree   *source_tree = source ? json_tree(source, strlen(source), JSON_TREE_ANY, &problem) : NULL;
	JsonTree   *target_tree = target ? json_tree(target, strlen(target), JSON_TREE_ANY, &problem) : NULL;
	StringInfoData out;
	int			nrows;
	MetadataRow *rows = metadata_rows(source_tree, target_tree, no_list, &nrows);

	initStringInfo(&out);
	for (int i = 0; i < nrows; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? " | " : "", rows[i].path ? rows[i].path : "-");
	same(source ? source : target, out.data, wanted);
}

static void
test_documents(void)
{
	test_paths("{\"api\": \"a.b\", \"a, b\": {\"\\\"\": 1}, \"c\": [[], 2]}", NULL, "$.source.api | $.source.\"a\\u002c b\" | $.source.c");
	test_paths("[]", NULL, "$.source");
	test_paths("[1, {}]", NULL, "$.source[0] | $.source[1]");
	test_paths(NULL, "{\"request\": {\"a\": {\"value\": \"x\"}}}", "$.target");
	test_paths(NULL, "{\"api\": \"写入空操作\", \"effect\": \"EXECUTE\", \"x\": 1}", "$.target.x | $.target.api, $.target.effect");
}

int
main(void)
{
	for (int i = 0; i < (int) lengthof(values); i++)
		test_value(values[i][0], values[i][1]);
	test_increments();
	test_bounds();
	test_documents();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
