/*-------------------------------------------------------------------------
 *
 * target_read.c
 *	  From the catalogs and presets to typed structs; what is missing is asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "option/option_data.h"

#define EITHER (OPTION_SERVER | OPTION_TABLE)

/* What is not given follows from the rest. */
static void
complete_server(TargetServerOptions *result)
{
	result->allow_http = result->base_url && strncmp(result->base_url, "http:", 5) == 0;
	if (result->envelope == NULL)
		result->envelope = pstrdup(result->batch_size > 1 ? "\"$records\"" : "\"$record\"");
}

static void
read_value(const char *option, const char *text, OptionValue *value)
{
	option_value(option_find(&target_option_set, option), text, value);
}

/* Option null stands in columns, too, and so is no field of one struct. */
static void
read_null(List *options, bool *send_null)
{
	const char *text = option_given(options, "null");
	OptionValue value = {0};

	if (text == NULL)
		return;
	read_value("null", text, &value);
	*send_null = value.boolean;
}

/* Each over what stands below it: defaults, preset, server. */
static ForeignServer *
read_server(Oid serverid, TargetServerOptions *result)
{
	ForeignServer *server = GetForeignServer(serverid);
	const char *preset = option_given(server->options, "preset");

	option_check_wrapper(&target_option_set, serverid);
	result->serverid = serverid;
	result->name = server->servername;
	option_fill(&target_option_set, result, OPTION_SERVER, NIL, true);
	option_fill(&target_option_set, result, EITHER, NIL, true);
	if (preset)
	{
		List	   *options = target_preset(preset);

		option_fill(&target_option_set, result, OPTION_SERVER, options, false);
		option_fill(&target_option_set, result, EITHER, options, false);
		read_null(options, &result->send_null);
	}
	option_fill(&target_option_set, result, OPTION_SERVER, server->options, false);
	option_fill(&target_option_set, result, EITHER, server->options, false);
	read_null(server->options, &result->send_null);
	option_lower_limit(option_given(server->options, "request_limit"), &result->request_limit);
	return server;
}

TargetServerOptions *
target_option_server(Oid serverid)
{
	TargetServerOptions *result = palloc0(sizeof(TargetServerOptions));

	(void) read_server(serverid, result);
	complete_server(result);
	return result;
}

bool
target_option_is_table(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
		option_is_of_wrapper(&target_option_set, GetForeignTable(relid)->serverid);
}

void
target_option_check_table(Oid relid)
{
	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table",
						get_rel_name(relid) ? get_rel_name(relid) : psprintf("%u", relid))));
	option_check_wrapper(&target_option_set, GetForeignTable(relid)->serverid);
}

/* What no server or table alone can be asked for. */
static void
check_table(const TargetTableOptions *table)
{
	const TargetServerOptions *server = &table->server;

	if ((server->auth == TARGET_AUTH_HEADER || server->auth == TARGET_AUTH_QUERY) && server->auth_name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" has no option \"auth_name\", which option \"auth\" requires", server->name),
				 errhint("Type: ALTER SERVER %s OPTIONS (ADD auth_name '...');", quote_identifier(server->name))));
	if (server->repeat == TARGET_REPEAT_PROBE && server->probe == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" has no option \"probe\", which option \"repeat\" requires", server->name),
				 errhint("Type: ALTER SERVER %s OPTIONS (ADD probe '...');", quote_identifier(server->name))));
}

TargetTableOptions *
target_option_table(Oid relid)
{
	TargetTableOptions *result = palloc0(sizeof(TargetTableOptions));
	TargetServerOptions *server = &result->server;
	ForeignTable *table;

	target_option_check_table(relid);
	table = GetForeignTable(relid);
	result->relid = relid;
	(void) read_server(table->serverid, server);
	if (server->preset)
		option_fill(&target_option_set, result, OPTION_TABLE, target_preset(server->preset), false);
	option_fill(&target_option_set, server, EITHER, table->options, false);
	read_null(table->options, &server->send_null);
	option_fill(&target_option_set, result, OPTION_TABLE, table->options, false);
	option_lower_limit(option_given(table->options, "request_limit"), &server->request_limit);
	complete_server(server);
	check_table(result);
	return result;
}

/* A mapping, and what wipes its secrets. */
typedef struct Guarded
{
	TargetMappingOptions options;
	MemoryContextCallback callback;
} Guarded;

static void
wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
}

static void
wipe_secrets(void *arg)
{
	const TargetMappingOptions *mapping = arg;

	wipe_text(mapping->app_id);
	wipe_text(mapping->app_key);
	wipe_text(mapping->app_secret);
	wipe_text(mapping->token);
	wipe_text(mapping->refresh_token);
	wipe_text(mapping->user);
	wipe_text(mapping->password);
	wipe_text(mapping->url);
}

/* An option of the user mapping that is wanted in any case, as an example. */
static const char *
first_secret(const TargetServerOptions *server)
{
	if (server->base_url == NULL)
		return "url";
	if (server->auth == TARGET_AUTH_BASIC)
		return "password";
	return server->auth != TARGET_AUTH_NONE && server->token_api == NULL ? "token" : "app_secret";
}

TargetMappingOptions *
target_option_mapping(Oid userid, const TargetServerOptions *server)
{
	Guarded    *guarded = palloc0(sizeof(Guarded));
	TargetMappingOptions *result = &guarded->options;
	const char *role;

	guarded->callback.func = wipe_secrets;
	guarded->callback.arg = result;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &guarded->callback);
	option_read_mapping(&target_option_set, result, &result->umid, &result->request_limit,
						userid, server->serverid, first_secret(server), &role);
	if (result->url == NULL && server->base_url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("neither server \"%s\" has option \"base_url\", nor the user mapping of %s option \"url\"",
						server->name, role),
				 errhint("Type: ALTER SERVER %s OPTIONS (ADD base_url 'https://...');",
						 quote_identifier(server->name))));
	if (result->url && !option_url_is_within(result->url, server->base_url))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 server->base_url ?
				 errmsg("the url of the user mapping of %s leads elsewhere than the base_url of server \"%s\"",
						role, server->name) :
				 errmsg("the url of the user mapping of %s is not https", role),
				 errhint("Only superusers can set a base_url that is http.")));
	return result;
}

TargetColumnOptions *
target_option_column(const TargetTableOptions *table, AttrNumber attnum)
{
	TargetColumnOptions *result = palloc0(sizeof(TargetColumnOptions));
	List	   *options = GetForeignColumnOptions(table->relid, attnum);
	const char *attr = option_given(options, "attr");
	const char *verdict = option_given(options, "verdict");
	const char *time = option_given(options, "time");
	const char *string = option_given(options, "string");
	OptionValue value = {0};

	if (verdict)
	{
		read_value("verdict", verdict, &value);
		result->verdict = (TargetVerdictColumn) value.number;
		return result;
	}
	result->send_null = table->server.send_null;
	read_null(options, &result->send_null);
	result->attr = option_utf8(attr ? attr : get_attname(table->relid, attnum, false));
	if (time)
	{
		read_value("time", time, &value);
		result->time = (TargetTime) value.number;
		result->time_pattern = result->time == TARGET_TIME_PATTERN ? pstrdup(time) : NULL;
	}
	if (string)
	{
		read_value("string", string, &value);
		result->as_string = value.boolean;
	}
	return result;
}
