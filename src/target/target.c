/*-------------------------------------------------------------------------
 *
 * target.c
 *	  Calls to another platform: what a target is, and what it is sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "target/connection.h"
#include "target/path.h"
#include "target/scan.h"
#include "target/target_data.h"

/* Without one of their own, probes are asked as the write is. */
#define PROBE_MEMBERS "api, envelope, found, id, query, method"

/* ---- opening ---- */

static JsonTree *
read_json(const char *text, const char *option)
{
	char	   *problem;
	JsonTree   *tree = text ? json_tree(text, strlen(text), JSON_TREE_ANY, &problem) : NULL;

	if (text && !tree)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" is no JSON", option),
				 errdetail("%s.", problem)));
	return tree;
}

static void
read_request(Target *target)
{
	const TargetServerOptions *server = &target->options->server;
	JsonTree   *sign = read_json(server->sign, "sign");
	Request    *request = &target->request;

	request->base_url = server->base_url;
	request->api = target->options->api;
	request->url = target->mapping->url;
	request->method = "POST";
	request->form = server->body == TARGET_BODY_FORM;
	request->headers = request_params(read_json(server->headers, "headers"), "headers", &request->nheaders);
	request->query = request_params(read_json(server->query, "query"), "query", &request->nquery);
	request->auth = server->auth;
	request->auth_name = server->auth_name;
	request->recipes = sign ? recipe_read(sign, "sign", &request->nrecipes) : NULL;
	request->option = "sign";
	if (!request->url && (!request->base_url || !request->api))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("nothing says where server \"%s\" is to be called", server->name),
				 errhint("Give the table option api and the server option base_url, or the user mapping option url.")));
	if ((request->auth == TARGET_AUTH_HEADER || request->auth == TARGET_AUTH_QUERY) && !request->auth_name)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" lacks option auth_name", server->name),
				 errhint("It is the name of the header, or of the query's member, that the token goes to.")));
}

static void
read_probe(Target *target)
{
	JsonTree   *tree = read_json(target->options->server.probe, "probe");
	Request    *probe = &target->probe;

	if (!tree)
		return;
	*probe = target->request;
	for (int i = 0; i < tree->nmembers; i++)
	{
		const JsonTree *member = &tree->members[i];

		if (strcmp(member->name, "api") == 0)
		{
			probe->api = member->text;
			probe->base_url = probe->base_url ? probe->base_url : request_origin(probe->url);
			probe->url = NULL;
		}
		else if (strcmp(member->name, "envelope") == 0)
			target->probe_envelope = scan_member(target->options->server.probe, "envelope");
		else if (strcmp(member->name, "found") == 0)
			target->probe_found = member->text ? path_to_database(member->text) : NULL;
		else if (strcmp(member->name, "id") == 0)
			target->probe_id = member->text ? path_to_database(member->text) : NULL;
		else if (strcmp(member->name, "query") == 0)
			probe->query = request_params(member, "probe", &probe->nquery);
		else if (strcmp(member->name, "method") == 0)
			probe->method = member->text && strcmp(member->text, "GET") == 0 ? "GET" : "POST";
		else
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"probe\" has no member \"%s\"", member->name),
					 errhint("Its members are " PROBE_MEMBERS ".")));
	}
	if (!target->probe_found || !probe->api)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"probe\" lacks api or found"),
				 errhint("Member api is the path to ask, found the jsonpath that says yes of its answer.")));
}

/* A request such as will be sent: what is wrong with the options shows now. */
static void
check_request(const Target *target)
{
	TemplateValues values = target_moment(target->mapping);
	const char *envelope = target->options->server.envelope;
	const char *records[] = {"{}"};
	StringInfoData body;
	RequestSent sent;

	if (target_batch_size(target) > 1 && !template_takes_many(envelope))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"envelope\" has a place for one record, and batch_size is %d",
						target_batch_size(target)),
				 errhint("A place for several is \"$records\", or an array of one part that has \"$record\" in it.")));
	values.id = "id";
	if (target->token)
		values.token = "";
	initStringInfo(&body);
	appendStringInfoString(&body, target_body(target, records, 1, "id", &(size_t) {0}));
	request_compose(&target->request, body.data, body.len, &values, &sent);
}

