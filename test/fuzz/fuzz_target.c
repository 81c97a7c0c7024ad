/*-------------------------------------------------------------------------
 *
 * fuzz_target.c
 *	  Writing to other platforms: bodies of whatever records, verdicts of whatever answers.
 *
 * An input is cut at FUZZ_NEXT: a template, two records, the rest is an answer.
 * Asserted are: a body made of JSON is JSON; a text of a record stays one text, however
 * it is written; an answer that the server's parser takes is taken, as an equal
 * document; one that is made clean is one that it takes; paths that are followed
 * without jsonpath say what it says; no answer is an error; each
 * record has a verdict, and none is accepted where the answer is no JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "target/path.h"
#include "target/scan.h"
#include "target/template.h"
#include "target/verdict.h"
#include "fuzz.h"

#define FUZZ_NEXT	'\x1d'

#define PARTS 4

/* Of the presets: by index, by key, one a request. */
static const TargetServerOptions sets[] = {
	{
		.ok = "$.Result.ResponseStatus.IsSuccess == true",
		.message = "$.Result.ResponseStatus.Errors[*].Message",
		.records = "$.Result.ResponseStatus.*[*] ? (exists(@.DIndex))",
		.record_index = "$.DIndex",
		.record_ok = "!exists($.Message)",
		.record_id = "$.Id",
		.record_message = "$.Message",
		.throttled = "$status == 519"
	},
	{
		.ok = "$.code == 0",
		.message = "$.msg",
		.records = "$.data.datas[*]",
		.record_key = "so_id",
		.record_ok = "$.issuccess == true",
		.record_id = "$.o_id",
		.record_message = "$.msg",
		.duplicate = "$.code == 2",
		.retry = "$.at.datetime() < \"2026-01-01\".datetime()",
		.token_expired = "$.code == 100"
	},
	{
		.ok = "$.code == 1 && !($.success == false) && !($.result.code != 1)",
		.message = "$.**.msg",
		.record_id = "$.result.dataId",
		.record_message = "$.result.keyvalue() ? (@.key == \"msg\").value",
		.throttled = "$.code != 1 && $.msg like_regex \"fast|slow\" flag \"i\""
	},
};

typedef struct Part
{
	char	   *text;			/* malloc'd, so that ASan knows its end */
	size_t		length;
} Part;

static Part parts[PARTS];

static void
cut(const char *input, size_t size)
{
	for (int i = 0; i < PARTS; i++)
	{
		const char *stop = i < PARTS - 1 ? memchr(input, FUZZ_NEXT, size) : NULL;
		size_t		length = stop ? (size_t) (stop - input) : size;

		free(parts[i].text);
		parts[i].text = malloc(length + 1);
		memcpy(parts[i].text, input, length);
		parts[i].text[length] = '\0';
		parts[i].length = length;
		length += stop ? 1 : 0;
		input += length;
		size -= length;
	}
}

/* ---- bodies ---- */

typedef struct Body
{
	const char *template;
	const char *records[2];
	int			nrecords;
	bool		form;
	StringInfoData out;
} Body;

static void
make_body(void *arg)
{
	Body	   *body = arg;
	TemplateRecords records = {body->records, body->nrecords};
	TemplateValues values = {.id = "id"};

	if (body->form)
		template_form(&body->out, body->template, &records, &values, "envelope");
	else
		template_json(&body->out, body->template, &records, &values, "envelope");
}

