/*-------------------------------------------------------------------------
 *
 * test_template.c
 *	  Templates: records keep their bytes, and no value is more than a value.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "base/json.h"
#include "target/scan.h"
#include "target/template.h"

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

/* ---- envelopes ---- */

typedef struct Envelope
{
	const char *template;
	const char *records[4];
	const char *json;			/* NULL: refused */
	const char *form;			/* NULL: not asked */
} Envelope;

static const Envelope envelopes[] = {
	{"\"$record\"", {"{\"a\":1.10}"}, "{\"a\":1.10}", NULL},
	{"\"$records\"", {"{\"编码\":\"A1\",\"id\":1}", "{\"编码\":\"A2\",\"id\":2}"},
	"[{\"编码\":\"A1\",\"id\":1},{\"编码\":\"A2\",\"id\":2}]", NULL},
	{"\"$records\"", {"{}"}, "[{}]", NULL},
	{" { \"biz\" : \"$records\" } ", {"{\"a\":\"x y&z\"}"}, "{\"biz\":[{\"a\":\"x y&z\"}]}",
	"biz=%5B%7B%22a%22%3A%22x%20y%26z%22%7D%5D"},
	{"{\"v\": \"2\", \"n\": 1.50, \"biz\": \"$record\"}", {"{}"}, "{\"v\":\"2\",\"n\":1.50,\"biz\":{}}",
	"v=2&n=1.50&biz=%7B%7D"},
	{"{\"key\": \"{{id}}\", \"data\": \"$record\"}", {"1"}, "{\"key\":\"the \\\"id\\\"\",\"data\":1}",
	"key=the%20%22id%22&data=1"},
	/* members of the record */
	{"{\"dataId\": \"$record.dataId\", \"dataList\": \"$rest\"}", {"{\"dataId\":7,\"text_1\":\"x\"}"},
	"{\"dataId\":7,\"dataList\":{\"text_1\":\"x\"}}", "dataId=7&dataList=%7B%22text_1%22%3A%22x%22%7D"},
	{"{\"dataId\": \"$record.dataId\", \"dataList\": \"$rest\"}", {"{\"text_1\":\"x\"}"},
	"{\"dataList\":{\"text_1\":\"x\"}}", "dataList=%7B%22text_1%22%3A%22x%22%7D"},
	{"{\"a\": \"$record.x.y\", \"b\": [\"$record.z\"]}", {"{\"x\":{\"y\":[1, 2]}}"}, "{\"a\":[1, 2],\"b\":[null]}", NULL},
	{"{\"status\": \"Insert\", \"*\": \"$record\", \"end\": true}", {"{\"a\":1,\"b\":2}"},
	"{\"status\":\"Insert\",\"a\":1,\"b\":2,\"end\":true}", NULL},
	{"{\"status\": \"Insert\", \"*\": \"$record\"}", {"{\"st\\u0061tus\":\"Update\"}"}, "{\"st\\u0061tus\":\"Update\"}", NULL},
	{"{\"*\": \"$rest\", \"no\": \"$record.no\"}", {"{\"no\":1,\"b\":2}"}, "{\"b\":2,\"no\":1}", NULL},
	{"{\"*\": \"$record\"}", {"{}"}, "{}", NULL},
	{"{\"*\": \"x\"}", {"{}"}, "{\"*\":\"x\"}", NULL},
	/* a part for each record */
	{"{\"records\": [{\"fields\": \"$record\"}]}", {"{\"a\":1}", "{\"a\":2}"},
	"{\"records\":[{\"fields\":{\"a\":1}},{\"fields\":{\"a\":2}}]}", NULL},
	{"[{\"k\": \"$record.k\", \"x\": [\"$rest\"]}]", {"{\"k\":1,\"b\":3}", "{\"k\":2}"},
	"[{\"k\":1,\"x\":[{\"b\":3}]},{\"k\":2,\"x\":[{}]}]", NULL},
	{"{\"all\": \"$records\", \"fixed\": [1, \"$record\"]}", {"{}", "{}"}, NULL, NULL},
	{"\"$record\"", {"{}", "{}"}, NULL, NULL},
	{"{\"*\": \"$record\"}", {"[1]"}, NULL, NULL},
	{"{\"a\":", {"{}"}, NULL, NULL},
	{"{\"secret\": \"{{app_secret}}\"}", {"{}"}, NULL, NULL},
	{"{\"when\": \"{{timestamp}}\"}", {"{}"}, NULL, NULL},
	{"{\"x\": \"{{unheard}}\"}", {"{}"}, NULL, NULL},
	/* texts of the record */
	{"{\"text\": {\"content\": \"{{record.title}}: {{record.n}}{{record.none}}\"}}", {"{\"title\":\"a\\\"},{\\\"\\n\",\"n\":1.0}"},
	"{\"text\":{\"content\":\"a\\\"},{\\\"\\n: 1.0\"}}", NULL},
	/* nothing in a value is looked at again */
	{"{\"x\": \"{{record.a}}\"}", {"{\"a\":\"{{app_secret}}$record\"}"}, "{\"x\":\"{{app_secret}}$record\"}", NULL},
	{"\"$records\"", {"{\"a\":\"$record{{id}}\"}"}, "[{\"a\":\"$record{{id}}\"}]", NULL},
	{"{\"x\": \"{{record.a}}\"}", {"{\"a\":\"\\u0000\\ud800\"}"}, "{\"x\":\"\xEF\xBF\xBD\xEF\xBF\xBD\"}", NULL},
};

