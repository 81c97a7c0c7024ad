/*-------------------------------------------------------------------------
 *
 * target.c
 *	  The document of a target: server, target table, the view of what is sent, the push.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

#define STORE_ONLY "写入空操作"

/* What is known of a platform: its preset, and what a user has to fill in. */
typedef struct Platform
{
	const char *api;			/* how its apis begin, or the whole with "" behind */
	const char *server;
	const char *preset;			/* NULL: there is none */
	const char *options;		/* of the server, behind the preset */
	const char *mapping;
} Platform;

#define K3 "k3", "kingdee_k3", ", base_url 'https://<host>'", "app_id '<app id>', app_secret '<app secret>', app_key '<account id>', \"user\" '<user>'"

static const Platform platforms[] = {
	{"batchSave", K3}, {"BatchSave", K3}, {"Save", K3}, {"Draft", K3},
	{"/open/jushuitan/", "jushuitan", "jushuitan", "", "app_key '<app key>', app_secret '<app secret>', refresh_token '<refresh token>'"},
	{"/yonbip/", "yonbip", "yonyou_bip", ", base_url 'https://<host>'", "app_key '<app key>', app_secret '<app secret>'"},
	{"/pro/v2/api/", "crm_write", "xbb", ", base_url 'https://<host>'", "app_id '<corpid>', token '<token>', \"user\" '<user id>'"},
};
static const Platform unknown_platform = {"", "target", NULL, "base_url 'https://<host>', auth 'bearer'", "token '<token>'"};

static const Platform *
platform_of(const char *api)
{
	for (int i = 0; api && i < (int) lengthof(platforms); i++)
	{
		bool		prefix = platforms[i].api[0] == '/';

		if (prefix ? strncmp(api, platforms[i].api, strlen(platforms[i].api)) == 0 : strcmp(api, platforms[i].api) == 0)
			return &platforms[i];
	}
	return &unknown_platform;
}

#define MOST_BATCH 1000			/* of the option */
#define UNKNOWN_HOST "https://<host>"

/* Where a target is, as its document says. */
typedef struct Place
{
	const char *host;			/* with https://, or NULL */
	const char *path;			/* NULL: there is none that can be one */
	bool		more;			/* behind the path, which is left out */
} Place;

