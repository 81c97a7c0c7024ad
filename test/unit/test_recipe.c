/*-------------------------------------------------------------------------
 *
 * test_recipe.c
 *	  Each platform's signature is what its vector says.
 *
 * The vectors (signatures.json) come from official clients, specifications and vendors'
 * examples where they are golden; the others were computed by another program.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "target/recipe.h"

#define VECTORS 15
#define GOLDEN 6

static int	ntests;
static int	nfailed;

static void
ok(bool passed, const char *name, const char *got, const char *wanted)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	if (!passed)
		printf("# %s\n# not %s\n", got ? got : "(null)", wanted ? wanted : "(null)");
	nfailed += !passed;
}

static const char *
text_of(const JsonTree *tree, const char *name, const char *otherwise)
{
	const char *text = json_tree_text(json_tree_member(tree, name));

	return text ? text : otherwise;
}

static char *
mapping_text(const JsonTree *vector, const char *name)
{
	return (char *) text_of(json_tree_member(vector, "mapping"), name, NULL);
}

static TemplateValues
values_of(const JsonTree *vector, TargetMappingOptions *mapping)
{
	const JsonTree *params = json_tree_member(vector, "params");
	TemplateParam *list = palloc((params ? params->nmembers : 1) * sizeof(TemplateParam));
	int64		now = 0;
	TemplateValues values = {
		.mapping = mapping,
		.nonce = text_of(vector, "nonce", ""),
		.method = text_of(vector, "method", "POST"),
		.path = text_of(vector, "path", ""),
		.query = text_of(vector, "query", ""),
		.body = text_of(vector, "body", ""),
		.id = text_of(vector, "id", NULL),
		.params = list,
		.nparams = params ? params->nmembers : 0,
	};

	for (int i = 0; i < values.nparams; i++)
		list[i] = (TemplateParam) {params->members[i].name, params->members[i].text};
	json_tree_integer(json_tree_member(vector, "timestamp_ms"), &now);
	values.now = now;
	values.body_length = strlen(values.body);
	memset(mapping, 0, sizeof(TargetMappingOptions));
	mapping->app_id = mapping_text(vector, "app_id");
	mapping->app_key = mapping_text(vector, "app_key");
	mapping->app_secret = mapping_text(vector, "app_secret");
	mapping->user = mapping_text(vector, "user");
	return values;
}

/* Sets *golden if somebody else than us has published the result. */
static void
check_vector(const JsonTree *vector, bool *golden)
{
	const char *name = text_of(vector, "name", "");
	const char *wanted = text_of(vector, "result", "");
	TargetMappingOptions mapping;
	TemplateValues values = values_of(vector, &mapping);
	int			n;
	Recipe	   *recipe = recipe_read(json_tree_member(vector, "recipe"), "sign", &n);
	StringInfoData text;
	char	   *got = recipe_value(recipe, &values, "sign");

	values.pair = recipe->pair;
	values.join = recipe->join;
	initStringInfo(&text);
	template_text(&text, recipe->text, &values, TEMPLATE_PLAIN, "sign");
	for (int i = 0; recipe->lower && i < text.len; i++)
		text.data[i] = pg_ascii_tolower(text.data[i]);
	ok(strcmp(text.data, text_of(vector, "text", "")) == 0, psprintf("%s: what is signed", name),
	   text.data, text_of(vector, "text", ""));

	if (json_tree_flag(json_tree_member(vector, "percent")))
	{
		resetStringInfo(&text);
		template_percent(&text, got, strlen(got));
		got = text.data;
	}
	ok(strcmp(got, wanted) == 0, name, got, wanted);
	*golden = json_tree_flag(json_tree_member(vector, "golden"));
}

static JsonTree *
read_vectors(void)
{
	static char text[65536];
	FILE	   *file = fopen(VECTORS_FILE, "r");
	size_t		length = file ? fread(text, 1, sizeof(text), file) : 0;
	char	   *problem = "it is not there";
	JsonTree   *tree = json_tree(text, length, JSON_TREE_ANY, &problem);

	if (!tree)
		fprintf(stderr, "signatures.json: %s\n", problem);
	return tree;
}

/* ---- recipes that are none ---- */

static void
read_text(void *arg)
{
	char	   *problem;
	int			n;
	JsonTree   *tree = json_tree(arg, strlen(arg), JSON_TREE_ANY, &problem);

	(void) recipe_read(tree, "sign", &n);
}

static void
check_refused(void)
{
	static const char *const wrong[] = {
		"[1]", "\"x\"", "{}", "{\"text\": \"x\"}", "{\"header\": \"X\"}",
		"{\"text\": \"x\", \"header\": \"\"}",
		"{\"text\": \"x\", \"header\": \"X: y\"}",
		"{\"text\": \"x\", \"header\": \"X\\r\\nY\"}",
		"{\"text\": \"x\", \"header\": \"X\", \"hash\": \"crc32\"}",
		"{\"text\": \"x\", \"header\": \"X\", \"hash\": \"md5\", \"encode\": \"base32\"}",
		"{\"text\": \"x\", \"header\": \"X\", \"hash\": \"hmac-sha256\"}",
		"{\"text\": \"x\", \"header\": \"X\", \"salt\": \"y\"}",
		"{\"text\": 1, \"header\": \"X\"}",
	};

	for (size_t i = 0; i < lengthof(wrong); i++)
		ok(backend_try(read_text, (void *) wrong[i]) == ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE,
		   psprintf("refused: %s", wrong[i]), backend_message, "");
}

/* ---- lengths ---- */

/* Characters or bytes: only a value that is not ASCII tells (targets B1). */
static void
check_lengths(void)
{
	TemplateParam param = {"名", "旗舰店"};
	TargetMappingOptions mapping = {0};
	TemplateValues values = {.mapping = &mapping,.method = "POST",.params = &param,.nparams = 1};
	static const struct
	{
		const char *pair;
		const char *wanted;
	}			cases[] = {
		{"{kl:02d}-{k}:{vl:04d}-{v}", "01-名:0003-旗舰店"},
		{"{kb:02d}-{k}:{vb:04d}-{v}", "03-名:0009-旗舰店"},
		{"{k}={v}({vl})", "名=旗舰店(3)"},
	};

	for (size_t i = 0; i < lengthof(cases); i++)
	{
		StringInfoData out;

		initStringInfo(&out);
		values.pair = cases[i].pair;
		template_text(&out, "{{params|sorted}}", &values, TEMPLATE_PLAIN, "sign");
		ok(strcmp(out.data, cases[i].wanted) == 0, cases[i].pair, out.data, cases[i].wanted);
	}
}

int
main(void)
{
	JsonTree   *vectors = read_vectors();
	int			ngolden = 0;

	for (int i = 0; vectors && i < vectors->nmembers; i++)
	{
		bool		golden;

		check_vector(&vectors->members[i], &golden);
		ngolden += golden;
	}
	ok(vectors && vectors->nmembers == VECTORS && ngolden >= GOLDEN, "all vectors were there", "", "");
	check_refused();
	check_lengths();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
