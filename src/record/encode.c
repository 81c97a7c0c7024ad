/*-------------------------------------------------------------------------
 *
 * encode.c
 *	  The members of a record, from the columns that become them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "base/attr_names.h"
#include "record/encode_type.h"

/* A member of a record, or of an object in it. */
typedef struct Member
{
	char	   *name;			/* as it stands in "attr" */
	char	   *label;			/* as it stands in the record, quotes and colon too */
	int			column;			/* that is its value; -1 for an object of members */
	struct Member *members;
	int			nmembers;
} Member;

struct Encoder
{
	EncodeColumn *columns;
	EncodeType **types;			/* of the columns; NULL for those not sent */
	int			whole;			/* the column that is the whole record, or -1 */
	const char *table;			/* its name, for messages */
	Member		record;
};

static Member *
find_member(Member *object, const char *name, size_t length)
{
	for (int i = 0; i < object->nmembers; i++)
	{
		const char *other = object->members[i].name;

		if (strlen(other) == length && strncmp(other, name, length) == 0)
			return &object->members[i];
	}
	return NULL;
}

static Member *
add_member(Member *object, const char *name, size_t length)
{
	int			n = object->nmembers++;
	Member	   *member;
	StringInfoData label;

	object->members = object->members ?
		repalloc(object->members, (n + 1) * sizeof(Member)) : palloc(sizeof(Member));
	member = &object->members[n];
	memset(member, 0, sizeof(Member));
	member->name = pnstrdup(name, length);
	initStringInfo(&label);
	escape_json(&label, member->name);
	appendStringInfoChar(&label, ':');
	member->label = label.data;
	member->column = -1;
	return member;
}

/* A column whose value stands in a member. */
static int
column_in(const Member *member)
{
	return member->column >= 0 ? member->column : column_in(&member->members[0]);
}

static void
refuse_pair(const Encoder *encoder, int first, int second)
{
	const EncodeColumn *one = &encoder->columns[first];
	const EncodeColumn *other = &encoder->columns[second];

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
			 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" are sent as the same member, or one within the other",
					one->column, other->column, encoder->table),
			 errdetail("Their attrs are \"%s\" and \"%s\".",
					   pg_any_to_server(one->attr, strlen(one->attr), PG_UTF8),
					   pg_any_to_server(other->attr, strlen(other->attr), PG_UTF8)),
			 errhint("Give one of them another attr.")));
}

/* Puts a column where its attr says. */
static void
place_column(Encoder *encoder, int column)
{
	Member	   *object = &encoder->record;
	const char *part = encoder->columns[column].attr;

	for (;;)
	{
		size_t		length = strcspn(part, ".");
		bool		last = part[length] == '\0';
		Member	   *member = find_member(object, part, length);

		if (member && (last || member->column >= 0))
			refuse_pair(encoder, column_in(member), column);
		if (member == NULL)
			member = add_member(object, part, length);
		if (last)
		{
			member->column = column;
			return;
		}
		object = member;
		part += length + 1;
	}
}

/* Is it a time, or an array of times? */
static bool
is_time(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_base_element_type(base);

	return encode_is_time(OidIsValid(element) ? getBaseType(element) : base);
}

static void
check_time(const Encoder *encoder, const EncodeColumn *column)
{
	if (column->time != ENCODE_TIME_TEXT && !is_time(column->type))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of foreign table \"%s\" has type %s, which option \"time\" does not go with",
						column->column, encoder->table, format_type_be(column->type)),
				 errhint("It goes with timestamptz, timestamp and date.")));
}

Encoder *
encode_open(const EncodeColumn *columns, int ncolumns, const char *table, pg_tz *zone)
{
	Encoder    *encoder = palloc0(sizeof(Encoder));
	int			nsent = 0;

	encoder->columns = palloc(ncolumns * sizeof(EncodeColumn));
	memcpy(encoder->columns, columns, ncolumns * sizeof(EncodeColumn));
	encoder->types = palloc0(ncolumns * sizeof(EncodeType *));
	encoder->table = pstrdup(table);
	encoder->whole = -1;
	encoder->record.column = -1;

	for (int i = 0; i < ncolumns; i++)
	{
		EncodeColumn *column = &encoder->columns[i];

		if (column->attr == NULL)
			continue;
		column->column = pstrdup(column->column);
		column->attr = pstrdup(column->attr);
		column->pattern = column->pattern ? pstrdup(column->pattern) : NULL;
		check_time(encoder, column);
		encoder->types[i] = encode_type(column->type, column, encoder->table, zone);
		if (nsent++ > 0 && (encoder->whole >= 0 || strcmp(column->attr, ATTR_RECORD) == 0))
			refuse_pair(encoder, encoder->whole >= 0 ? encoder->whole : column_in(&encoder->record), i);
		if (strcmp(column->attr, ATTR_RECORD) == 0)
			encoder->whole = i;
		else
			place_column(encoder, i);
	}
	if (nsent == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has no column that is sent", table)));
	return encoder;
}

/* Appends the members that are there, or the columns' names; false if there is none. */
static bool
append_members(const Encoder *encoder, const Member *object, const Datum *values, const bool *nulls, StringInfo out)
{
	bool		any = false;

	for (int i = 0; i < object->nmembers; i++)
	{
		const Member *member = &object->members[i];
		int			column = member->column;
		int			before = out->len;
		bool		written = true;

		if (column >= 0 && values && nulls[column] && !encoder->columns[column].send_null)
			continue;
		if (any)
			appendStringInfoChar(out, ',');
		appendStringInfoString(out, member->label);
		if (column < 0)
		{
			appendStringInfoChar(out, '{');
			written = append_members(encoder, member, values, nulls, out);
			appendStringInfoChar(out, '}');
		}
		else if (values == NULL)
			encode_string(encoder->columns[column].column, out);
		else if (nulls[column])
			appendStringInfoString(out, "null");
		else
			encoder->types[column]->append(encoder->types[column], values[column], out);
		if (!written)
		{
			out->len = before;
			out->data[before] = '\0';
		}
		any = any || written;
	}
	return any;
}

void
encode_record(Encoder *encoder, const Datum *values, const bool *nulls, StringInfo out)
{
	int			whole = encoder->whole;

	if (whole >= 0)
	{
		if (nulls[whole])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\" of foreign table \"%s\" is the whole record, and null",
							encoder->columns[whole].column, encoder->table)));
		encoder->types[whole]->append(encoder->types[whole], values[whole], out);
		return;
	}
	appendStringInfoChar(out, '{');
	(void) append_members(encoder, &encoder->record, values, nulls, out);
	appendStringInfoChar(out, '}');
}

void
encode_example(Encoder *encoder, StringInfo out)
{
	if (encoder->whole >= 0)
	{
		encode_string(encoder->columns[encoder->whole].column, out);
		return;
	}
	appendStringInfoChar(out, '{');
	(void) append_members(encoder, &encoder->record, NULL, NULL, out);
	appendStringInfoChar(out, '}');
}
