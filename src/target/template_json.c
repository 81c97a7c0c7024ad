/*-------------------------------------------------------------------------
 *
 * template_json.c
 *	  JSON templates with "$record" in them.
 *
 * The template is walked as text, so that its members keep their order, and records
 * are copied as they are: no number is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "target/scan.h"
#include "target/template.h"

#define RECORDS "$records"
#define RECORD "$record"
#define REST "$rest"

typedef struct Render
{
	StringInfo	out;
	const TemplateRecords *records;
	int			current;		/* record that is spoken of, -1 if any */
	TemplateValues values;
	char	  **taken;			/* members that "$record.a" names */
	int			ntaken;
	const char *option;
} Render;

static void render_value(Render *render, const char *at, const char *end);

/* ---- what a template says ---- */

static bool
literal_is(const char *literal, const char *end, const char *text)
{
	size_t		length = strlen(text);

	return (size_t) (end - literal) == length + 2 && memcmp(literal + 1, text, length) == 0;
}

/* A literal "$record.a.b". */
static bool
is_member(const char *literal, const char *end)
{
	return *literal == '"' && (size_t) (end - literal) > strlen(RECORD ".") + 2 &&
		memcmp(literal + 1, RECORD ".", strlen(RECORD ".")) == 0;
}

static bool
is_record_word(const char *literal, const char *end)
{
	return *literal == '"' &&
		(literal_is(literal, end, RECORD) || literal_is(literal, end, REST) || is_member(literal, end));
}

/* Does this part of the template speak of one record, anywhere in it? */
static bool
speaks_of_record(const char *at, const char *end)
{
	ScanPart	part;

	check_stack_depth();
	if (*at == '"')
	{
		char	   *text;
		bool		speaks;

		if (is_record_word(at, end))
			return true;
		text = scan_unquote(at, end, NULL);
		speaks = strstr(text, "{{record.") != NULL;
		pfree(text);
		return speaks;
	}
	if (*at != '{' && *at != '[')
		return false;
	while (scan_part(&at, end, &part))
		if (speaks_of_record(part.value, part.value_end))
			return true;
	return false;
}

/* Is it an array to be filled with a part for each record?  Then that is *part. */
static bool
is_repeated(const char *at, const char *end, ScanPart *part)
{
	ScanPart	more;

	if (*at != '[' || !scan_part(&at, end, part))
		return false;
	return !scan_part(&at, end, &more) && speaks_of_record(part->value, part->value_end);
}

static bool
takes_many(const char *at, const char *end)
{
	ScanPart	part;

	check_stack_depth();
	if (*at == '"')
		return literal_is(at, end, RECORDS);
	if (is_repeated(at, end, &part))
		return true;
	if (*at != '{' && *at != '[')
		return false;
	while (scan_part(&at, end, &part))
		if (takes_many(part.value, part.value_end))
			return true;
	return false;
}

/* Adds the first members of paths that "$record.a.b" names. */
static void
find_taken(Render *render, const char *at, const char *end)
{
	ScanPart	part;

	check_stack_depth();
	if (is_member(at, end))
	{
		char	   *name = scan_unquote(at, end, NULL) + strlen(RECORD ".");

		name[strcspn(name, ".")] = '\0';
		render->taken = render->taken ?
			repalloc(render->taken, (render->ntaken + 1) * sizeof(char *)) : palloc(sizeof(char *));
		render->taken[render->ntaken++] = name;
	}
	else if (*at == '{' || *at == '[')
		while (scan_part(&at, end, &part))
			find_taken(render, part.value, part.value_end);
}

/* ---- records ---- */

static const char *
current_record(const Render *render)
{
	if (render->current < 0 && render->records->nrecords != 1)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" has a place for one record, not for %d",
						render->option, render->records->nrecords),
				 errhint("A place for several is \"$records\", or an array of one part that has \"$record\" in it.")));
	return render->records->records[Max(render->current, 0)];
}

/* The current record's first byte: of an object, if its members are wanted. */
static const char *
current_object(const Render *render)
{
	const char *record = current_record(render);
	const char *at = scan_blanks(record, record + strlen(record));

	if (*at != '{')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a record is no JSON object, and option \"%s\" wants its members", render->option)));
	return at;
}

