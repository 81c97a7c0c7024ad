/*-------------------------------------------------------------------------
 *
 * source_crm.c
 *	  The document of a source that is the CRM: server, foreign table, sync, schedule.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

#define MOST_PAGE_SIZE 100
#define MOST_CONSTANTS 100		/* of one condition */
#define LEAST_OVERLAP 5			/* seconds: the default of settle_time, which an overlap is not less than */

typedef struct Crm
{
	Integration *integration;
	const MetadataList *list;
	const char *api;
	const Field *request;
	int			server,
				mapping,
				table,
				sync;			/* rows */
	const char *form_id;
	const char *page_size;
	StringInfoData params;		/* members of a JSON object, without braces */
	StringInfoData conditions;	/* of a JSON array */
	bool		increment;
	double		overlap;		/* seconds */
} Crm;

/* One condition of the API. */
typedef struct Condition
{
	const Field *field;
	const char *attr;
	const char *symbol;
	const Field *value;
} Condition;

/* A literal, or NULL. */
static const char *
literal(const Field *field)
{
	const char *text = field_text(field);
	char	   *problem;
	MetaExpr   *expr = text ? expr_parse(text, &problem) : NULL;

	return expr && expr->kind == EXPR_LITERAL ? text : NULL;
}

static MetaExpr *
expression(const Field *field)
{
	const char *text = field_text(field);
	char	   *problem;

	return text ? expr_parse(text, &problem) : NULL;
}

static bool
is_digits(const char *text)
{
	return text && strlen(text) < 16 && text[0] && strspn(text, "0123456789") == strlen(text);
}

static void
append_value(StringInfo out, const Field *field, const char *text)
{
	bool		number = strncmp(field->type, "int", 3) == 0 || strcmp(field->type, "long") == 0;

	if (number && is_digits(text) && (text[0] != '0' || text[1] == '\0'))
		appendStringInfoString(out, text);
	else
		field_quote(out, text);
}

static bool
is_lower_bound(const char *symbol)
{
	return strcmp(symbol, "greaterequal") == 0 || strcmp(symbol, "greater") == 0 || strcmp(symbol, "greaterthan") == 0;
}

/* What one text of a list stands for; NULL also if there are not so many. */
static MetaExpr *
element(const Condition *condition, int index)
{
	const Part *list = part_member(condition->value->part, "value");
	const char *text = part_is(list, JSON_TREE_ARRAY) && index < list->nmembers ? part_text(&list->members[index]) : NULL;
	char	   *problem;

	return text ? expr_parse(text, &problem) : NULL;
}

static bool
is_present(const MetaExpr *expr)
{
	while (expr && (expr->kind == EXPR_CALL || expr->kind == EXPR_TEXT) && expr->args)
		expr = expr->args;
	return expr && expr->kind == EXPR_TEMPLATE && strcmp(expr->text, "CURRENT_TIME") == 0;
}

/* The increment of the platform becomes the sync's: watermark and overlap.  A range up to the present is one, too. */
static bool
take_increment(Crm *crm, const Condition *condition, const MetaExpr *expr)
{
	Answer	   *answer = crm->integration->answer;
	double		seconds;
	bool		sliding;

	bool		range = strcmp(condition->symbol, "range") == 0 && is_present(element(condition, 1)) && element(condition, 2) == NULL;

	if (range)
		expr = element(condition, 0);
	if (expr == NULL || (!range && !is_lower_bound(condition->symbol)) || !expr_is_increment(expr, &seconds, &sliding) ||
		(strcmp(condition->attr, "updateTime") != 0 && strcmp(condition->attr, "addTime") != 0))
		return false;
	crm->overlap = crm->increment ? Max(crm->overlap, seconds) : seconds;
	crm->increment = true;
	part_claim(condition->field->part, crm->sync);
	if (sliding)
		answer_remark(answer, crm->sync, "the platform asks for a fixed while ago and loses what changes while it does not run; this sync remembers");
	if (strcmp(condition->attr, "addTime") == 0)
		answer_remark(answer, crm->sync, "the platform asks by addTime and never sees changes; this sync does");
	return true;
}

