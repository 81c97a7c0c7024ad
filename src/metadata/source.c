/*-------------------------------------------------------------------------
 *
 * source.c
 *	  The document of a source.
 *
 * Of the CRM it becomes server, foreign table and sync.  No foreign table reads other
 * platforms: their rows get a plain table, to be filled by whoever reads them now, and
 * what they are asked becomes a function, so that its window and its filters are not lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

/* Names of answers' fields: of the CRM, without what holds them. */
static void
add_column(Integration *integration, const Part *path, const char *type)
{
	const char *text = part_text(path);

	/* {random} is no field */
	if (text == NULL || strchr(text, '{') || strchr(text, '.') != (integration->scope.crm ? strrchr(text, '.') : NULL))
		return;
	(void) scope_column(&integration->scope, text, type);
	integration->scope.problem = NULL;
}

static void
add_response(Integration *integration, Part *response)
{
	for (int i = 0; response && i < response->nmembers; i++)
	{
		const char *type = part_text(part_member(&response->members[i], "type"));
		bool		nested = part_member(&response->members[i], "children") ||
			(type && (pg_strcasecmp(type, "array") == 0 || pg_strcasecmp(type, "object") == 0));

		add_column(integration, part_member(&response->members[i], "field"), nested ? "jsonb" : "text");
	}
}

void
source_read(Integration *integration, Part *source)
{
	const char *api = document_api(source);
	const char *id = part_text(part_member(source, "id"));
	MetadataList list;

	integration->scope.crm = api && strncmp(api, DOCUMENT_CRM, strlen(DOCUMENT_CRM)) == 0;
	if (integration->scope.crm && integration->list_of(api, &list) && list.object)
		api = list.object;
	if (api)
		integration->name = document_name(api);
	if (integration->scope.crm)
	{
		(void) scope_column(&integration->scope, "dataId", NULL);
		(void) scope_column(&integration->scope, "formId", NULL);
		(void) scope_column(&integration->scope, "addTime", NULL);
		(void) scope_column(&integration->scope, "updateTime", NULL);
		integration->key = "dataId";
	}
	if (id && id[0] && strpbrk(id, "{\"\\,") == NULL && strlen(id) <= SCOPE_NAME_BYTES)
		integration->key = integration->scope.crm && strncmp(id, "data.", 5) == 0 ? id + 5 : id;
	if (integration->key && strchr(integration->key, '.'))
		integration->key = strrchr(integration->key, '.') + 1;
	if (integration->key && integration->key[0])
		(void) scope_column(&integration->scope, integration->key, NULL);
	else
		integration->key = integration->scope.crm ? "dataId" : NULL;
	add_column(integration, part_member(source, "number"), NULL);
	add_column(integration, part_member(source, "name"), NULL);
	add_response(integration, part_member(source, "response"));
}

static int
write_table(Integration *integration)
{
	Answer	   *answer = integration->answer;
	int			row = answer_row(answer, METADATA_TABLE);
	StringInfoData columns;

	initStringInfo(&columns);
	for (const ScopeColumn *column = integration->scope.columns; column; column = column->next)
	{
		if (columns.len > 0)
			appendStringInfoString(&columns, ",");
		appendStringInfo(&columns, "\n  %s %s%s", sql_name(column->name), column->type,
						 strcmp(column->path, integration->key) == 0 ? " PRIMARY KEY" : "");
	}
	answer_sql(answer, row, "CREATE TABLE %s (%s\n);", sql_name(integration->name), columns.data);
	return row;
}

void
source_write_table(Integration *integration)
{
	answer_remark(integration->answer, write_table(integration),
				  "the source's rows: put your own table or view with these columns, and these types, in its place");
}

/* The function that makes what the source was asked. */
static void
write_request(Integration *integration, Part *document, const char *suffix, Part *fields, int row)
{
	Answer	   *answer = integration->answer;
	Scope		scope = {.request = true, .name = integration->name};
	FieldWriter writer = {.scope = &scope, .answer = answer, .row = row};
	Part	   *page_size = part_member(part_member(document, "pagination"), "pageSize");
	const char *size = part_text(page_size);
	char	   *body;

	if (size == NULL || size[0] == '\0' || strlen(size) > 4 || strspn(size, "0123456789") != strlen(size))
		size = "100";
	else
		part_claim(page_size, row);
	if (fields->nmembers == 0)
	{
		answer->rows[row].kind = METADATA_NOTE;
		answer_remark(answer, row, "a request without values");
		part_claim(fields, row);
		return;
	}
	body = part_is(fields, JSON_TREE_ARRAY) ? field_record(&writer, field_tree(fields)) : field_json(&writer, fields);
	if (body == NULL)
	{
		answer->rows[row].kind = METADATA_UNKNOWN;
		answer_remark(answer, row, "%s", scope.problem);
		return;
	}
	if (part_is(fields, JSON_TREE_ARRAY) && writer.nsent == 0)
	{
		answer->rows[row].kind = METADATA_NOTE;
		answer_remark(answer, row, "a request without values");
		return;
	}
	answer_sql(answer, row,
			   "CREATE FUNCTION %s(last_sync_time timestamptz DEFAULT 'epoch', page_size integer DEFAULT %s, start_row integer DEFAULT 0,"
			   " last_id text DEFAULT NULL)\nRETURNS jsonb LANGUAGE sql %s RETURN %s;",
			   sql_name(psprintf("%s%s", integration->name, suffix)), size, scope.uses_random ? "VOLATILE" : "STABLE", body);
	answer_remark(answer, row, "what the platform asks: for your own program, as no foreign table here reads it");
	if (scope.uses_last_sync)
		answer_remark(answer, row, "last_sync_time: until when all has come; NULL would leave out all that it stands in");
	if (strstr(body, "make_interval"))
		answer_remark(answer, row, "it asks for a fixed while ago: what changes while it does not run that long is never fetched");
}

