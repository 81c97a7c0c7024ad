/*-------------------------------------------------------------------------
 *
 * push_record.c
 *	  A row as a target is to get it, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "func/push_item.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_record);

Datum
xbb_fdw_push_record(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(row_to_json, PG_GETARG_DATUM(2));
}