/* An upper bound that is the present: the sync has its own. */
static bool
take_present(Crm *crm, const Condition *condition, const MetaExpr *expr)
{
	if (!is_present(expr) || strncmp(condition->symbol, "less", 4) != 0)
		return false;
	answer_note(crm->integration->answer, METADATA_NOTE, condition->field->part,
				"the present as upper bound: the sync has its own, by the API's clock");
	return true;
}

/* Constants with ", " between them, of one or a list; false if it is anything else. */
static bool
append_constants(StringInfo out, const Condition *condition)
{
	const Part *list = part_member(condition->value->part, "value");
	const char *text = literal(condition->value);

	if (text)
		append_value(out, condition->value, text);
	if (text || !part_is(list, JSON_TREE_ARRAY) || list->nmembers == 0 || list->nmembers > MOST_CONSTANTS)
		return text != NULL;
	for (int i = 0; i < list->nmembers; i++)
	{
		const Part *item = &list->members[i];
		MetaExpr   *expr = element(condition, i);

		if (expr == NULL || expr->kind != EXPR_LITERAL || expr->text[0] == '\0')
			return false;
		appendStringInfoString(out, i > 0 ? ", " : "");
		if (part_is(item, JSON_TREE_NUMBER))
			appendStringInfoString(out, item->json->text);
		else
			field_quote(out, part_text(item));
	}
	return true;
}

static bool
take_constant(Crm *crm, const Condition *condition)
{
	StringInfo	out = &crm->conditions;
	StringInfoData constants;

	initStringInfo(&constants);
	if (!append_constants(&constants, condition))
		return false;
	appendStringInfoString(out, out->len > 0 ? ", {\"attr\": " : "{\"attr\": ");
	field_quote(out, condition->attr);
	appendStringInfoString(out, ", \"symbol\": ");
	field_quote(out, condition->symbol);
	appendStringInfo(out, ", \"value\": [%s]}", constants.data);
	part_claim(condition->field->part, crm->table);
	return true;
}

static void
take_condition(Crm *crm, const Field *field)
{
	Condition	condition = {field, literal(field_find(field, "attr")), literal(field_find(field, "symbol")), field_find(field, "value")};
	MetaExpr   *expr = expression(condition.value);

	if (condition.attr && condition.symbol && condition.value && field->nfields == 3 &&
		(take_increment(crm, &condition, expr) || take_present(crm, &condition, expr) || take_constant(crm, &condition)))
		return;
	answer_note(crm->integration->answer, METADATA_UNKNOWN, field->part,
				"a condition that is no constant, and no time of the last run: as WHERE over the foreign table, or its option conditions");
	crm->integration->needs_person = true;
}

/* "conditions": an array of them, whose elements have no name; or one alone. */
static void
take_conditions(Crm *crm, const Field *conditions)
{
	if (field_find(conditions, "attr"))
		take_condition(crm, conditions);
	else
	{
		for (int i = 0; i < conditions->nfields; i++)
			take_condition(crm, conditions->fields[i]);
	}
	/* what is left only describes it */
	part_claim(conditions->part, crm->table);
}

static void
take_page_size(Crm *crm, const Field *field, const char *text)
{
	if (is_digits(text) && strlen(text) < 6 && atoi(text) > 0)
	{
		int			size = atoi(text);

		if (size > MOST_PAGE_SIZE)
			answer_note(crm->integration->answer, METADATA_NOTE, field->part, "pageSize %d: the API puts %d records on a page at most", size, MOST_PAGE_SIZE);
		else if (size == MOST_PAGE_SIZE)
			answer_note(crm->integration->answer, METADATA_NOTE, field->part, "pageSize %d is the default", size);
		else
		{
			crm->page_size = text;
			part_claim(field->part, crm->table);
		}
		return;
	}
	answer_note(crm->integration->answer, METADATA_UNKNOWN, field->part, "pageSize is no number of records");
}

static void
take_param(Crm *crm, const Field *field, const char *text)
{
	if (field->name == NULL || text == NULL || field->nfields > 0 || strcmp(field->type, "array") == 0 || field_find(crm->request, field->name) != field)
	{
		answer_note(crm->integration->answer, METADATA_UNKNOWN, field->part,
					"%s: of a request's own fields only constants are carried over, once each", field->name ? field->name : "a field without a name");
		return;
	}
	appendStringInfoString(&crm->params, crm->params.len > 0 ? ", " : "");
	field_quote(&crm->params, field->name);
	appendStringInfoString(&crm->params, ": ");
	append_value(&crm->params, field, text);
	part_claim(field->part, crm->table);
}

