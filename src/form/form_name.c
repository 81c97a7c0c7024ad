/*-------------------------------------------------------------------------
 *
 * form_name.c
 *	  Names of columns and tables for fields and forms.
 *
 * A name can be typed without quotes: ASCII letters are small, what is neither
 * letter nor digit nor beyond ASCII is an underscore.  It has at most 63 bytes, and
 * ends with a whole character.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/printable.h"
#include "form/form.h"

/* Columns that every table has beside the fields', before and behind them. */
static const FormColumn record_columns[] = {
	{"data_id", "bigint", "dataId", NULL, NULL},
	{"add_time", "timestamptz", "addTime", NULL, NULL},
	{"update_time", "timestamptz", "updateTime", NULL, NULL},
	{"failed", "jsonb", "#error", NULL, NULL},
	{"raw", "json", "*", NULL, NULL},
};

static const char *const system_columns[] = {
	"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"
};

/* snake_case of the API's names: serialNo is serial_no. */
static char *
snake_case(const char *name)
{
	char	   *result = palloc(2 * strlen(name) + 1);
	char	   *out = result;

	for (const char *in = name; *in; in++)
	{
		if (*in >= 'A' && *in <= 'Z' && in > name && in[-1] != '_')
			*out++ = '_';
		*out++ = pg_ascii_tolower((unsigned char) *in);
	}
	*out = '\0';
	return result;
}

/* Shortens a name by whole characters. */
static void
clip(char *name, int length)
{
	if ((int) strlen(name) > length)
		name[pg_mbcliplen(name, strlen(name), length)] = '\0';
}

/* A label as a name; "" if nothing of it can stand in one. */
static char *
clean(const char *label)
{
	char	   *result = palloc(strlen(label) + 2);
	char	   *out = result;

	/* an identifier is seen in a terminal, too */
	for (const char *in = printable_here(label); *in; in++)
	{
		unsigned char c = (unsigned char) *in;

		if (IS_HIGHBIT_SET(c) || isalnum(c))
			*out++ = pg_ascii_tolower(c);
		else if (out > result && out[-1] != '_')
			*out++ = '_';
	}
	while (out > result && out[-1] == '_')
		out--;
	*out = '\0';
	if (result[0] >= '0' && result[0] <= '9')
	{
		memmove(result + 1, result, strlen(result) + 1);
		result[0] = '_';
	}
	clip(result, NAMEDATALEN - 1);
	return result;
}

/* "name_end", where name gives way if both are too long. */
static char *
with_end(const char *name, const char *end)
{
	char	   *start = pstrdup(name);
	char	   *result;

	if (start[0] == '\0')
		result = pstrdup(end);
	else
	{
		clip(start, Max(NAMEDATALEN - 2 - (int) strlen(end), 0));
		result = psprintf("%s_%s", start, end);
	}
	clip(result, NAMEDATALEN - 1);
	return result;
}

static bool
is_reserved(const char *name)
{
	int			keyword = ScanKeywordLookup(name, &ScanKeywords);

	return keyword >= 0 && (ScanKeywordCategories[keyword] == RESERVED_KEYWORD ||
							ScanKeywordCategories[keyword] == TYPE_FUNC_NAME_KEYWORD);
}

static bool
is_column_of_its_own(const char *name)
{
	for (int i = 0; i < (int) lengthof(record_columns); i++)
		if (strcmp(name, record_columns[i].name) == 0)
			return true;
	for (int i = 0; i < (int) lengthof(system_columns); i++)
		if (strcmp(name, system_columns[i]) == 0)
			return true;
	return false;
}

/* An attr that option "attr" takes for one name, and no path. */
static bool
is_plain(const char *attr)
{
	if (!isalpha((unsigned char) attr[0]))
		return false;
	for (const char *c = attr; *c; c++)
		if (!isalnum((unsigned char) *c) && *c != '_')
			return false;
	return true;
}

/* The column of the record itself that reads the attr, or NULL. */
static FormColumn *
column_of_attr(List *columns, const char *attr)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		FormColumn *column = lfirst(lc);

		if (strcmp(column->attr, attr) == 0)
			return column;
	}
	return NULL;
}

static int
times_named(List *columns, const char *name)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, columns)
		n += strcmp(((FormColumn *) lfirst(lc))->name, name) == 0;
	return n;
}

static int
compare_attrs(const ListCell *a, const ListCell *b)
{
	return strcmp(((const FormColumn *) lfirst(a))->attr, ((const FormColumn *) lfirst(b))->attr);
}

/* Names that are one column's alone: first by their attrs, then by number, in the attrs' order. */
static void
settle_names(List *columns)
{
	List	   *sorted = list_copy(columns);
	List	   *doubled = NIL;
	ListCell   *lc;

	list_sort(sorted, compare_attrs);
	foreach(lc, sorted)
	{
		FormColumn *column = lfirst(lc);

		if (column->name[0] == '\0' || is_reserved(column->name) || is_column_of_its_own(column->name) ||
			times_named(columns, column->name) > 1)
			doubled = lappend(doubled, column);
	}
	foreach(lc, doubled)
	{
		FormColumn *column = lfirst(lc);
		char	   *end = snake_case(column->attr);

		/* by attr, the name ends with it already */
		if (strcmp(column->name, end) == 0)
			end = psprintf("%s_", end);
		else
			end = with_end(column->name, end);
		column->name = end;
	}
	foreach(lc, doubled)
	{
		FormColumn *column = lfirst(lc);
		char	   *name = column->name;

		for (int n = 2; times_named(columns, column->name) > 1 || is_column_of_its_own(column->name); n++)
			column->name = with_end(name, psprintf("%d", n));
	}
}