Target *
target_open(Oid relid, Oid userid, MemoryContext context)
{
	MemoryContext own = AllocSetContextCreate(context, "xbb_fdw target", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	Target	   *target = palloc0(sizeof(Target));
	const TargetServerOptions *server;

	target->context = own;
	target->userid = userid;
	target->options = target_option_table(relid);
	server = &target->options->server;
	target->mapping = target_option_mapping(userid, server);
	read_request(target);
	read_probe(target);
	target->endpoint = target->mapping->url ? "url" : target->options->api;
	target->place = connection_get(server->serverid, target->mapping->umid,
								   psprintf("%s/", request_origin(target->mapping->url ? target->mapping->url : server->base_url)), own);
	if (server->token_api)
	{
		TokenAccess access = {userid, server, target->mapping, target_budget(server, target->mapping)};

		target->token = token_read(server->token_api, &access);
	}
	target->rules = verdict_rules(server, target->token || target->mapping->token);
	check_request(target);
	MemoryContextSwitchTo(old);
	return target;
}

/* ---- what is sent ---- */

const TargetTableOptions *
target_options(const Target *target)
{
	return target->options;
}

int
target_batch_size(const Target *target)
{
	return target->options->server.batch_size;
}

void
target_count(const Target *target, ProgressNumbers *numbers)
{
	numbers->requests = target->sum.requests;
	numbers->bytes = target->sum.bytes;
	numbers->retries = target->sum.retries;
	numbers->throttled_us = target->sum.throttled_us;
}

TargetRepeat
target_repeat(const Target *target)
{
	return target->options->server.repeat;
}

/* Raises 22023 for a record that has a member, at its top, which a recipe adds. */
static void
check_members(const Target *target, const char *body, size_t length)
{
	for (int i = 0; i < target->request.nrecipes; i++)
	{
		const Recipe *recipe = &target->request.recipes[i];
		const char *at = scan_blanks(body, body + length);
		ScanPart	part;

		if (recipe->place != RECIPE_MEMBER || *at != '{')
			continue;
		while (scan_part(&at, body + length, &part))
			if (strcmp(scan_unquote(part.name, part.name_end, NULL), recipe->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("member \"%s\" of a body is for option sign, not for a record", recipe->name)));
	}
}

char *
target_body(const Target *target, const char *const *records, int nrecords,
			const char *id, size_t *length)
{
	const TargetServerOptions *server = &target->options->server;
	TemplateRecords list = {records, nrecords};
	TemplateValues values = {.id = id};
	StringInfoData body;

	for (int i = 0; i < nrecords; i++)
		if (!scan_is_json(records[i], strlen(records[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a record is no JSON, or nested deeper than %d levels", SCAN_DEPTH)));
	initStringInfo(&body);
	if (server->body == TARGET_BODY_FORM)
		template_form(&body, server->envelope, &list, &values, "envelope");
	else
	{
		template_json(&body, server->envelope, &list, &values, "envelope");
		check_members(target, body.data, body.len);
	}
	*length = body.len;
	return body.data;
}

char **
target_keys(const Target *target, const char *const *records, int nrecords)
{
	const char *path = target->options->server.record_key;
	char	  **keys = path ? palloc0(Max(nrecords, 1) * sizeof(char *)) : NULL;

	for (int i = 0; path && i < nrecords; i++)
	{
		ScanPart	part;

		if (!scan_path(records[i], records[i] + strlen(records[i]), path, &part))
			continue;
		keys[i] = *part.value == '"' ? scan_unquote(part.value, part.value_end, NULL) :
			pnstrdup(part.value, part.value_end - part.value);
	}
	return keys;
}

char *
target_preview(const Target *target, const char *body, size_t length, const char *id)
{
	TemplateValues values = target_moment(target->mapping);
	StringInfoData out;
	RequestSent sent;

	values.id = id;
	values.masked = true;
	request_compose(&target->request, body, length, &values, &sent);
	initStringInfo(&out);
	appendStringInfo(&out, "%s %s\n", target->request.method, sent.url);
	for (int i = 0; sent.headers[i]; i++)
		appendStringInfo(&out, "%s\n", sent.headers[i]);
	appendStringInfo(&out, "\n%s", sent.body);
	return pg_any_to_server(out.data, out.len, PG_UTF8);
}

/* ---- what came ---- */

const char *
target_class_name(TargetClass class)
{
	static const char *const names[] = {
		[TARGET_OK] = "ok",
		[TARGET_DUPLICATE] = "duplicate",
		[TARGET_REJECTED] = "rejected",
		[TARGET_THROTTLED] = "throttled",
		[TARGET_TOKEN_EXPIRED] = "token expired",
		[TARGET_RETRY] = "retry",
		[TARGET_UNKNOWN] = "unknown",
	};

	return names[class];
}

TargetAnswer *
target_judge(Oid relid, int status, const char *text, const char *const *keys, int nrecords)
{
	const TargetTableOptions *options = target_option_table(relid);
	VerdictRules *rules = verdict_rules(&options->server, options->server.auth != TARGET_AUTH_NONE || options->server.token_api);
	TargetAnswer *answer = palloc0(sizeof(TargetAnswer));
	HttpResult	http = {
		.outcome = HTTP_ANSWERED,
		.status = status,
		.body = text ? pstrdup(text) : NULL,
		.body_length = text ? strlen(text) : 0,
		.date = -1,
		.retry_after = -1,
	};

	verdict_judge(rules, &http, keys, nrecords, answer);
	return answer;
}