static void
take_field(Crm *crm, const Field *field)
{
	Answer	   *answer = crm->integration->answer;
	const char *text = literal(field);
	const char *name = field->name ? field->name : "";
	bool		first = field_find(crm->request, name) == field;

	if (strcmp(name, "conditions") == 0 && field->nfields > 0)
		take_conditions(crm, field);
	else if (strcmp(name, "page") == 0)
		answer_note(answer, METADATA_NOTE, field->part, "page is managed here");
	else if (strcmp(name, "corpid") == 0 && text && first)
		part_claim(field->part, crm->server);
	else if (strcmp(name, "userId") == 0 && text && first)
		part_claim(field->part, crm->mapping);
	else if (strcmp(name, "formId") == 0 && is_digits(text) && first)
	{
		crm->form_id = text;
		part_claim(field->part, crm->table);
	}
	else if (strcmp(name, "pageSize") == 0 && text && first)
		take_page_size(crm, field, text);
	else if (part_member(field->part, "value") == NULL && field->nfields == 0)
		answer_note(answer, METADATA_NOTE, field->part, "%s has no value and is not sent", name);
	else
		take_param(crm, field, text);
}

static void
write_servers(Crm *crm)
{
	Answer	   *answer = crm->integration->answer;
	const char *corpid = literal(field_find(crm->request, "corpid"));
	const char *user_id = literal(field_find(crm->request, "userId"));
	StringInfoData options;

	answer_sql(answer, crm->server, "CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid %s);",
			   sql_constant(corpid ? corpid : "<corpid>"));
	initStringInfo(&options);
	if (user_id)
		appendStringInfo(&options, ", user_id %s", sql_constant(user_id));
	answer_sql(answer, crm->mapping, "CREATE USER MAPPING FOR CURRENT_ROLE SERVER crm OPTIONS (token '<token>'%s);", options.data);
	answer_remark(answer, crm->mapping, "the token is not in the metadata");
}

static void
write_table(Crm *crm)
{
	Integration *integration = crm->integration;
	StringInfoData out;

	initStringInfo(&out);
	for (const ScopeColumn *column = integration->scope.columns; column; column = column->next)
	{
		appendStringInfo(&out, "\n  %s %s", sql_name(column->name), column->type);
		if (!column->reads)
			appendStringInfo(&out, " OPTIONS (attr %s)", sql_constant(column->path));
		appendStringInfoChar(&out, ',');
	}
	appendStringInfoString(&out, "\n  raw json OPTIONS (attr '*'),\n  failed jsonb OPTIONS (attr '#error')\n) SERVER crm OPTIONS (");
	if (crm->list->object)
		appendStringInfo(&out, "object %s", sql_constant(crm->list->object));
	else
		appendStringInfo(&out, "api %s", sql_constant(crm->api));
	if (crm->form_id)
		appendStringInfo(&out, ", form_id %s", sql_constant(crm->form_id));
	else if (crm->list->needs_form_id)
	{
		appendStringInfoString(&out, ", form_id '<form id>'");
		answer_remark(integration->answer, crm->table, "SELECT * FROM xbb.forms('crm'); has the form ids");
	}
	if (crm->page_size)
		appendStringInfo(&out, ", page_size %s", sql_constant(crm->page_size));
	if (crm->params.len > 0)
		appendStringInfo(&out, ", params %s", sql_constant(psprintf("{%s}", crm->params.data)));
	if (crm->conditions.len > 0)
		appendStringInfo(&out, ", conditions %s", sql_constant(psprintf("[%s]", crm->conditions.data)));
	answer_sql(integration->answer, crm->table, "CREATE FOREIGN TABLE %s (%s, on_error 'set_null');",
			   sql_name(psprintf("xbb_%s", integration->name)), out.data);
	answer_remark(integration->answer, crm->table, "has the fields that the documents name: xbb.attrs(%s) shows all, IMPORT FOREIGN SCHEMA takes all",
				  sql_constant(psprintf("xbb_%s", integration->name)));
}

