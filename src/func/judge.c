/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  xbb.judge(): what a target table's options make of an answer.
 *
 * For whoever writes those options: nothing is sent, and no secret is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "target/target.h"

PG_FUNCTION_INFO_V1(xbb_fdw_judge);

extern PGDLLEXPORT Datum xbb_fdw_judge(PG_FUNCTION_ARGS);

#define RESULT_COLUMNS 5

/* A text argument in UTF-8, or NULL. */
static char *
utf8_argument(Datum value)
{
	char	   *here = TextDatumGetCString(value);

	return pg_server_to_any(here, strlen(here), PG_UTF8);
}

/* The keys of records, NULL for those that have none. */
static char **
read_keys(ArrayType *array, int *n)
{
	Datum	   *values;
	bool	   *nulls;
	char	  **keys;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, n);
	keys = palloc0(Max(*n, 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
		keys[i] = nulls[i] ? NULL : utf8_argument(values[i]);
	return keys;
}

static Datum
text_or_null(const char *string, bool *isnull)
{
	*isnull = string == NULL;
	return string ? CStringGetTextDatum(string) : (Datum) 0;
}

Datum
xbb_fdw_judge(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TargetAnswer *answer;
	char	  **keys;
	int			nkeys;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("table, status and keys must not be null"),
				 errhint("Of a record without a key the element of the array is null, as in '{NULL}'.")));
	keys = read_keys(PG_GETARG_ARRAYTYPE_P(3), &nkeys);
	answer = target_judge(PG_GETARG_OID(0), PG_GETARG_INT32(1),
						  PG_ARGISNULL(2) ? NULL : utf8_argument(PG_GETARG_DATUM(2)),
						  (const char *const *) keys, nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		const TargetVerdict *verdict = &answer->verdicts[i];
		Datum		values[RESULT_COLUMNS] = {Int32GetDatum(i + 1)};
		bool		nulls[RESULT_COLUMNS] = {false};
		const char *key = keys[i] ? pg_any_to_server(keys[i], strlen(keys[i]), PG_UTF8) : NULL;

		values[1] = text_or_null(key, &nulls[1]);
		values[2] = CStringGetTextDatum(target_class_name(verdict->verdict));
		values[3] = text_or_null(verdict->id, &nulls[3]);
		values[4] = text_or_null(target_reason(answer, verdict), &nulls[4]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