static bool
is_taken(const Render *render, const ScanPart *part)
{
	char	   *name = scan_unquote(part->name, part->name_end, NULL);
	bool		found = false;

	for (int i = 0; i < render->ntaken; i++)
		found |= strcmp(render->taken[i], name) == 0;
	pfree(name);
	return found;
}

/* The record's members, without those that are named elsewhere if "rest"; true if any. */
static bool
render_members(Render *render, bool rest, bool comma)
{
	const char *at = current_object(render);
	const char *end = at + strlen(at);
	ScanPart	part;

	while (scan_part(&at, end, &part))
	{
		if (rest && is_taken(render, &part))
			continue;
		if (comma)
			appendStringInfoChar(render->out, ',');
		appendBinaryStringInfo(render->out, part.name, part.name_end - part.name);
		appendStringInfoChar(render->out, ':');
		appendBinaryStringInfo(render->out, part.value, part.value_end - part.value);
		comma = true;
	}
	return comma;
}

static bool
find_member(const Render *render, const char *literal, const char *end, ScanPart *part)
{
	const char *record = current_object(render);
	char	   *path = scan_unquote(literal, end, NULL);
	bool		found = scan_path(record, record + strlen(record), path + strlen(RECORD "."), part);

	pfree(path);
	return found;
}

/* ---- the walk ---- */

static void
render_string(Render *render, const char *literal, const char *end)
{
	TemplateValues values = render->values;
	StringInfoData text;
	ScanPart	part;

	if (literal_is(literal, end, RECORD))
		appendStringInfoString(render->out, current_record(render));
	else if (literal_is(literal, end, REST))
	{
		appendStringInfoChar(render->out, '{');
		render_members(render, true, false);
		appendStringInfoChar(render->out, '}');
	}
	else if (is_member(literal, end))
	{
		if (find_member(render, literal, end, &part))
			appendBinaryStringInfo(render->out, part.value, part.value_end - part.value);
		else
			appendStringInfoString(render->out, "null");
	}
	else if (literal_is(literal, end, RECORDS))
	{
		appendStringInfoChar(render->out, '[');
		for (int i = 0; i < render->records->nrecords; i++)
		{
			if (i > 0)
				appendStringInfoChar(render->out, ',');
			appendStringInfoString(render->out, render->records->records[i]);
		}
		appendStringInfoChar(render->out, ']');
	}
	else
	{
		char	   *template = scan_unquote(literal, end, NULL);

		if (strstr(template, "{{record."))
			values.record = current_record(render);
		initStringInfo(&text);
		template_text(&text, template, &values, TEMPLATE_PLAIN, render->option);
		scan_quote(render->out, text.data, text.len);
		explicit_bzero(text.data, text.maxlen);
		pfree(text.data);
		pfree(template);
	}
}

static bool
is_splice(const ScanPart *part)
{
	return literal_is(part->name, part->name_end, "*") &&
		(literal_is(part->value, part->value_end, RECORD) || literal_is(part->value, part->value_end, REST));
}

/* Is the member of the template one that the record, or the rest of it, brings along? */
static bool
is_overridden(const Render *render, const ScanPart *part, bool rest)
{
	const char *at = current_object(render);
	const char *end = at + strlen(at);
	char	   *name = scan_unquote(part->name, part->name_end, NULL);
	ScanPart	each;
	bool		found = false;

	while (!found && scan_part(&at, end, &each))
	{
		char	   *other = scan_unquote(each.name, each.name_end, NULL);

		found = strcmp(name, other) == 0 && !(rest && is_taken(render, &each));
		pfree(other);
	}
	pfree(name);
	return found;
}

