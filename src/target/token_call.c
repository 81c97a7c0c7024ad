/*-------------------------------------------------------------------------
 *
 * token_call.c
 *	  One call for a token.
 *
 * A queue of calls with one call in it: pace, cancel and TLS are those of all calls.  What
 * the answer says is in no message: it may have secrets in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/printable.h"
#include "base/secret.h"
#include "target/path.h"
#include "target/scan.h"
#include "target/sending.h"
#include "target/token_call.h"
#include "target/verdict.h"

#define MEMBERS "api, url, method, query, headers, body, form, sign, auth, token, expires_in, refresh_token, ok and message"

/* Of a token whose answer does not say how long it lives, seconds. */
#define LIFE_UNKNOWN 600

/* Of one that is said to live longer: times are counted in microseconds. */
#define LIFE_MOST (INT64CONST(10) * 366 * 86400)

typedef struct Asking
{
	const TokenApi *api;
	TemplateValues values;
	char	   *body;
	size_t		length;
	bool		again;
	TokenAnswer *answer;
	const char *problem;
} Asking;

/* ---- option token_api ---- */

static void
refuse(const char *problem, const char *word)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("option \"token_api\" cannot be read: %s \"%s\"", problem, word),
			 errhint("Its members are " MEMBERS ".")));
}

/* The field that a text of that name sets, or NULL. */
static const char **
text_field(TokenApi *api, const char *name)
{
	return strcmp(name, "api") == 0 ? &api->request.api :
		strcmp(name, "url") == 0 ? &api->request.url :
		strcmp(name, "method") == 0 ? &api->request.method : NULL;
}

/* The same of a jsonpath. */
static const char **
path_field(TokenApi *api, const char *name)
{
	return strcmp(name, "token") == 0 ? &api->token :
		strcmp(name, "expires_in") == 0 ? &api->expires_in :
		strcmp(name, "refresh_token") == 0 ? &api->refresh_token :
		strcmp(name, "ok") == 0 ? &api->ok :
		strcmp(name, "message") == 0 ? &api->message : NULL;
}

static void
read_member(TokenApi *api, const JsonTree *member)
{
	const char **field = text_field(api, member->name);
	const char **path = path_field(api, member->name);

	if ((field || path) && member->type != JSON_TREE_STRING)
		refuse("no text is", member->name);
	else if (field)
		*field = member->text;
	else if (path)
		*path = path_to_database(member->text);
	else if (strcmp(member->name, "query") == 0)
		api->request.query = request_params(member, "token_api", &api->request.nquery);
	else if (strcmp(member->name, "headers") == 0)
		api->request.headers = request_params(member, "token_api", &api->request.nheaders);
	else if (strcmp(member->name, "form") == 0)
		api->request.form = json_tree_flag(member);
	else if (strcmp(member->name, "sign") == 0)
		api->request.recipes = recipe_read(member, "token_api", &api->request.nrecipes);
	else if (strcmp(member->name, "auth") == 0 && member->text && strcmp(member->text, "basic") == 0)
		api->request.auth = TARGET_AUTH_BASIC;
	else if (strcmp(member->name, "body") != 0)
		refuse("there is no", member->name);
}

/* A URL of its own is https; elsewhere than the server only as its own options say. */
static void
check_url(const TokenApi *api, const char *text, const TargetServerOptions *server)
{
	const char *url = api->request.url;
	const char *origin = request_origin(url);
	const char *servers = target_option_server(server->serverid)->token_api;

	if (server->base_url && strncmp(url, server->base_url, strlen(origin)) == 0 &&
		strcmp(origin, request_origin(server->base_url)) == 0)
		return;
	if (strncmp(url, "https://", 8) != 0)
		refuse("no https URL is", url);
	if (!servers || strcmp(servers, text) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("option \"token_api\" of a table cannot lead elsewhere than its server"),
				 errhint("Set it on server \"%s\".", server->name)));
}

void
token_api_read(const char *text, const TargetServerOptions *server, TokenApi *api)
{
	char	   *problem;
	JsonTree   *tree = json_tree(text, strlen(text), JSON_TREE_ANY, &problem);

	memset(api, 0, sizeof(TokenApi));
	api->request.base_url = server->base_url;
	api->request.method = "POST";
	api->request.option = "token_api";
	if (!tree || tree->type != JSON_TREE_OBJECT)
		refuse("it is", "no JSON object");
	for (int i = 0; i < tree->nmembers; i++)
		read_member(api, &tree->members[i]);
	/* as it stands there: a tree would round its numbers */
	api->body = scan_member(text, "body");
	if (!api->token)
		refuse("it lacks", "token");
	if (strcmp(api->request.method, "GET") != 0 && strcmp(api->request.method, "POST") != 0)
		refuse("there is no method", api->request.method);
	if (api->request.url)
	{
		check_url(api, text, server);
		/* its query may have secrets, but it is no secret itself */
		api->request.base_url = api->request.url;
		api->request.api = "";
		api->request.url = NULL;
	}
	else if (!api->request.api || !api->request.base_url)
		refuse("it lacks", "api");
}

/* ---- the call ---- */