static Place
place_of(const char *api)
{
	static const char in_host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	static const char in_path[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~%:@!$&()*+,;=";
	Place		place = {NULL, NULL, false};
	size_t		length = 0;

	if (api && strncmp(api, "https://", 8) == 0 && strspn(api + 8, in_host) > 0)
		length = 8 + strspn(api + 8, in_host);
	if (api == NULL || api[length] != '/')
		return place;
	place.host = length > 0 ? pnstrdup(api, length) : NULL;
	place.path = pnstrdup(api + length, strcspn(api + length, "?#"));
	place.more = strlen(place.path) < strlen(api + length);
	if (strspn(place.path, in_path) != strlen(place.path) || strstr(place.path, "/."))
		place.path = NULL;
	return place;
}

static bool
is_k3(const Platform *platform)
{
	return platform->preset && strcmp(platform->preset, "kingdee_k3") == 0;
}

bool
target_is_store(const Part *target)
{
	const char *api = part_text(part_member(target, "api"));

	return api && strcmp(api, STORE_ONLY) == 0;
}

/* The first field at the top whose value is one column of the source. */
static void
find_key(Integration *integration, const Field *request)
{
	for (int i = 0; i < request->nfields && integration->key == NULL; i++)
	{
		const char *text = field_text(request->fields[i]);
		char	   *problem;
		MetaExpr   *expr = text ? expr_parse(text, &problem) : NULL;
		Scope		scope = {.name = ""};
		Sql			sql = {.text = NULL};

		if (request->fields[i]->nfields > 0 || request->fields[i]->ambiguous || expr == NULL || expr->kind != EXPR_TEMPLATE ||
			expr->format || strchr(expr->text, '.'))
			continue;
		sql = scope_find(&scope, expr->text);
		if (sql.text == NULL || scope.columns == NULL)
			continue;
		integration->key = expr->text;
		integration->key_reason = psprintf("%s is the first that is sent as it is, and has to be one's own of each row", expr->text);
	}
}

static const Platform *
platform_of_target(const Part *target)
{
	const char *api = part_text(part_member(target, "api"));
	Place		place = place_of(api);

	return platform_of(place.host ? place.path : api);
}

/*
 * The fields of a record.  The preset of the CRM makes a request's "dataList" of them, and adds who asks: what stands below
 * a "dataList" of the document are such fields, and who asks is left to the user mapping.
 */
static Field *
record_fields(Answer *answer, Part *target, int row)
{
	Field	   *request = field_tree(part_member(target, "request"));
	const Platform *platform = platform_of_target(target);
	Field	   *record;

	if (platform->preset == NULL || strcmp(platform->preset, "xbb") != 0)
		return request;
	record = palloc0(sizeof(Field));
	record->part = request->part;
	record->type = request->type;
	for (int i = 0; i < request->nfields; i++)
	{
		Field	   *field = request->fields[i];
		const char *name = field->name ? field->name : "";

		if (strcmp(name, "corpid") == 0 || strcmp(name, "userId") == 0)
		{
			if (answer)
				answer_note(answer, METADATA_NOTE, field->part, "%s is sent as that of the user mapping", name);
		}
		else if (strcmp(name, "dataList") == 0 && strcmp(field->type, "object") == 0 && field->nfields > 0)
		{
			for (int j = 0; j < field->nfields; j++)
				field_add(record, field->fields[j]);
			if (answer)
				part_claim_own(field->part, "children", row);
		}
		else
			field_add(record, field);
	}
	return record;
}

void
target_read(Integration *integration, Part *target)
{
	Field	   *request = record_fields(NULL, target, 0);
	FieldWriter writer = {.scope = &integration->scope};

	integration->scope.rows_key = part_text(part_member(part_member(target, "operation"), "rowsKey"));
	if (integration->key == NULL)
		find_key(integration, request);
	if (integration->key)
		(void) scope_column(&integration->scope, integration->key, NULL);
	(void) field_record(&writer, request);
	integration->scope.problem = NULL;
}

/* The column of what is sent, in view and target; not the key's. */
static const char *
record_name(Integration *integration)
{
	return strcmp(integration->key, "record") == 0 ? "body" : "record";
}

static const char *
key_name(Integration *integration)
{
	ScopeColumn *column = scope_column(&integration->scope, integration->key, NULL);

	return column ? column->name : integration->key;
}

static void
note_strategies(Integration *integration)
{
	for (const ScopeStrategy *strategy = integration->scope.strategies; strategy; strategy = strategy->next)
		answer_note(integration->answer, METADATA_NOTE, NULL,
					"put the table of strategy %s where its name stands; where it has no row there is NULL here, the platform sends an empty text",
					sql_name(strategy->name));
}

/* The view of the records; its row. */
static int
write_view(Integration *integration, Part *target)
{
	Answer	   *answer = integration->answer;
	int			row = answer_row(answer, METADATA_PUSH);
	FieldWriter writer = {.scope = &integration->scope, .answer = answer, .row = row};
	Field	   *request = record_fields(answer, target, row);
	char	   *record;

	integration->scope.strips_aggregate = integration->scope.uses_random = integration->scope.uses_now = false;
	integration->scope.written = 0;
	integration->scope.strategies = NULL;
	integration->scope.narrays = 0;
	record = field_record(&writer, request);
	if (request->nfields == 0)
	{
		answer_note(answer, METADATA_UNKNOWN, part_member(target, "request"), "there are no fields to be sent");
		integration->needs_person = true;
	}
	answer_sql(answer, row, "CREATE VIEW %s AS\nSELECT " SCOPE_SOURCE ".%s, json_strip_nulls(%s) AS %s\nFROM %s AS " SCOPE_SOURCE "%s;",
			   sql_name(psprintf("%s_to_push", integration->name)), sql_name(key_name(integration)), record, record_name(integration),
			   sql_name(integration->name), filter_where(integration, row));
	if (integration->scope.uses_random)
		answer_remark(answer, row, "{random}: a hash of the row, so that a repetition is not a new document");
	if (integration->scope.strips_aggregate)
		answer_remark(answer, row, "an aggregate of one value is that value");
	integration->sends_now = integration->scope.uses_now && strstr(record, "now()");
	if (integration->sends_now)
		answer_remark(answer, row, "now() is another at each run, which would send all rows again: put a column of the row in its place, such as the time of its change");
	if (strstr(record, "nullif("))
		answer_remark(answer, row, "what cannot be computed is NULL or an error here; the platform sends the expression's text");
	note_strategies(integration);
	return row;
}

/* Records of a request; 0: it cannot be told. */
static int
batch_size(Answer *answer, Part *operation, int row)
{
	const char *method = part_text(part_member(operation, "method"));
	const char *rows = part_text(part_member(operation, "rows"));

	if (operation == NULL)
		return 0;
	if (method && strcmp(method, "none") == 0)
	{
		part_claim(operation, row);
		return 0;
	}
	if (method && strcmp(method, "batchArraySave") == 0 && rows && strlen(rows) < 5 &&
		strspn(rows, "0123456789") == strlen(rows) && atoi(rows) > 0)
	{
		part_claim(operation, row);
		if (atoi(rows) > MOST_BATCH)
			answer_remark(answer, row, "%s records a request: it has %d at most", rows, MOST_BATCH);
		return Min(atoi(rows), MOST_BATCH);
	}
	answer_note(answer, METADATA_UNKNOWN, operation, "operation: how many records go into a request is not known; batch_size and envelope say it");
	return 0;
}

/* The envelope of K3, whose form is chosen in the platform's adapter, or stands beside the request. */
static char *
k3_envelope(Answer *answer, Part *target, int row, bool batch)
{
	const Field *form = field_find(field_tree(part_member(target, "otherRequest")), "FormId");
	const char *text = field_text(form);
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"formid\": ");
	field_quote(&out, text && strchr(text, '{') == NULL ? text : "<FormId>");
	appendStringInfo(&out, ", \"data\": {\"Model\": \"%s\"}}", batch ? "$records" : "$record");
	if (text && strchr(text, '{') == NULL)
		part_claim(form->part, row);
	else
		answer_remark(answer, row, "FormId is chosen in the platform's adapter and not in the document");
	answer_note(answer, METADATA_NOTE, NULL,
				"the platform's adapter wraps codes, as in {\"FNumber\": \"100\"}, and the document does not say which: look at what it sends");
	return out.data;
}

