/*-------------------------------------------------------------------------
 *
 * sync_detail.c
 *	  Records without details in a sync, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "func/stage.h"
#include "func/sync_detail.h"

PG_FUNCTION_INFO_V1(xbb_fdw_stage_missed);

Datum
xbb_fdw_stage_missed(PG_FUNCTION_ARGS)
{
	const ReaderMissed *missed = &stage_get(PG_GETARG_INT32(0))->missed;
	Datum	   *ids = palloc(sizeof(Datum) * (missed->nids + 1));

	for (int i = 0; i < missed->nids; i++)
		ids[i] = Int64GetDatum(missed->ids[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, missed->nids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
