/*-------------------------------------------------------------------------
 *
 * fuzz_json.c
 *	  Small JSON documents: what is sent is what was written.
 *
 * Each input is an answer's body, and as a text the value of an option.  Asserted
 * are: both readers of an envelope agree; a document that passed its check is
 * sent as an equal one; what is sent is JSON to the server's own parser.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "fuzz.h"
#include "json.h"
#include "record.h"

static RecordFormat *format;

static void
make_format(void)
{
	RecordShape shape = {"list", "dataId", pg_tzset("UTC")};
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "x", TEXTOID, -1, 0);
	format = record_format(desc, NULL, (char *[]) {NULL}, (char *[]) {NULL}, "fuzz", &shape);
}

/* The reader of lists and that of small answers; jansson refuses a little more. */
static void
check_envelope(const char *body, size_t size)
{
	JsonEnvelope envelope;
	RecordPage *page;
	char	   *error;
	int			length;

	json_read_envelope(body, size, &envelope);
	if (envelope.valid != (envelope.error == NULL))
		fuzz_broken("neither envelope nor error, or both");
	if (envelope.error && !pg_verify_mbstr(PG_UTF8, envelope.error,
										   strlen(envelope.error), true))
		fuzz_broken("the error is not UTF-8");

	page = record_read(format, CurrentMemoryContext, body, size, &error);
	if (!envelope.valid || page == NULL)
	{
		if (envelope.valid && strstr(error, "list") == NULL &&
			strstr(error, "nested") == NULL && strstr(error, "data") == NULL)
			fuzz_broken(error);
		return;
	}
	/* either may take a number, such as 1e0, for none; neither for another */
	if (page->has_code && envelope.has_code && page->code != envelope.code)
		fuzz_broken("two readers, two codes");
	if (page->has_success != envelope.has_success ||
		page->success != envelope.success)
		fuzz_broken("two readers, two successes");
	if (page->total >= 0 && envelope.total >= 0 && page->total != envelope.total)
		fuzz_broken("two readers, two totals");
	length = strlen(page->msg);
	if (strncmp(page->msg, envelope.msg, length) != 0)
		fuzz_broken("two readers, two messages");
}

/* A string that the server reads back as it was. */
static void
check_quote(const char *string)
{
	Jsonb	   *quoted = fuzz_jsonb(psprintf("[%s]", json_quote(string)));
	Datum		element = DirectFunctionCall2(jsonb_array_element_text,
											  JsonbPGetDatum(quoted),
											  Int32GetDatum(0));

	if (strcmp(TextDatumGetCString(element), string) != 0)
		fuzz_broken("a quoted string is another one");
}

/* The body of a request: the document, and its builder's own members over it. */
static void
check_members(const char *text)
{
	char	   *members = json_body_members("c\"orp", "中", "0012", text);
	Jsonb	   *sent = fuzz_jsonb(psprintf("{%s}", members));
	Jsonb	   *own = fuzz_jsonb("{\"corpid\": \"c\\\"orp\", \"userId\": \"中\", \"formId\": 12}");
	Datum		expected = DirectFunctionCall2(jsonb_concat,
											   JsonbPGetDatum(fuzz_jsonb(text)),
											   JsonbPGetDatum(own));

	if (!fuzz_jsonb_equal(sent, DatumGetJsonbP(expected)))
		fuzz_broken("the request's members are not those of the document");
}

static void
check_elements(const char *text)
{
	char	   *elements = json_elements(text);

	if (!fuzz_jsonb_equal(fuzz_jsonb(psprintf("[%s]", elements)), fuzz_jsonb(text)))
		fuzz_broken("the elements are not those of the array");
}

static void
check_refusal(const char *refusal)
{
	if (!pg_verify_mbstr(PG_UTF8, refusal, strlen(refusal), true))
		fuzz_broken("the refusal is not UTF-8");
}

static bool
has_member(const char *text, const char *name)
{
	return DatumGetBool(DirectFunctionCall2(jsonb_exists,
											JsonbPGetDatum(fuzz_jsonb(text)),
											CStringGetTextDatum(name)));
}

static void
check_document(void *arg)
{
	static const char *const reserved[] = {"page", "中", NULL};
	const char *text = arg;
	char	   *refusal = json_check_object(text, NULL);

	check_quote(text);

	if (refusal)
		check_refusal(refusal);
	else
	{
		check_members(text);
		if ((json_check_object(text, reserved) != NULL) !=
			(has_member(text, "page") || has_member(text, "中")))
			fuzz_broken("a reserved member was not found, or made up");
	}

	refusal = json_check_array(text);
	if (refusal)
		check_refusal(refusal);
	else
		check_elements(text);
}

static void
run(const char *input, size_t size)
{
	ErrorData  *error = fuzz_try(check_document, fuzz_utf8(input, size));

	/* numeric, which only this test needs, takes no exponent below -16383 */
	if (error != NULL && error->sqlerrcode != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
		fuzz_broken(error->message);
	check_envelope(input, size);
}

const FuzzTarget fuzz_json = {"json", make_format, run};