/* What a source says of its rows, and that there is nothing of here. */
static void
claim_plain(Integration *integration, Part *source, int table)
{
	static const char *const members[] = {"api", "id", "number", "name", "response"};
	Answer	   *answer = integration->answer;
	Part	   *id_check = part_member(source, "idCheck");
	Part	   *other = part_member(source, "otherRequest");

	for (int i = 0; i < (int) lengthof(members); i++)
		part_claim(part_member(source, members[i]), table);
	if (part_is(id_check, JSON_TREE_TRUE))
		answer_note(answer, METADATA_NOTE, id_check,
					"idCheck true: the platform keeps the first version of a record; INSERT ... ON CONFLICT DO UPDATE has the latest");
	else if (id_check)
		answer_note(answer, METADATA_NOTE, id_check, "idCheck false: a record that comes again overwrites: INSERT ... ON CONFLICT DO UPDATE");
	if (other)
	{
		int			row = answer_row(answer, METADATA_SYNC);

		write_request(integration, source, "_other_request", other, row);
		part_claim(other, row);
	}
	if (part_member(source, "otherResponse"))
		answer_note(answer, METADATA_NOTE, part_member(source, "otherResponse"), "tells where an answer has its state, rows and pages");
}

static void
write_remedy(Integration *integration, Part *source)
{
	Part	   *remedy = part_member(source, "omissionRemedy");
	Part	   *fields = part_member(remedy, "takeOverRequest");
	int			row;

	if (fields == NULL)
		return;
	row = answer_row(integration->answer, METADATA_SYNC);
	write_request(integration, source, "_remedy_request", fields, row);
	part_claim(part_member(remedy, "adapter"), row);
	if (part_member(remedy, "crontab"))
		answer_note(integration->answer, METADATA_NOTE, part_member(remedy, "crontab"), "when the platform looks for what it has missed");
}

static void
write_other(Integration *integration, Part *source)
{
	Answer	   *answer = integration->answer;
	Part	   *request = part_member(source, "request");
	Part	   *crontab = part_member(source, "crontab");
	int			table;
	int			row;

	if (integration->key == NULL)
	{
		integration->key = "id";
		integration->key_reason = "the document names none";
		(void) scope_column(&integration->scope, "id", NULL);
	}
	table = write_table(integration);
	answer_remark(answer, table, "no foreign table here reads this platform: fill it by your own program");
	if (integration->key_reason)
		answer_remark(answer, table, "its key is %s: %s", integration->key, integration->key_reason);
	document_effect(answer, source, true, table);
	row = request ? answer_row(answer, METADATA_SYNC) : table;
	if (request)
		write_request(integration, source, "_request", request, row);
	part_claim(part_member(source, "method"), row);
	part_claim(part_member(source, "operation"), row);
	claim_plain(integration, source, table);
	write_remedy(integration, source);
	if (crontab)
		answer_note(answer, METADATA_NOTE, part_member(crontab, "source") ? part_member(crontab, "source") : crontab,
					"when the platform asks the source");
	document_rest(integration, source, table);
}

/* A piece of a request: no document of a source, but templates in JSON all the same. */
static bool
is_fragment(const Part *source)
{
	static const char *const members[] = {"api", "effect", "type", "request", "omissionRemedy", "response", "id", "crontab"};

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		if (part_member(source, members[i]) && !part_member(source, "field"))
			return false;
	}
	return part_is(source, JSON_TREE_OBJECT) && source->nmembers > 0;
}

void
source_write(Integration *integration, Part *source)
{
	Answer	   *answer = integration->answer;
	const char *api = document_api(source);
	MetadataList list = {0};

	if (is_fragment(source))
	{
		int			row = answer_row(answer, METADATA_SYNC);

		write_request(integration, source, "_request", source, row);
		answer_remark(answer, row, "a piece of a request, without the document around it");
		part_claim(source, row);
	}
	else if (!integration->scope.crm)
		write_other(integration, source);
	else if (integration->list_of(api, &list))
		source_write_crm(integration, source, &list);
	else
	{
		answer_note(answer, METADATA_UNKNOWN, source, "%s is no list of records with times: IMPORT FOREIGN SCHEMA makes the tables of the others", api);
		source_write_table(integration);
	}
}
