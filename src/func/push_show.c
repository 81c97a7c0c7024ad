/*-------------------------------------------------------------------------
 *
 * push_show.c
 *	  What others see of a run of a push while it is at work: its row of xbb.progress.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "func/push_show.h"
#include "func/sync_stored.h"
#include "progress/progress.h"

PG_FUNCTION_INFO_V1(xbb_fdw_push_tells);

/* The run of this backend that is shown; 0 if none is. */
static int64 shown = 0;

static Stored find_push = {.nested = true, .text =
	"SELECT a.target::oid::bigint, a.name FROM xbb._push_all a WHERE a.id = $1"
};

/* What is known of a push. */
typedef struct Found
{
	Oid			target;
	char		name[PROGRESS_TEXT_SIZE * 4];
} Found;

static void
read_push(void *arg, const SPITupleTable *table, uint64 nrows)
{
	Found	   *found = arg;
	bool		isnull;

	if (nrows == 0)
		return;
	found->target = (Oid) DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
	strlcpy(found->name, SPI_getvalue(table->vals[0], table->tupdesc, 2), sizeof(found->name));
}

void
push_show_begin(FunctionCallInfo fcinfo, int32 push, int64 run)
{
	const Oid	types[] = {INT4OID};
	NullableDatum args[] = {{.value = Int32GetDatum(push)}};
	Found		found = {0};
	ProgressSubject subject = {0};

	run_stored_with(fcinfo->flinfo->fn_oid, &find_push, lengthof(types), types, args, read_push, &found);
	subject.relid = found.target;
	subject.source = get_rel_name(found.target);
	if (subject.source && get_rel_relkind(found.target) == RELKIND_FOREIGN_TABLE)
	{
		subject.serverid = GetForeignTable(found.target)->serverid;
		subject.server = GetForeignServer(subject.serverid)->servername;
	}
	/* the budgets go first, if there is not memory enough for both */
	api_attach();
	/* a CALL that commits goes on in its portal's memory */
	shown = progress_run(PortalContext ? PortalContext : TopTransactionContext, &subject, "push", found.name, run, false) ? run : 0;
	progress_run_phase(PROGRESS_STAGING);
}

Datum
xbb_fdw_push_tells(PG_FUNCTION_ARGS)
{
	if (shown != 0 && progress_run_id() == shown)
		progress_run_tells();
	PG_RETURN_VOID();
}

static bool
is_shown(int64 run)
{
	return shown != 0 && shown == run && progress_run_id() == run;
}

static Stored count_waiting = {.nested = true, .text =
	"SELECT count(*) FROM xbb._push_item i WHERE i.push = $1 AND (i.status = 'pending' AND i.next_try <= clock_timestamp()"
	" OR $2 AND i.status = 'unknown')"
};

static void
read_waiting(void *arg, const SPITupleTable *table, uint64 nrows)
{
	bool		isnull;

	*(int64 *) arg = DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, 1, &isnull));
}

void
push_show_open(FunctionCallInfo fcinfo, const PushSession *session)
{
	const Oid	types[] = {INT4OID, BOOLOID};
	NullableDatum args[] = {
		{.value = Int32GetDatum(session->push)},
		{.value = BoolGetDatum(target_repeat(session->target) != TARGET_REPEAT_NEVER)}
	};
	int64		waiting = 0;

	if (!is_shown(session->run))
		return;
	run_stored_with(fcinfo->flinfo->fn_oid, &count_waiting, lengthof(types), types, args, read_waiting, &waiting);
	progress_run_phase(PROGRESS_SENDING);
	/* not those that it read */
	progress_run_did(0);
	progress_run_expects(waiting);
}

void
push_show_did(const PushSession *session, int64 records)
{
	ProgressNumbers own = {.pages_done = session->answers};

	if (!is_shown(session->run))
		return;
	target_count(session->target, &own);
	progress_run_work(&own);
	progress_run_did(records);
}

void
push_show_end(void)
{
	if (shown != 0 && progress_run_id() == shown)
		progress_run_end();
	shown = 0;
}
