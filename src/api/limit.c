/*-------------------------------------------------------------------------
 *
 * limit.c
 *	  How many requests one statement may send.
 *
 * Counted when they are asked for; repetitions are not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"

#include "api/api.h"
#include "api/limit.h"

int			api_request_limit = 0;

/* What the statement under way has asked for. */
static struct
{
	TimestampTz started;		/* tells statements apart */
	int64		requests;
}			statement;

static int64 *
statement_requests(void)
{
	TimestampTz started = GetCurrentStatementStartTimestamp();

	if (statement.started != started)
		statement.requests = 0;
	statement.started = started;
	return &statement.requests;
}

static void
lower(int64 *limit, int64 other)
{
	if (other > 0 && (*limit == 0 || other < *limit))
		*limit = other;
}

int64
limit_left(const TableOptions *table, const Session *session, int64 *limit)
{
	*limit = table->server.request_limit;
	lower(limit, session->request_limit);
	lower(limit, api_request_limit);
	return *limit == 0 ? -1 : Max(*limit - *statement_requests(), 0);
}

void
limit_count(const TableOptions *table, const Session *session)
{
	int64		limit;

	if (limit_left(table, session, &limit) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("the statement has asked for the %lld requests that request_limit allows", (long long) limit),
				 errhint("Ask for less, read a local copy, or raise request_limit of server, table, user mapping and session.")));
	++*statement_requests();
}
