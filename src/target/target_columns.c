/*-------------------------------------------------------------------------
 *
 * target_columns.c
 *	  From a table's columns and their options to what encode.h wants to know.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "record/encode.h"
#include "target/target.h"

struct TargetColumns
{
	Encoder    *encoder;
	AttrNumber	verdicts[TARGET_COLUMN_ID + 1]; /* by TargetVerdictColumn */
};

static const EncodeTime times[] = {
	[TARGET_TIME_TEXT] = ENCODE_TIME_TEXT,
	[TARGET_TIME_EPOCH] = ENCODE_TIME_EPOCH,
	[TARGET_TIME_EPOCH_MS] = ENCODE_TIME_EPOCH_MS,
	[TARGET_TIME_PATTERN] = ENCODE_TIME_PATTERN,
};

/* A verdict that its column cannot hold would come when all has been sent. */
static void
check_verdict_column(const TargetTableOptions *table, Form_pg_attribute attribute)
{
	if (attribute->atttypid != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of foreign table \"%s\" shows a verdict, and is of type %s",
						NameStr(attribute->attname), get_rel_name(table->relid), format_type_be(attribute->atttypid)),
				 errhint("Type: ALTER FOREIGN TABLE %s ALTER COLUMN %s TYPE text;",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->relid)),
													get_rel_name(table->relid)),
						 quote_identifier(NameStr(attribute->attname)))));
}

TargetColumns *
target_columns(const TargetTableOptions *table, TupleDesc columns, const bool *sent)
{
	TargetColumns *result = palloc0(sizeof(TargetColumns));
	EncodeColumn *encoded = palloc0(columns->natts * sizeof(EncodeColumn));

	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(columns, i);
		const TargetColumnOptions *options;

		if (attribute->attisdropped)
			continue;
		options = target_option_column(table, i + 1);
		if (options->verdict != TARGET_COLUMN_SENT)
		{
			check_verdict_column(table, attribute);
			result->verdicts[options->verdict] = i + 1;
		}
		else if (sent == NULL || sent[i])
			encoded[i] = (EncodeColumn)
			{
				.column = NameStr(attribute->attname),
				.attr = options->attr,
				.type = attribute->atttypid,
				.time = times[options->time],
				.pattern = options->time_pattern,
				.send_null = options->send_null,
				.as_string = options->as_string
			};
	}
	result->encoder = encode_open(encoded, columns->natts, get_rel_name(table->relid), table->server.time_zone);
	return result;
}

char *
target_record(TargetColumns *columns, const Datum *values, const bool *nulls)
{
	StringInfoData record;

	initStringInfo(&record);
	encode_record(columns->encoder, values, nulls, &record);
	return record.data;
}

char *
target_example(TargetColumns *columns)
{
	StringInfoData record;

	initStringInfo(&record);
	encode_example(columns->encoder, &record);
	return record.data;
}

AttrNumber
target_verdict_column(const TargetColumns *columns, TargetVerdictColumn verdict)
{
	return columns->verdicts[verdict];
}