static void
sign_call(void *arg, const Call *call, HttpRequest *http)
{
	Asking	   *asking = arg;
	RequestSent sent;

	request_compose(&asking->api->request, asking->body, asking->length, &asking->values, &sent);
	http->url = sent.url;
	http->headers = sent.headers;
	http->body = sent.body;
	http->body_length = sent.length;
	http->get = asking->api->request.method[0] == 'G';
}

/* What an answer that is no token is called. */
static const char *
problem_of(const TokenApi *api, const HttpResult *http)
{
	char	   *theirs = NULL;

	if (http->outcome != HTTP_ANSWERED)
		return psprintf("no token: %s", http->error);
	if (api->message)
		theirs = verdict_text(api->message, http->body, http->body_length);
	return theirs ? psprintf("no token: HTTP status %d, \"%s\"", http->status, printable(theirs)) :
		psprintf("no token: HTTP status %d", http->status);
}

static bool
judge_call(void *arg, const HttpResult *http, CallAnswer *answer, CallFault *fault)
{
	Asking	   *asking = arg;
	const TokenApi *api = asking->api;
	char	   *token = NULL;
	char	   *life;
	bool		came = http->outcome == HTTP_ANSWERED;

	answer->result = asking;
	if (came && verdict_is_ok(api->ok, http))
		token = verdict_text(api->token, http->body, http->body_length);
	if (token)
	{
		life = api->expires_in ? verdict_text(api->expires_in, http->body, http->body_length) : NULL;
		asking->answer->token = secret_strdup(CurrentMemoryContext, token);
		explicit_bzero(token, strlen(token));
		asking->answer->life = life ? strtoll(life, NULL, 10) : 0;
		if (asking->answer->life <= 0)
			asking->answer->life = LIFE_UNKNOWN;
		asking->answer->life = Min(asking->answer->life, LIFE_MOST);
		token = api->refresh_token ? verdict_text(api->refresh_token, http->body, http->body_length) : NULL;
		if (token)
		{
			asking->answer->refresh_token = secret_strdup(CurrentMemoryContext, token);
			explicit_bzero(token, strlen(token));
		}
		return true;
	}
	asking->problem = problem_of(api, http);
	fault->refused = came && http->status == 429;
	fault->transient = http->outcome == HTTP_NO_CONNECTION || fault->refused ||
		(asking->again && (!came || http->status >= 500) &&
		 http->outcome != HTTP_UNTRUSTED && http->outcome != HTTP_TOO_LARGE);
	fault->down = !came;
	fault->uncounted = http->outcome == HTTP_NO_CONNECTION || http->outcome == HTTP_UNTRUSTED;
	fault->retry_after = http->retry_after;
	fault->kind = came ? LIMITER_ERRORS_HTTP : LIMITER_ERRORS_NETWORK;
	fault->message = asking->problem;
	return false;
}

static bool
give_up_call(void *arg, const CallFault *fault, CallAnswer *answer)
{
	((Asking *) arg)->problem = pstrdup(fault->message);
	answer->result = arg;
	return true;
}

static char *
describe_call(void *arg, const Call *call, bool full)
{
	return pstrdup("the call for a token");
}

static void
make_body(Asking *asking)
{
	const char *records[] = {"{}"};
	TemplateRecords list = {records, 1};
	StringInfoData body;

	initStringInfo(&body);
	/* this body is not kept, so it may have secrets, and what changes */
	asking->values.method = asking->api->request.method;
	asking->values.path = asking->values.query = asking->values.body = "";
	if (asking->api->body && asking->api->request.form)
		template_form(&body, asking->api->body, &list, &asking->values, "token_api");
	else if (asking->api->body)
		template_json(&body, asking->api->body, &list, &asking->values, "token_api");
	asking->body = body.data;
	asking->length = body.len;
}

bool
token_call(const TokenApi *api, const TokenAccess *access, const char *refresh_token,
		   bool again, TokenAnswer *answer, const char **problem)
{
	const TargetServerOptions *server = access->server;
	TargetMappingOptions mapping = *access->mapping;
	CallCounters sum = {0};
	CallAnswer	call_answer = {0};
	Asking		asking = {.api = api,.again = again,.answer = answer};
	CallQueue  *queue;
	CallSpec	spec = {
		.place = call_place(psprintf("%s/", request_origin(api->request.base_url)), CurrentMemoryContext),
		.request = target_http(server),
		.budget = access->budget,
		.max_retries = server->max_retries,
		.down_is_answer = true,
		.serverid = server->serverid,
		.userid = access->userid,
		.endpoint = "token",
		.sum = &sum,
		.owner = {sign_call, judge_call, give_up_call, describe_call, &asking},
	};

	if (refresh_token)
		mapping.refresh_token = unconstify(char *, refresh_token);
	asking.values = target_moment(&mapping);
	make_body(&asking);
	memset(answer, 0, sizeof(TokenAnswer));
	queue = call_open(&spec);
	call_ask(queue, 0);
	if (!call_next(queue, true, &call_answer))
		elog(ERROR, "a call for a token has no answer");
	if (!answer->token)
		*problem = asking.problem;
	return answer->token != NULL;
}