static const char *
column_of(Integration *integration, const char *path)
{
	ScopeColumn *column = scope_column(&integration->scope, path, NULL);

	return column ? column->name : "data_id";
}

static void
write_sync(Crm *crm, Part *source)
{
	Integration *integration = crm->integration;
	Answer	   *answer = integration->answer;
	Part	   *id_check = part_member(source, "idCheck");
	const char *key = column_of(integration, integration->key);

	answer_sql(answer, crm->sync, "SELECT xbb.create_sync(%s, source => %s, target => %s, key => %s, overlap => '%.0f seconds');",
			   sql_constant(integration->name), sql_constant(sql_name(psprintf("xbb_%s", integration->name))),
			   sql_constant(sql_name(integration->name)), sql_constant(psprintf("{%s}", sql_name(key))),
			   crm->increment ? Max(crm->overlap, LEAST_OVERLAP) : 3600);
	if (!crm->increment)
		answer_remark(answer, crm->sync, "the platform reads all each time; this sync reads what has changed, an hour before the last run included");
	else if (crm->overlap < LEAST_OVERLAP)
		answer_remark(answer, crm->sync, "the platform looks no further back than to its last run, this sync by settle_time; an overlap such as '1 hour' finds what comes late");
	answer_remark(answer, crm->sync, "the platform's list has no upper bound and no order; the sync proves that what it read is complete");
	if (strcmp(key, "data_id") != 0)
		answer_remark(answer, crm->sync, "key %s may be empty or stand twice: data_id cannot", key);
	if (part_is(id_check, JSON_TREE_TRUE))
		answer_note(answer, METADATA_NOTE, id_check,
					"idCheck true: the platform would not store a record again that it has, so a change never arrives; this sync updates it");
	else if (id_check)
		answer_note(answer, METADATA_NOTE, id_check, "idCheck false: a record that comes again overwrites, as it does here");
}

static void
write_schedules(Crm *crm, Part *source)
{
	Integration *integration = crm->integration;
	Part	   *crontab = part_member(source, "crontab");
	Part	   *remedy = part_member(source, "omissionRemedy");
	const char *name = sql_constant(integration->name);

	document_schedule(integration, part_is(crontab, JSON_TREE_OBJECT) ? part_member(crontab, "source") : crontab, "",
					  psprintf("CALL xbb.sync(%s)", name));
	if (remedy == NULL)
		return;
	document_schedule(integration, part_member(remedy, "crontab"), "-omissions", psprintf("CALL xbb.reconcile(%s)", name));
	answer_note(integration->answer, METADATA_NOTE, remedy,
				"omissionRemedy asks again for what the platform has missed: xbb.reconcile compares all, if it is scheduled");
}

void
source_write_crm(Integration *integration, Part *source, const MetadataList *list)
{
	static const char *const members[] = {"api", "id", "number", "name", "response", "pagination", "otherResponse", "method", "operation"};
	Answer	   *answer = integration->answer;
	Field	   *request = field_tree(part_member(source, "request"));
	Crm			crm = {.integration = integration, .list = list, .api = document_api(source), .request = request};

	initStringInfo(&crm.params);
	initStringInfo(&crm.conditions);
	crm.server = answer_row(answer, METADATA_SERVER);
	crm.mapping = answer_row(answer, METADATA_SERVER);
	crm.table = answer_row(answer, METADATA_TABLE);
	crm.sync = answer_row(answer, METADATA_SYNC);
	for (int i = 0; i < request->nfields; i++)
		take_field(&crm, request->fields[i]);
	if (part_is(request->part, JSON_TREE_ARRAY) && request->part->nmembers == 0)
		part_claim(request->part, crm.table);
	write_servers(&crm);
	write_table(&crm);
	write_sync(&crm, source);
	part_claim(part_member(source, "id"), crm.sync);
	for (int i = 0; i < (int) lengthof(members); i++)
		part_claim(part_member(source, members[i]), crm.table);
	document_effect(answer, source, true, crm.table);
	if (part_member(source, "otherRequest"))
		answer_note(answer, METADATA_UNKNOWN, part_member(source, "otherRequest"), "otherRequest: what of it the API knows belongs into the option params");
	write_schedules(&crm, source);
	document_rest(integration, source, crm.table);
}
