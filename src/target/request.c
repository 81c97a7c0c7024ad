/*-------------------------------------------------------------------------
 *
 * request.c
 *	  A request as it goes out: URL, headers, body, with what is added at each sending.
 *
 * Recipes are followed in their order, and each sees what the ones before it have
 * added: fields that are not to be signed come after the signature.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"

#include "target/request.h"
#include "target/scan.h"

#define MASK "***"
#define MOST_HEADERS 64

typedef struct Composing
{
	const Request *request;
	TemplateValues values;
	StringInfoData url;			/* up to the query */
	StringInfoData query;		/* encoded */
	StringInfoData body;
	const char *headers[MOST_HEADERS + 1];
	int			nheaders;
} Composing;

/* ---- parts ---- */

static void
add_header(Composing *composing, const char *name, const char *value)
{
	if (composing->nheaders == MOST_HEADERS)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("a request has more than %d headers", MOST_HEADERS)));
	for (const char *c = value; *c; c++)
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("header \"%s\" would have a control character", name),
					 errhint("A value of the user mapping may end in a line break.")));
	/* libcurl takes "Name:" for one that is not to be sent */
	composing->headers[composing->nheaders++] = *value ? psprintf("%s: %s", name, value) : psprintf("%s;", name);
}

/* "&name=value", or without the mark in front of the first. */
static void
add_param(StringInfo params, const char *name, const char *value)
{
	if (params->len > 0)
		appendStringInfoChar(params, '&');
	template_percent(params, name, strlen(name));
	appendStringInfoChar(params, '=');
	template_percent(params, value, strlen(value));
}

/* Adds a member at the end of a body that is an object: of two the last one counts. */
static void
add_member(StringInfo body, const char *name, const char *value, const char *option)
{
	const char *begin = scan_blanks(body->data, body->data + body->len);

	while (body->len > 0 && strchr(" \t\r\n", body->data[body->len - 1]) != NULL)
		body->len--;
	if (begin >= body->data + body->len || *begin != '{' || body->data[body->len - 1] != '}')
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" adds member \"%s\" to a body that is no JSON object", option, name),
				 errhint("Let option envelope make one, as in {\"data\": \"$record\"}.")));
	body->data[--body->len] = '\0';
	if (*scan_blanks(begin + 1, body->data + body->len) != '\0')
		appendStringInfoChar(body, ',');
	scan_quote(body, name, strlen(name));
	appendStringInfoChar(body, ':');
	scan_quote(body, value, strlen(value));
	appendStringInfoChar(body, '}');
}

/* In a URL that is shown the mask is to be seen as such. */
static void
show_masks(StringInfo url)
{
	static const char encoded[] = "%2A%2A%2A";
	char	   *at;

	while ((at = strstr(url->data, encoded)) != NULL)
	{
		memcpy(at, MASK, strlen(MASK));
		memmove(at + strlen(MASK), at + strlen(encoded), strlen(at + strlen(encoded)) + 1);
		url->len = strlen(url->data);
	}
}

static char *
expand(const Composing *composing, const char *template, TemplatePlace place, const char *option)
{
	StringInfoData out;

	initStringInfo(&out);
	template_text(&out, template, &composing->values, place, option);
	return out.data;
}

/* ---- in the order they are added ---- */

/* Sets url, query and the values that speak of them. */
static void
begin_url(Composing *composing)
{
	const Request *request = composing->request;
	char	   *mark;
	const char *host;

	initStringInfo(&composing->url);
	initStringInfo(&composing->query);
	if (request->url && composing->values.masked)
		appendStringInfo(&composing->url, "%s/" MASK, request_origin(request->url));
	else if (request->url)
		appendStringInfoString(&composing->url, request->url);
	else
	{
		composing->values.path = composing->values.query = composing->values.body = "";
		if (request->base_url)
			appendStringInfoString(&composing->url, request->base_url);
		template_text(&composing->url, request->api, &composing->values, TEMPLATE_URL, "api");
	}
	mark = strchr(composing->url.data, '#');
	if (mark)
		*mark = '\0';
	mark = strchr(composing->url.data, '?');
	if (mark)
	{
		*mark = '\0';
		appendStringInfoString(&composing->query, mark + 1);
	}
	composing->url.len = strlen(composing->url.data);
	host = strstr(composing->url.data, "://");
	host = host ? host + 3 : composing->url.data;
	composing->values.path = pstrdup(host + strcspn(host, "/"));
	if (!composing->values.path[0])
	{
		composing->values.path = "/";
		appendStringInfoChar(&composing->url, '/');
	}
	composing->values.query = "";
}

/* Basic's word: user and password in base64. */
static char *
basic_word(const Composing *composing)
{
	char	   *pair = expand(composing, "{{user}}:{{password}}", TEMPLATE_PLAIN, "auth");
	int			size = pg_b64_enc_len(strlen(pair)) + 1;
	char	   *word = palloc0(size);

	if (composing->values.masked)
		return pstrdup("Basic " MASK);
	if (pg_b64_encode((const void *) pair, strlen(pair), word, size) < 0)
		elog(ERROR, "base64 does not fit");
	explicit_bzero(pair, strlen(pair));
	return psprintf("Basic %s", word);
}