static void
check_bodies(void)
{
	Body		body = {.template = parts[0].text,.records = {parts[1].text, parts[2].text}};

	for (int i = 0; i < 2; i++)
		body.nrecords += i == body.nrecords && scan_is_json(body.records[i], strlen(body.records[i]));
	for (int form = 0; form < 2; form++)
	{
		body.form = form;
		initStringInfo(&body.out);
		if (fuzz_try(make_body, &body) != NULL)
			continue;
		if (!form && !scan_is_json(body.out.data, body.out.len))
			fuzz_broken("a body that is no JSON");
		if (!form && body.out.len < FUZZ_MAX_PARSED && !fuzz_is_json(body.out.data, body.out.len))
			fuzz_broken("a body that the server takes for no JSON");
		if (form && strspn(body.out.data, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%&=") != (size_t) body.out.len)
			fuzz_broken("a form with bytes that are not encoded");
	}
}

/* Whatever a record's text says, it is the value of one member. */
static void
check_text(void)
{
	Body		body = {.template = "{\"a\": \"<{{record.v}}>\", \"b\": 1, \"c\": \"$record.v\", \"d\": \"$rest\"}",.nrecords = 1};
	StringInfoData record;
	StringInfoData wanted;
	char	   *text = scan_utf8(parts[1].text, Min(parts[1].length, FUZZ_MAX_PARSED / 8));

	initStringInfo(&record);
	appendStringInfoString(&record, "{\"v\":");
	scan_quote(&record, text, strlen(text));
	appendStringInfoChar(&record, '}');
	body.records[0] = record.data;
	initStringInfo(&body.out);
	if (fuzz_try(make_body, &body) != NULL)
		fuzz_broken("a text that cannot be sent");
	initStringInfo(&wanted);
	appendStringInfoString(&wanted, "{\"a\":");
	scan_quote(&wanted, psprintf("<%s>", text), strlen(text) + 2);
	appendStringInfoString(&wanted, ",\"b\":1,\"c\":");
	scan_quote(&wanted, text, strlen(text));
	appendStringInfoString(&wanted, ",\"d\":{}}");
	if (strcmp(wanted.data, body.out.data) != 0)
		fuzz_broken("a text that became another");
}

/* ---- answers ---- */

typedef struct Reading
{
	const char *text;
	Jsonb	   *jsonb;
} Reading;

static void
read_jsonb(void *arg)
{
	Reading    *reading = arg;

	reading->jsonb = fuzz_jsonb(reading->text);
}

/* Does the server take the text as jsonb, too?  Not NULs, and surrogates alone. */
static Jsonb *
try_jsonb(const char *text)
{
	Reading		reading = {.text = text};

	return fuzz_try(read_jsonb, &reading) == NULL ? reading.jsonb : NULL;
}

static bool
is_deep(const char *text)
{
	int			depth = 0;
	int			deepest = 0;

	for (; *text; text++)
	{
		depth += *text == '[' || *text == '{' ? 1 : *text == ']' || *text == '}' ? -1 : 0;
		deepest = Max(deepest, depth);
	}
	return deepest > SCAN_DEPTH - 2;
}

static void
check_clean(void)
{
	const Part *answer = &parts[3];
	char	   *clean = scan_clean(answer->text, answer->length);
	char	   *text = fuzz_utf8(answer->text, answer->length);
	bool		whole = strlen(text) == answer->length;

	if (clean && strlen(clean) < FUZZ_MAX_PARSED)
	{
		if (!pg_verify_mbstr(PG_UTF8, clean, strlen(clean), true))
			fuzz_broken("a clean answer that is no UTF-8");
		if (try_jsonb(clean) == NULL)
			fuzz_broken("a clean answer that is not taken");
	}
	if (whole && fuzz_is_json(text, answer->length) && !is_deep(text))
	{
		Jsonb	   *jsonb = try_jsonb(text);

		if (!clean)
			fuzz_broken("an answer that is JSON, and is not taken");
		/* of numbers too great for anybody texts are made */
		if (jsonb && strchr(text, 'e') == NULL && strchr(text, 'E') == NULL &&
			!fuzz_jsonb_equal(jsonb, try_jsonb(clean)))
			fuzz_broken("an answer that became another");
	}
	if (clean && whole && text[0] != '\xEF' && strpbrk(text, "\t\n\r") == NULL && !is_deep(text) &&
		strlen(text) < FUZZ_MAX_PARSED && !fuzz_is_json(text, answer->length))
	{
		/* forgiven are control characters within texts, alone */
		for (const char *c = text; *c; c++)
			if ((unsigned char) *c < 0x20)
				return;
		fuzz_broken("an answer that is no JSON, and is taken");
	}
}

typedef struct Judging
{
	const TargetServerOptions *options;
	HttpResult	http;
	const char *keys[2];
	TargetAnswer answer;
} Judging;

static void
judge(void *arg)
{
	Judging    *judging = arg;

	verdict_judge(verdict_rules(judging->options, true), &judging->http, judging->keys, 2, &judging->answer);
}

static void
check_printable(const char *text)
{
	if (text && !pg_verify_mbstr(GetDatabaseEncoding(), text, strlen(text), true))
		fuzz_broken("a text that is not valid in the database's encoding");
	for (; text && *text; text++)
		if ((unsigned char) *text < 0x20 || *text == 0x7f)
			fuzz_broken("a text with a control character");
}

static void
check_verdicts(void)
{
	static const int statuses[] = {200, 400, 519};
	const Part *answer = &parts[3];
	bool		is_json = scan_clean(answer->text, answer->length) != NULL;

	for (size_t i = 0; i < lengthof(sets) * lengthof(statuses); i++)
	{
		Judging		judging = {
			.options = &sets[i / lengthof(statuses)],
			.http = {
				.outcome = HTTP_ANSWERED,
				.status = statuses[i % lengthof(statuses)],
				.body = answer->text,
				.body_length = answer->length,
				.retry_after = -1
			},
			.keys = {"a", "1"}
		};

		if (fuzz_try(judge, &judging) != NULL)
			fuzz_broken("an answer that is an error");
		if (judging.answer.nverdicts != 2)
			fuzz_broken("a record without a verdict");
		check_printable(judging.answer.message);
		check_printable(judging.answer.text);
		for (int j = 0; j < 2; j++)
		{
			const TargetVerdict *verdict = &judging.answer.verdicts[j];

			check_printable(verdict->id);
			check_printable(verdict->message);
			if (!is_json && verdict->verdict <= TARGET_DUPLICATE)
				fuzz_broken("accepted by what is no JSON");
		}
	}
}

/* Paths that are followed without jsonpath say what it says. */
static void
check_paths(void)
{
	static const char *const asks[][2] = {
		{"$.code == true", "$.code == true || 1 == 2"},
		{"$.data.datas == false", "$.data.datas == false || 1 == 2"},
		{"$.result.code.msg == true", "$.result.code.msg == true || 1 == 2"},
	};
	Jsonb	   *document = path_document(parts[3].text, parts[3].length);
	Jsonb	   *variables = path_variables(200);

	for (size_t i = 0; document && i < lengthof(asks); i++)
		if (path_ask(path_read(asks[i][0]), document, variables) != path_ask(path_read(asks[i][1]), document, variables))
			fuzz_broken("a path that says something else than jsonpath");
}

static void
run(const char *input, size_t size)
{
	cut(input, size);
	check_paths();
	check_bodies();
	check_text();
	check_clean();
	check_verdicts();
}

const FuzzTarget fuzz_target = {"target", NULL, run};
