/*-------------------------------------------------------------------------
 *
 * fuzz_json.c
 *	  Small JSON documents: what is sent is what was written.
 *
 * Each input is an answer's body, and as a text the value of an option.  Asserted
 * are: an envelope says what the server's own parser finds in it; a document that
 * passed its check is sent as an equal one; what is sent is JSON to that parser.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/json.h"
#include "record/record.h"
#include "fuzz.h"

static RecordFormat *format;

static void
make_format(void)
{
	RecordShape shape = {"list", "dataId", pg_tzset("UTC"), .most_rows = 1000, .most_bytes = 1024 * 1024};
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "x", TEXTOID, -1, 0);
	format = record_format(desc, NULL, (char *[]) {NULL}, (char *[]) {NULL}, "fuzz", &shape);
}

/* A member of an object, NULL if there is none. */
static JsonbValue *
get_member(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
}

/* Is "number" what the member says, as a number or as digits? */
static void
check_number(const JsonbValue *member, int64 number)
{
	Numeric		numeric;

	if (member == NULL || (member->type != jbvNumeric && member->type != jbvString))
		fuzz_broken("a number that is not there");
	if (member->type == jbvNumeric)
		numeric = member->val.numeric;
	else
		numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in,
													  CStringGetDatum(pnstrdup(member->val.string.val, member->val.string.len)),
													  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(numeric),
										  NumericGetDatum(int64_to_numeric(number)))))
		fuzz_broken("another number");
}

typedef struct Answer
{
	const char *body;
	Envelope	envelope;
	const RecordPage *page;
} Answer;

static void
compare_envelope(void *arg)
{
	const Answer *answer = arg;
	const RecordPage *page = answer->page;
	const Envelope *envelope = &answer->envelope;
	JsonbContainer *root = &fuzz_jsonb(answer->body)->root;
	const JsonbValue *success = get_member(root, "success");
	const JsonbValue *msg = get_member(root, "msg");
	const JsonbValue *result = get_member(root, "result");
	int			length = strlen(envelope->msg);

	if (envelope->has_code)
		check_number(get_member(root, "code"), envelope->code);
	if (envelope->has_success != (success != NULL && success->type == jbvBool) ||
		(envelope->has_success && envelope->success != success->val.boolean))
		fuzz_broken("another success");
	if (length > 0 && (msg == NULL || msg->type != jbvString || msg->val.string.len < length ||
					   memcmp(msg->val.string.val, envelope->msg, length) != 0))
		fuzz_broken("another message");
	if (page->total >= 0)
		check_number(get_member(result->val.binary.data, "totalCount"), page->total);
}

/* What a reader without wanted columns, as for counts, finds in an answer. */
static void
check_envelope(const char *body, size_t size)
{
	Answer		answer = {body};

	answer.page = record_read(format, CurrentMemoryContext, body, size, &answer.envelope);
	/* jsonb has no place for some of what may be in fields that nobody wants */
	if (answer.page != NULL && size <= FUZZ_MAX_PARSED)
		(void) fuzz_try(compare_envelope, &answer);
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
