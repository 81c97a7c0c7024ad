/*-------------------------------------------------------------------------
 *
 * form.c
 *	  form/list and form/get: asked, and read into structs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/printable.h"
#include "form/form.h"
#include "form/form_queue.h"

#define FORM_LIST "/pro/v2/api/form/list"
#define FORM_GET "/pro/v2/api/form/get"

/* What form/list calls the two kinds. */
#define MARK_SYSTEM 1
#define MARK_CUSTOM 2

/* The object of the custom forms. */
#define CUSTOM_OBJECT "paas"

/* ---- from JSON ---- */

/* In the server's encoding; "" if there is none, or it cannot be converted. */
static char *
server_text(const JsonTree *tree)
{
	const char *utf8 = json_tree_text(tree);
	int			encoding = GetDatabaseEncoding();
	Oid			conversion;
	int			length;
	char	   *result;

	if (utf8 == NULL)
		return pstrdup("");
	length = strlen(utf8);
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pstrdup(pg_verify_mbstr(PG_UTF8, utf8, length, true) ? utf8 : "");
	conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(conversion))
		return pstrdup("");
	result = palloc(length * MAX_CONVERSION_GROWTH + 1);
	if (pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, (unsigned char *) unconstify(char *, utf8), length,
									  (unsigned char *) result, length * MAX_CONVERSION_GROWTH + 1, true) < length)
		result[0] = '\0';
	return result;
}

/* The same on one line, without white space around it, as an option's value may be. */
static char *
trimmed_text(const JsonTree *tree)
{
	char	   *text = server_text(tree);
	size_t		length;

	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char) *c) && !IS_HIGHBIT_SET(*c))
			*c = ' ';
	while (isspace((unsigned char) *text))
		text++;
	for (length = strlen(text); length > 0 && isspace((unsigned char) text[length - 1]);)
		text[--length] = '\0';
	return text;
}

static int64
integer_or(const JsonTree *tree, int64 otherwise)
{
	json_tree_integer(tree, &otherwise);
	return otherwise;
}

static Form *
read_form(const JsonTree *tree, bool custom)
{
	Form	   *form = form_make(integer_or(json_tree_member(tree, "formId"), 0));

	form->name = trimmed_text(json_tree_member(tree, "name"));
	form->custom = custom;
	form->business_type = custom ? 0 : integer_or(json_tree_member(tree, "businessType"), 0);
	form->approval = json_tree_flag(json_tree_member(tree, "isProcessForm"));
	form->object = custom ? option_object_by_name(CUSTOM_OBJECT) :
		option_object_by_business_type(form->business_type);
	return form;
}

static void
read_options(const JsonTree *items, FormField *field)
{
	field->noptions = -1;
	if (items == NULL || items->type != JSON_TREE_ARRAY)
		return;
	field->noptions = items->nmembers;
	field->options = palloc0(sizeof(FormOption) * Max(items->nmembers, 1));
	for (int i = 0; i < items->nmembers; i++)
	{
		field->options[i].value = server_text(json_tree_member(&items->members[i], "value"));
		field->options[i].text = server_text(json_tree_member(&items->members[i], "text"));
	}
}

/* Appends a list's fields; one level of sub-forms, whose members have one of two names. */
static void
read_fields(const JsonTree *list, const char *parent, Form *form)
{
	for (int i = 0; i < list->nmembers; i++)
	{
		const JsonTree *tree = &list->members[i];
		const JsonTree *members = json_tree_member(tree, "subFieldList");
		FormField  *field = palloc0(sizeof(FormField));

		if (tree->type != JSON_TREE_OBJECT)
			continue;
		field->attr = trimmed_text(json_tree_member(tree, "attr"));
		field->label = trimmed_text(json_tree_member(tree, "attrName"));
		field->field_type = integer_or(json_tree_member(tree, "fieldType"), -1);
		field->date_type = server_text(json_tree_member(tree, "dateType"));
		field->integer_only = json_tree_flag(json_tree_member(tree, "integerOnly"));
		field->accuracy = integer_or(json_tree_member(tree, "accuracy"), 0);
		field->required = json_tree_flag(json_tree_member(tree, "required"));
		field->is_unique = json_tree_flag(json_tree_member(tree, "noRepeat"));
		field->parent = parent;
		read_options(json_tree_member(tree, "items"), field);
		form->fields = lappend(form->fields, field);
		field->position = list_length(form->fields);
		if (members == NULL)
			members = json_tree_member(tree, "subForm");
		if (parent == NULL && members && members->type == JSON_TREE_ARRAY)
			read_fields(members, field->attr, form);
	}
}

/* ---- public ---- */