static void
write_table(Integration *integration, Part *target, const Platform *platform, const Place *place)
{
	Answer	   *answer = integration->answer;
	int			row = answer_row(answer, METADATA_TABLE);
	const char *api = part_text(part_member(target, "api"));
	bool		batch_save = api && pg_strcasecmp(api, "batchSave") == 0;	/* wants an array, of one, too */
	int			size = batch_size(answer, part_member(target, "operation"), row);
	StringInfoData options;
	char	   *ok;

	initStringInfo(&options);
	if (is_k3(platform))
		appendStringInfo(&options, "api %s", sql_constant(psprintf("/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.%s.common.kdsvc",
																   batch_save ? "BatchSave" : api)));
	else
		appendStringInfo(&options, "api %s", sql_constant(place->path ? place->path : "/<path>"));
	if (api && place->path == NULL && !is_k3(platform))
		answer_remark(answer, row, "\"%s\" is a name of the platform's adapter, not a path: path, signature and envelope are to be filled in",
					  expr_shown(api));
	if (place->path && place->more)
		answer_remark(answer, row, "what stands behind the path belongs into the option query, secrets into the mapping");
	if (size > 0)
		appendStringInfo(&options, ", batch_size '%d'", size);
	if (is_k3(platform))
		appendStringInfo(&options, ", envelope %s", sql_constant(k3_envelope(answer, target, row, batch_save)));
	else if (platform->preset == NULL)
	{
		appendStringInfo(&options, ", envelope '\"%s\"'", size > 0 ? "$records" : "$record");
		ok = answer_rule(answer, target, row);
		if (ok)
			appendStringInfo(&options, ", ok %s", sql_constant(ok));
		answer_remark(answer, row, ok ? "how it says yes or no of one record is not in the document: options records, record_ok, record_message" :
					  "how the target says yes or no is not in the document: options ok, records, record_ok, record_message");
	}
	answer_sql(answer, row, "CREATE FOREIGN TABLE %s (\n  %s json OPTIONS (attr '*'),\n  verdict text OPTIONS (verdict 'status'),\n"
			   "  message text OPTIONS (verdict 'message'),\n  document text OPTIONS (verdict 'id')\n) SERVER %s OPTIONS (%s);",
			   sql_name(psprintf("%s_target", integration->name)), record_name(integration), platform->server, options.data);
	part_claim(part_member(target, "api"), row);
	document_effect(answer, target, false, row);
	document_rest(integration, target, row);
}

static void
write_server(Integration *integration, const Platform *platform, const Place *place)
{
	Answer	   *answer = integration->answer;
	int			row = answer_row(answer, METADATA_SERVER);
	const char *unknown = strstr(platform->options, UNKNOWN_HOST);
	const char *options = platform->options;

	if (unknown && place->host)
		options = psprintf("%.*s%s%s", (int) (unknown - options), options, place->host, unknown + strlen(UNKNOWN_HOST));
	answer_sql(answer, row, "CREATE SERVER %s FOREIGN DATA WRAPPER xbb_target OPTIONS (%s%s%s%s);", platform->server,
			   platform->preset ? "preset '" : "", platform->preset ? platform->preset : "", platform->preset ? "'" : "", options);
	if (platform->preset == NULL)
		answer_remark(answer, row, "how the target knows who asks is not in the document: auth, sign or token_api; auth 'bearer' sends the token in a header");
	row = answer_row(answer, METADATA_SERVER);
	answer_sql(answer, row, "CREATE USER MAPPING FOR CURRENT_ROLE SERVER %s OPTIONS (%s);", platform->server, platform->mapping);
	answer_remark(answer, row, "secrets are not in the metadata");
}