static void
render_object(Render *render, const char *at, const char *end)
{
	const char *begin = at;
	ScanPart	part;
	bool		splices = false;
	bool		rest = false;
	bool		comma = false;

	while (scan_part(&at, end, &part))
		if (is_splice(&part))
		{
			splices = true;
			rest = literal_is(part.value, part.value_end, REST);
		}
	at = begin;
	appendStringInfoChar(render->out, '{');
	while (scan_part(&at, end, &part))
	{
		ScanPart	member;

		if (is_splice(&part))
		{
			comma = render_members(render, rest, comma);
			continue;
		}
		if (splices && is_overridden(render, &part, rest))
			continue;
		if (is_member(part.value, part.value_end) &&
			!find_member(render, part.value, part.value_end, &member))
			continue;
		if (comma)
			appendStringInfoChar(render->out, ',');
		appendBinaryStringInfo(render->out, part.name, part.name_end - part.name);
		appendStringInfoChar(render->out, ':');
		render_value(render, part.value, part.value_end);
		comma = true;
	}
	appendStringInfoChar(render->out, '}');
}

static void
render_array(Render *render, const char *at, const char *end)
{
	ScanPart	part;
	bool		comma = false;

	appendStringInfoChar(render->out, '[');
	if (render->current < 0 && is_repeated(at, end, &part))
	{
		for (int i = 0; i < render->records->nrecords; i++)
		{
			if (i > 0)
				appendStringInfoChar(render->out, ',');
			render->current = i;
			render_value(render, part.value, part.value_end);
		}
		render->current = -1;
	}
	else
	{
		while (scan_part(&at, end, &part))
		{
			if (comma)
				appendStringInfoChar(render->out, ',');
			render_value(render, part.value, part.value_end);
			comma = true;
		}
	}
	appendStringInfoChar(render->out, ']');
}

static void
render_value(Render *render, const char *at, const char *end)
{
	check_stack_depth();
	if (*at == '{')
		render_object(render, at, end);
	else if (*at == '[')
		render_array(render, at, end);
	else if (*at == '"')
		render_string(render, at, end);
	else
		appendBinaryStringInfo(render->out, at, end - at);
}

/* ---- public ---- */

/* Where the template begins; it is one, or an error. */
static const char *
template_begin(const char *text, const char *option, const char **end)
{
	const char *at = scan_blanks(text, text + strlen(text));

	*end = scan_value(at, text + strlen(text));
	if (!scan_is_json(text, strlen(text)))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" is no JSON", option)));
	return at;
}

static Render
render_begin(StringInfo out, const TemplateRecords *records, const TemplateValues *values, const char *option)
{
	return (Render)
	{
		.out = out,
		.records = records,
		.current = -1,
		.values = *values,
		.option = option,
	};
}

void
template_json(StringInfo out, const char *text, const TemplateRecords *records,
			  const TemplateValues *values, const char *option)
{
	Render		render = render_begin(out, records, values, option);
	const char *end;
	const char *at = template_begin(text, option, &end);

	find_taken(&render, at, end);
	render_value(&render, at, end);
}

void
template_form(StringInfo out, const char *text, const TemplateRecords *records,
			  const TemplateValues *values, const char *option)
{
	StringInfoData field;
	Render		render = render_begin(&field, records, values, option);
	const char *end;
	const char *at = template_begin(text, option, &end);
	bool		first = true;
	ScanPart	part;

	if (*at != '{')
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" is no JSON object, and a form needs one", option),
				 errhint("Its members are the fields, as in {\"biz\": \"$records\"}.")));
	find_taken(&render, at, end);
	while (scan_part(&at, end, &part))
	{
		ScanPart	member;
		char	   *name = scan_unquote(part.name, part.name_end, NULL);
		const char *value;
		size_t		length;

		if (is_member(part.value, part.value_end) &&
			!find_member(&render, part.value, part.value_end, &member))
			continue;
		initStringInfo(&field);
		render_value(&render, part.value, part.value_end);
		value = field.data;
		length = field.len;
		/* a text is sent as such, a member of a record, too */
		if (value[0] == '"')
			value = scan_unquote(field.data, field.data + field.len, &length);
		if (!first)
			appendStringInfoChar(out, '&');
		template_percent(out, name, strlen(name));
		appendStringInfoChar(out, '=');
		template_percent(out, value, length);
		first = false;
		pfree(name);
		pfree(field.data);
	}
}

bool
template_takes_many(const char *text)
{
	const char *end;
	const char *at = template_begin(text, "envelope", &end);

	return takes_many(at, end);
}