static void
add_auth(Composing *composing)
{
	const Request *request = composing->request;

	switch (request->auth)
	{
		case TARGET_AUTH_NONE:
			break;
		case TARGET_AUTH_BASIC:
			add_header(composing, "Authorization", basic_word(composing));
			break;
		case TARGET_AUTH_BEARER:
			add_header(composing, "Authorization",
					   expand(composing, "Bearer {{token}}", TEMPLATE_HEADER, "auth"));
			break;
		case TARGET_AUTH_HEADER:
			add_header(composing, request->auth_name,
					   expand(composing, "{{token}}", TEMPLATE_HEADER, "auth"));
			break;
		case TARGET_AUTH_QUERY:
			add_param(&composing->query, request->auth_name,
					  expand(composing, "{{token}}", TEMPLATE_PLAIN, "auth"));
			break;
	}
}

static void
add_headers(Composing *composing)
{
	const Request *request = composing->request;
	bool		typed = request->method[0] == 'G';

	for (int i = 0; i < request->nheaders; i++)
	{
		typed |= pg_strcasecmp(request->headers[i].name, "Content-Type") == 0;
		add_header(composing, request->headers[i].name,
				   expand(composing, request->headers[i].value, TEMPLATE_HEADER, "headers"));
	}
	if (!typed)
		add_header(composing, "Content-Type", request->form ?
				   "application/x-www-form-urlencoded; charset=UTF-8" : "application/json; charset=UTF-8");
}

/* What {{params}} is made of: query and form so far. */
static void
set_params(Composing *composing)
{
	int			nquery;
	int			nform = 0;
	TemplateParam *query = template_params(composing->query.data, composing->query.len, &nquery);
	TemplateParam *form = NULL;

	if (composing->request->form)
		form = template_params(composing->body.data, composing->body.len, &nform);
	query = repalloc(query, (nquery + nform + 1) * sizeof(TemplateParam));
	if (form)
		memcpy(query + nquery, form, nform * sizeof(TemplateParam));
	composing->values.params = query;
	composing->values.nparams = nquery + nform;
}

static void
follow_recipe(Composing *composing, const Recipe *recipe)
{
	const char *option = composing->request->option;
	char	   *value;

	composing->values.query = composing->query.data;
	composing->values.body = composing->body.data;
	composing->values.body_length = composing->body.len;
	if (strstr(recipe->text, "{{params"))
		set_params(composing);
	value = recipe_value(recipe, &composing->values, option);
	switch (recipe->place)
	{
		case RECIPE_HEADER:
			add_header(composing, recipe->name, value);
			break;
		case RECIPE_QUERY:
			add_param(&composing->query, recipe->name, value);
			break;
		case RECIPE_MEMBER:
			add_member(&composing->body, recipe->name, value, option);
			break;
		case RECIPE_FORM:
			if (!composing->request->form)
				ereport(ERROR,
						(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
						 errmsg("option \"%s\" adds field \"%s\" to a body that is no form", option, recipe->name),
						 errhint("Set option body to form.")));
			add_param(&composing->body, recipe->name, value);
			break;
	}
}

/* ---- public ---- */

TemplateParam *
request_params(const JsonTree *tree, const char *option, int *n)
{
	TemplateParam *params;

	*n = 0;
	if (tree == NULL)
		return NULL;
	if (tree->type != JSON_TREE_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" is no JSON object of texts", option)));
	params = palloc(Max(tree->nmembers, 1) * sizeof(TemplateParam));
	for (int i = 0; i < tree->nmembers; i++)
	{
		const JsonTree *member = &tree->members[i];

		if (!member->text)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"%s\" is no JSON object of texts", option),
					 errdetail("Member \"%s\" is neither text nor number.", member->name)));
		params[(*n)++] = (TemplateParam) {member->name, member->text};
	}
	return params;
}

void
request_compose(const Request *request, const char *body, size_t length,
				const TemplateValues *values, RequestSent *sent)
{
	Composing	composing = {.request = request,.values = *values};

	composing.values.method = request->method;
	begin_url(&composing);
	initStringInfo(&composing.body);
	appendBinaryStringInfo(&composing.body, body, length);
	composing.values.body = composing.body.data;
	composing.values.body_length = composing.body.len;
	for (int i = 0; i < request->nquery; i++)
		add_param(&composing.query, request->query[i].name,
				  expand(&composing, request->query[i].value, TEMPLATE_PLAIN, "query"));
	add_headers(&composing);
	add_auth(&composing);
	for (int i = 0; i < request->nrecipes; i++)
		follow_recipe(&composing, &request->recipes[i]);
	if (composing.query.len > 0)
		appendStringInfo(&composing.url, "?%s", composing.query.data);

	if (values->masked)
		show_masks(&composing.url);
	sent->url = composing.url.data;
	sent->headers = palloc((composing.nheaders + 1) * sizeof(char *));
	memcpy(sent->headers, composing.headers, composing.nheaders * sizeof(char *));
	sent->headers[composing.nheaders] = NULL;
	sent->body = composing.body.data;
	sent->length = composing.body.len;
}

char *
request_origin(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return pnstrdup(url, (host - url) + strcspn(host, "/?#\\"));
}