static int
compare_forms(const ListCell *a, const ListCell *b)
{
	int64		x = ((const Form *) lfirst(a))->form_id,
				y = ((const Form *) lfirst(b))->form_id;

	return x < y ? -1 : x > y;
}

Form *
form_make(int64 form_id)
{
	Form	   *form = palloc0(sizeof(Form));

	form->form_id = form_id;
	form->name = pstrdup("");
	return form;
}

static List *
list_forms(Oid serverid, Oid userid, bool patient)
{
	MemoryContext requests = AllocSetContextCreate(CurTransactionContext, "xbb_fdw forms", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(requests);
	FormQueue  *queue = form_queue(serverid, userid, FORM_LIST, patient, false);
	List	   *forms = NIL;
	ApiAnswer	answer;

	MemoryContextSwitchTo(old);

	for (int mark = MARK_SYSTEM; mark <= MARK_CUSTOM; mark++)
		api_ask_members(queue->calls, mark, psprintf("\"saasMark\":%d", mark));
	while (form_next(queue, MARK_CUSTOM, &answer))
	{
		const JsonTree *list = form_answer_list(queue, answer.result, "formList");

		if (list == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_ERROR),
					 errmsg("the API's answer has no list of forms"),
					 errdetail("Request: POST %s.", FORM_LIST),
					 errhint("Check that base_url is the API's, and ask whoever runs what answers.")));
		for (int i = 0; i < list->nmembers; i++)
		{
			Form	   *form = read_form(&list->members[i], answer.ticket == MARK_CUSTOM);

			if (form->form_id > 0)
				forms = lappend(forms, form);
		}
	}
	MemoryContextDelete(requests);
	list_sort(forms, compare_forms);
	return forms;
}

List *
form_list(Oid serverid, Oid userid)
{
	return list_forms(serverid, userid, true);
}

void
form_read(Oid serverid, Oid userid, List *forms)
{
	MemoryContext requests = AllocSetContextCreate(CurTransactionContext, "xbb_fdw forms", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(requests);
	FormQueue  *queue = form_queue(serverid, userid, FORM_GET, true, true);
	int			asked = 0;
	ApiAnswer	answer;

	MemoryContextSwitchTo(old);

	for (int done = 0; done < list_length(forms); done++)
	{
		Form	   *form;
		const FormAnswer *got;
		const JsonTree *list;

		for (; asked < list_length(forms) && asked < done + queue->table.server.concurrency; asked++)
		{
			form = list_nth(forms, asked);
			api_ask_members(queue->calls, asked, psprintf("\"formId\":" INT64_FORMAT, form->form_id));
		}
		if (!form_next(queue, list_length(forms), &answer))
			break;
		form = list_nth(forms, answer.ticket);
		got = answer.result;
		if (got->problem)
		{
			form->problem = pstrdup(got->problem);
			form->problem_code = got->problem_code;
			form->problem_hint = got->problem_hint ? pstrdup(got->problem_hint) : NULL;
			continue;
		}
		list = form_answer_list(queue, got, "explainList");
		if (list)
			read_fields(list, NULL, form);
		else
		{
			form->problem = pstrdup("the API's answer has no list of fields");
			form->problem_code = ERRCODE_FDW_ERROR;
		}
	}
	MemoryContextDelete(requests);
}

/* The forms, or NIL if they cannot be had; asked once.  Else an error must follow: nothing is undone. */
static List *
forms_if_any(Oid serverid, Oid userid)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *volatile forms = NIL;

	PG_TRY();
	{
		forms = list_forms(serverid, userid, false);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		if (geterrcode() == ERRCODE_QUERY_CANCELED || geterrcode() == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	return forms;
}

void
form_check_table(Oid relid, Oid userid)
{
	const OptionObject *object = option_lacks_form(relid);
	List	   *forms = object ? forms_if_any(GetForeignTable(relid)->serverid, userid) : NIL;
	const Form *first = NULL;
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, forms)
	{
		const Form *form = lfirst(lc);

		if (form->object == NULL || strcmp(form->object->name, object->name) != 0)
			continue;
		first = first ? first : form;
		appendStringInfo(&names, "%s" INT64_FORMAT " \"%s\"", names.len ? ", " : "", form->form_id,
						 printable(pg_server_to_any(form->name, strlen(form->name), PG_UTF8)));
	}
	if (first == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
			 errmsg("foreign table \"%s\" has no option \"form_id\", which object \"%s\" requires",
					get_rel_name(relid), object->name),
			 errdetail("The forms are %s.", names.data),
			 errhint("Type: ALTER FOREIGN TABLE %s OPTIONS (ADD form_id '" INT64_FORMAT "');",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid)),
					 first->form_id)));
}