typedef struct Rendering
{
	const Envelope *envelope;
	bool		form;
	StringInfoData out;
} Rendering;

static void
render(void *arg)
{
	Rendering  *rendering = arg;
	const Envelope *envelope = rendering->envelope;
	TemplateRecords records = {envelope->records, 0};
	TemplateValues values = {.id = "the \"id\""};

	while (envelope->records[records.nrecords])
		records.nrecords++;
	if (rendering->form)
		template_form(&rendering->out, envelope->template, &records, &values, "envelope");
	else
		template_json(&rendering->out, envelope->template, &records, &values, "envelope");
}

static void
check_envelopes(void)
{
	for (size_t i = 0; i < lengthof(envelopes); i++)
	{
		const Envelope *envelope = &envelopes[i];
		Rendering	rendering = {.envelope = envelope};
		int			state;

		initStringInfo(&rendering.out);
		state = backend_try(render, &rendering);
		if (state == ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE || state == ERRCODE_INVALID_PARAMETER_VALUE)
			rendering.out.data = "refused";
		same(envelope->template, rendering.out.data, envelope->json ? envelope->json : "refused");
		if (envelope->form)
		{
			rendering.form = true;
			initStringInfo(&rendering.out);
			backend_try(render, &rendering);
			same(psprintf("form: %s", envelope->template), rendering.out.data, envelope->form);
		}
	}
}

static void
check_many(void)
{
	same("$records takes many", template_takes_many("{\"a\": [\"$records\"]}") ? "yes" : "no", "yes");
	same("an array of one part", template_takes_many("[{\"f\": \"{{record.a}}\"}]") ? "yes" : "no", "yes");
	same("$record takes one", template_takes_many("{\"a\": \"$record\"}") ? "yes" : "no", "no");
	same("an array of two parts", template_takes_many("[1, \"$record\"]") ? "yes" : "no", "no");
}

/* ---- texts ---- */

typedef struct Text
{
	const char *template;
	TemplatePlace place;
	const char *wanted;			/* NULL: refused */
} Text;

static const Text texts[] = {
	{"Bearer {{token}}", TEMPLATE_HEADER, "Bearer t"},
	{"{{app_key}}", TEMPLATE_HEADER, NULL},
	{"/a/{{app_key}}/b?c={{nonce}}", TEMPLATE_URL, "/a/k%0D%0AX%3A%201/b?c=n"},
	{"{{path|url}}", TEMPLATE_PLAIN, "%2Fk3%2Fx.y"},
	{"{{app_id|k3_client}}", TEMPLATE_PLAIN, "123456"},
	{"{{app_id|base64}}", TEMPLATE_PLAIN, "MTIzNDU2X1lXSmo="},
	{"{{token|k3_secret}}", TEMPLATE_PLAIN, NULL},
	{"{{id|compact}}", TEMPLATE_PLAIN, "ab"},
	{"{{timestamp}} {{timestamp_ms}}", TEMPLATE_PLAIN, "1700000000 1700000000123"},
	{"{{timestamp|beijing}}", TEMPLATE_PLAIN, "2023-11-15 06:13:20"},
	{"{{nonce|beijing}}", TEMPLATE_PLAIN, NULL},
	{"{{password}}", TEMPLATE_PLAIN, NULL},
	{"{{nonce|rot13}}", TEMPLATE_PLAIN, NULL},
	{"{{", TEMPLATE_PLAIN, "{{"},
	{"{{a", TEMPLATE_PLAIN, "{{a"},
	{"{x}", TEMPLATE_PLAIN, "{x}"},
	{"{{user}}", TEMPLATE_PLAIN, "{{token}}"},
};

typedef struct Writing
{
	const Text *text;
	TemplateValues values;
	StringInfoData out;
} Writing;

static void
write_text(void *arg)
{
	Writing    *writing = arg;

	template_text(&writing->out, writing->text->template, &writing->values, writing->text->place, "headers");
}