/* Its row. */
static int
write_push(Integration *integration)
{
	int			row = answer_row(integration->answer, METADATA_PUSH);

	answer_sql(integration->answer, row, "SELECT xbb.create_push(%s, source => %s, target => %s, key => %s%s);", sql_constant(integration->name),
			   sql_constant(sql_name(psprintf("%s_to_push", integration->name))),
			   sql_constant(sql_name(psprintf("%s_target", integration->name))),
			   sql_constant(psprintf("{%s}", sql_name(key_name(integration)))),
			   integration->needs_person || integration->sends_now ? ", enabled => false" : "");
	if (integration->sends_now)
		answer_remark(integration->answer, row, "not enabled: there is now() in the view");
	if (integration->needs_person)
		answer_remark(integration->answer, row, "not enabled: what the documents do to the rows before they are sent is not translated, or not all of it");
	if (integration->key_reason)
		answer_remark(integration->answer, row, "%s", integration->key_reason);
	return row;
}

/* What a target's document says of answers. */
static void
note_answers(Answer *answer, Part *target)
{
	static const char *const members[] = {"id", "number", "name", "response", "otherResponse"};
	Part	   *id_check = part_member(target, "idCheck");
	Part	   *other = part_member(target, "otherRequest");
	int			row = 0;

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		Part	   *member = part_member(target, members[i]);

		if (member && row == 0 && !part_is_claimed(member))
		{
			row = answer_row(answer, METADATA_NOTE);
			answer_remark(answer, row, "where the target's answer has its ids and states: options record_id, record_message, ok");
		}
		part_claim(member, row);
	}
	if (id_check)
		answer_note(answer, METADATA_NOTE, id_check, "idCheck: a push sends each version of a row once, and a change of it again");
	if (other && !part_is_claimed(other))
		answer_note(answer, METADATA_UNKNOWN, other, "otherRequest: what of it the target wants belongs into the option envelope, query or headers");
}

/* Stored and sent nowhere: what the sync loads is all there is. */
static void
write_store(Integration *integration, Part *target)
{
	static const char *const members[] = {"api", "method", "operation", "id", "number", "name", "response"};
	Answer	   *answer = integration->answer;
	int			row = answer_row(answer, METADATA_NOTE);

	answer_remark(answer, row, STORE_ONLY ": the platform stores the records and sends them nowhere; there is no push, the sync's target, %s, is the result",
				  sql_name(integration->name));
	for (int i = 0; i < (int) lengthof(members); i++)
		part_claim(part_member(target, members[i]), row);
	document_effect(answer, target, false, row);
	if (part_member(target, "idCheck"))
		answer_note(answer, METADATA_NOTE, part_member(target, "idCheck"), "idCheck: of the store; the sync's key is unique in its target");
	if (part_member(target, "request"))
		answer_note(answer, METADATA_UNKNOWN, part_member(target, "request"), "fields of what is only stored: as xbb.create_sync's columns");
	filter_write_view(integration);
	document_rest(integration, target, row);
}

void
target_write(Integration *integration, Part *target)
{
	Answer	   *answer = integration->answer;
	const char *api = part_text(part_member(target, "api"));
	Part	   *method = part_member(target, "method");
	Part	   *crontab = part_member(target, "crontab");
	Place		place = place_of(api);
	const Platform *platform = platform_of_target(target);
	int			view;
	int			push;

	if (target_is_store(target))
	{
		write_store(integration, target);
		return;
	}
	view = write_view(integration, target);
	if (part_text(method) && pg_strcasecmp(part_text(method), "POST") != 0)
	{
		answer_note(answer, METADATA_UNKNOWN, method,
					"method %s: targets are sent POSTs; a database is written by INSERT ... SELECT from the view, through its own foreign-data wrapper",
					part_text(method));
		part_claim(part_member(target, "api"), part_member(target, "method")->row);
		part_claim(part_member(target, "operation"), view);
		note_answers(answer, target);
		document_effect(answer, target, false, view);
		document_rest(integration, target, view);
		return;
	}
	part_claim(method, view);
	write_server(integration, platform, &place);
	write_table(integration, target, platform, &place);
	push = write_push(integration);
	if (crontab == NULL && part_member(integration->source, "crontab"))
		answer_remark(answer, push, "no crontab of the target's own: nothing runs it until CALL xbb.push(%s) is scheduled, too", sql_constant(integration->name));
	note_answers(answer, target);
	if (part_member(crontab, "source"))
		answer_note(answer, METADATA_NOTE, part_member(crontab, "source"), "when the platform asks the source");
	document_schedule(integration, part_is(crontab, JSON_TREE_OBJECT) ? part_member(crontab, "target") : crontab, "-push",
					  psprintf("CALL xbb.push(%s)", sql_constant(integration->name)));
}
