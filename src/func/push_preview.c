/*-------------------------------------------------------------------------
 *
 * push_preview.c
 *	  What a push would send first, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "func/push_flight.h"
#include "func/push_session.h"
#include "func/sync_stored.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_preview);

/* The idempotency key of what is not sent. */
#define NO_KEY "00000000-0000-0000-0000-000000000000"

typedef struct Records
{
	Oid			target;
	char	  **texts;			/* UTF-8 */
	int			ntexts;
} Records;

static Stored records_first = {.text =
	"SELECT a.target::oid::bigint, i.record FROM xbb._push_all a LEFT JOIN LATERAL ("
	" SELECT i.record FROM xbb._push_item i WHERE i.push = a.id AND i.status = 'pending' AND NOT EXISTS ("
	" SELECT FROM xbb._push_item f WHERE f.push = i.push AND f.key_id = i.key_id AND f.request IS NOT NULL)"
	" ORDER BY i.id LIMIT $2) i ON true WHERE a.id = $1 AND a.owner = $3"
};

static void
read_records(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Records    *records = arg;

	records->texts = SPI_palloc(sizeof(char *) * Max(nrows, 1));
	for (uint64 i = 0; i < nrows; i++)
	{
		bool		isnull;
		Datum		record;
		char	   *utf8;

		records->target = (Oid) DatumGetInt64(SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));
		record = SPI_getbinval(table->vals[i], table->tupdesc, 2, &isnull);
		if (isnull)
			continue;
		utf8 = TextDatumGetCString(record);
		utf8 = pg_server_to_any(utf8, strlen(utf8), PG_UTF8);
		records->texts[records->ntexts] = SPI_palloc(strlen(utf8) + 1);
		strcpy(records->texts[records->ntexts++], utf8);
	}
}

Datum
xbb_fdw_push_preview(PG_FUNCTION_ARGS)
{
	int			most = Min(PG_GETARG_INT32(1), 100);
	const Oid	types[] = {INT4OID, INT4OID};
	NullableDatum args[lengthof(types)] = {{.value = PG_GETARG_DATUM(0)}, {.value = Int32GetDatum(Max(most, 0) * 1000)}};
	Records		records = {0};
	ArrayBuildState *previews = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Target	   *target;
	int			size;

	run_stored_with(fcinfo->flinfo->fn_oid, &records_first, lengthof(types), types, args, read_records, &records);
	if (OidIsValid(records.target))
	{
		target = target_open(records.target, GetUserId(), CurrentMemoryContext);
		size = target_batch_size(target);
		for (int i = 0; i * size < records.ntexts && i < most; i++)
		{
			size_t		length;
			int			n = Min(size, records.ntexts - i * size);
			char	   *body = target_body(target, (const char *const *) records.texts + i * size, n, NO_KEY, &length);

			previews = accumArrayResult(previews, CStringGetTextDatum(target_preview(target, body, length, NO_KEY)),
										false, TEXTOID, CurrentMemoryContext);
		}
	}
	PG_RETURN_DATUM(makeArrayResult(previews, CurrentMemoryContext));
}