static void
check_texts(void)
{
	TargetMappingOptions mapping = {
		.app_id = "123456_YWJj",.app_key = "k\r\nX: 1",.token = "t",.user = "{{token}}"
	};
	TemplateValues values = {
		.mapping = &mapping,.now = INT64CONST(1700000000123),.nonce = "n",.method = "POST",
		.path = "/k3/x.y",.query = "",.body = "",.id = "a-b"
	};

	for (size_t i = 0; i < lengthof(texts); i++)
	{
		Writing		writing = {.text = &texts[i],.values = values};

		initStringInfo(&writing.out);
		if (backend_try(write_text, &writing) != 0)
			writing.out.data = "refused";
		same(texts[i].template, writing.out.data, texts[i].wanted ? texts[i].wanted : "refused");
	}
	for (size_t i = 0; i < 4; i++)
	{
		static const char *const masked[] = {"Bearer {{token}}", "{{app_id|k3_secret}}", "{{password}}", "{{timestamp}}"};
		static const char *const wanted[] = {"Bearer ***", "***", "***", "1700000000"};
		Text		text = {masked[i], TEMPLATE_HEADER, NULL};
		Writing		writing = {.text = &text,.values = values};

		writing.values.masked = true;
		initStringInfo(&writing.out);
		backend_try(write_text, &writing);
		same(psprintf("masked: %s", masked[i]), writing.out.data, wanted[i]);
	}
}

/* ---- answers ---- */

/* Bytes as they may come, and the same made clean; NULL if they are no JSON. */
static const struct
{
	const char *answer;
	const char *clean;
}			answers[] = {
	{" {\"a\" : [1, -2.50e3, true, null]} \r\n", "{\"a\":[1,-2.50e3,true,null]}"},
	{"\xEF\xBB\xBF[]", "[]"},
	{"null", "null"},
	{"\"\\u0000\\ud83d\\ude00\\ud83d!\"", "\"\xEF\xBF\xBD\\ud83d\\ude00\xEF\xBF\xBD!\""},
	{"\"a\xFF" "b\xE6\x97\"", "\"a\xEF\xBF\xBD" "b\xEF\xBF\xBD\xEF\xBF\xBD\""},
	{"\"line\nend\ttab\"", "\"line\\u000aend\\u0009tab\""},
	{"[1e5000, 1e-1001, 1E+12]", "[\"1e5000\",\"1e-1001\",1E+12]"},
	{"{\"a\":1,}", NULL},
	{"{\"a\":1", NULL},
	{"[1 2]", NULL},
	{"01", NULL},
	{"1.", NULL},
	{"-", NULL},
	{"tru", NULL},
	{"\"\\x\"", NULL},
	{"\"\\u12g4\"", NULL},
	{"{a:1}", NULL},
	{"{\"a\" 1}", NULL},
	{"", NULL},
	{"<html></html>", NULL},
	{"response_error:{}", NULL},
	{"{} {}", NULL},
};

static void
check_answers(void)
{
	StringInfoData deep;

	for (size_t i = 0; i < lengthof(answers); i++)
	{
		char	   *clean = scan_clean(answers[i].answer, strlen(answers[i].answer));

		same(psprintf("clean: %s", answers[i].answer), clean ? clean : "none",
			 answers[i].clean ? answers[i].clean : "none");
	}
	initStringInfo(&deep);
	for (int i = 0; i < 100000; i++)
		appendStringInfoChar(&deep, '[');
	same("an answer that is deep", scan_clean(deep.data, deep.len) ? "taken" : "none", "none");
}

static void
check_records(void)
{
	const char *text = "{\"a\": {\"b\": 1, \"b\": \"two\"}, \"c.d\": 3}";
	ScanPart	part;
	bool		found = scan_path(text, text + strlen(text), "a.b", &part);

	same("a member's path", found ? pnstrdup(part.value, part.value_end - part.value) : "none", "\"two\"");
	same("no such path", scan_path(text, text + strlen(text), "a.b.c", &part) ? "found" : "none", "none");
	same("not UTF-8 is no record", scan_is_json("\"\xFF\"", 3) ? "taken" : "none", "none");
	same("a control character is none", scan_is_json("\"\n\"", 3) ? "taken" : "none", "none");
	same("two values are none", scan_is_json("{},{}", 5) ? "taken" : "none", "none");
}

static void
check_params(void)
{
	int			n;
	TemplateParam *params = template_params("a=1&b=%E5%90%8D+x&&c", 20, &n);
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
		appendStringInfo(&out, "%s=%s;", params[i].name, params[i].value);
	same("parameters of a form", out.data, "a=1;b=名 x;c=;");
}

int
main(void)
{
	check_envelopes();
	check_many();
	check_texts();
	check_answers();
	check_records();
	check_params();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