List *
form_columns(const Form *form, bool by_label)
{
	List	   *own = NIL;
	List	   *columns = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	for (int i = 0; i < (int) lengthof(record_columns); i++)
	{
		FormColumn *column = palloc(sizeof(FormColumn));

		*column = record_columns[i];
		own = lappend(own, column);
	}
	foreach(lc, form->fields)
	{
		const FormField *field = lfirst(lc);
		FormColumn *column = column_of_attr(own, field->attr);

		if (column && field->label[0])
			column->label = field->label;
		if (column || field->parent || !is_plain(field->attr) || form_field_type(field) == NULL ||
			column_of_attr(columns, field->attr))
			continue;
		column = palloc(sizeof(FormColumn));
		column->attr = field->attr;
		column->type = form_field_type(field);
		column->label = field->label;
		column->options = form_options_json(field);
		column->name = by_label && field->label[0] ? clean(field->label) : snake_case(field->attr);
		clip(column->name, NAMEDATALEN - 1);
		columns = lappend(columns, column);
	}
	settle_names(columns);
	result = lappend(result, linitial(own));
	result = list_concat(result, columns);
	for (int i = 1; i < list_length(own); i++)
		result = lappend(result, list_nth(own, i));
	return result;
}

/* ---- tables ---- */

static int
forms_named(char **names, int n, const char *name)
{
	int			found = 0;

	for (int i = 0; i < n; i++)
		found += strcmp(names[i], name) == 0;
	return found;
}

/* By attr: is it the least form_id of its object?  The list is sorted. */
static bool
is_first_of_object(List *forms, int index)
{
	const Form *form = list_nth(forms, index);

	for (int i = 0; i < index; i++)
		if (((const Form *) list_nth(forms, i))->object == form->object)
			return false;
	return !form->custom;
}

/*
 * By label: would it be that of a table beside another form's, or of one that has the
 * form_id at its end?
 */
static bool
is_beside(List *forms, char **names, int index)
{
	static const char *const ends[] = {"spu", "sku", "deleted", "labels"};

	for (int i = 0; i < list_length(forms); i++)
	{
		size_t		length = strlen(names[i]);
		char	   *form_id = psprintf(INT64_FORMAT, ((const Form *) list_nth(forms, i))->form_id);
		const char *end = names[index] + length + 1;

		if (length == 0 || strncmp(names[index], names[i], length) != 0 || names[index][length] != '_')
			continue;
		if (strncmp(end, form_id, strlen(form_id)) == 0)
			return true;
		for (int j = 0; j < (int) lengthof(ends); j++)
			if (strcmp(end, ends[j]) == 0)
				return true;
	}
	return false;
}

char **
form_table_names(List *forms, bool by_label,
				 bool (*taken) (void *arg, const char *name), void *arg)
{
	int			n = list_length(forms);
	char	  **plain = palloc0(sizeof(char *) * Max(n, 1));
	char	  **names = palloc0(sizeof(char *) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		const Form *form = list_nth(forms, i);

		plain[i] = by_label ? clean(form->name) : snake_case(form->object->name);
	}
	for (int i = 0; i < n; i++)
	{
		const Form *form = list_nth(forms, i);
		bool		alone = by_label ? forms_named(plain, n, plain[i]) == 1 && !is_beside(forms, plain, i) :
			is_first_of_object(forms, i);

		names[i] = plain[i];
		if (!alone || plain[i][0] == '\0' || is_reserved(plain[i]) || taken(arg, plain[i]))
			names[i] = with_end(plain[i][0] ? plain[i] : snake_case(form->object->name),
								psprintf(INT64_FORMAT, form->form_id));
	}
	return names;
}

/* The fieldType of labels, whose names are in a list of their own. */
#define FIELD_LABELS 800000

static bool
has_labels(const Form *form)
{
	ListCell   *lc;

	foreach(lc, form->fields)
		if (((const FormField *) lfirst(lc))->field_type == FIELD_LABELS)
			return form->business_type > 0;
	return false;
}

List *
form_tables_beside(const Form *form)
{
	const char *object = form->object->name;
	List	   *result = NIL;

	if (strcmp(object, "product") == 0)
		result = list_make2("_spu", "_sku");
	if (strcmp(object, "customer") == 0 || strcmp(object, "clue") == 0)
		result = lappend(result, "_deleted");
	if (has_labels(form))
		result = lappend(result, "_labels");
	return result;
}

char *
form_name_beside(const char *name, const char *end)
{
	char	   *start = pstrdup(name);

	clip(start, NAMEDATALEN - 1 - (int) strlen(end));
	return psprintf("%s%s", start, end);
}
