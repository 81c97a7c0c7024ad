/*-------------------------------------------------------------------------
 *
 * limiter_show.c
 *	  What can be seen of the budgets and counters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "limiter/day.h"
#include "limiter/limiter_data.h"

void
limiter_look(const LimiterBudget *budget, LimiterQuota *quota)
{
	LimiterShared *shared = limiter_segment();
	LimiterDay	today = day_now(budget->time_zone);
	TimestampTz time = GetCurrentTimestamp();
	uint64		key[2];

	*quota = (LimiterQuota) {.resets_at = today.end,.share = 1};
	limiter_account_key(budget, key);
	LWLockAcquire(&shared->accounts_lock, LW_SHARED);
	for (int i = 0; i < LIMITER_ACCOUNTS; i++)
	{
		const LimiterAccount *account = &shared->accounts[i];
		const SlotLine *line = &account->share.line;
		WaitTime	now = wait_clock();

		/* one that nobody uses is not made by looking at it */
		if (account->touched == 0 || account->key[0] != key[0] || account->key[1] != key[1])
			continue;
		quota->used = slot_counted(&account->days, today.number);
		quota->share = slot_share(line, Max(now, line->hold));
		quota->held_until = line->hold > now ? time + (line->hold - now) : 0;
		quota->failures = account->failures;
		quota->recalled = account->recalled;
	}
	LWLockRelease(&shared->accounts_lock);
}

LimiterUse *
limiter_uses(const LimiterBudget *budget, int *nuses)
{
	LimiterShared *shared = limiter_segment();
	LimiterUse *copy = palloc(USES_KEPT * sizeof(LimiterUse));
	LimiterDay	today = day_now(budget->time_zone);
	uint64		key[2];

	StaticAssertStmt(USE_TASK_SIZE == LIMITER_TASK_SIZE, "a task's name has one length");
	*nuses = 0;
	limiter_account_key(budget, key);
	LWLockAcquire(&shared->accounts_lock, LW_SHARED);
	for (int i = 0; i < USES_KEPT; i++)
	{
		const Use  *use = &shared->uses[i];
		LimiterUse *row = &copy[*nuses];

		if (use->used == 0 || use->day != today.number ||
			use->account[0] != key[0] || use->account[1] != key[1])
			continue;
		*row = (LimiterUse) {.databaseid = use->databaseid,.userid = use->userid,.used = use->used};
		strlcpy(row->task, use->task, LIMITER_TASK_SIZE);
		++*nuses;
	}
	LWLockRelease(&shared->accounts_lock);
	return copy;
}

LimiterStats *
limiter_stats(int *nrows)
{
	LimiterShared *shared = limiter_segment();
	LimiterStats *copy = palloc(LIMITER_ROWS_KEPT * sizeof(LimiterStats));

	*nrows = 0;
	LWLockAcquire(&shared->rows_lock, LW_SHARED);
	for (int i = 0; i < LIMITER_ROWS_KEPT; i++)
	{
		if (shared->rows[i].touched != 0)
			copy[(*nrows)++] = shared->rows[i].stats;
	}
	LWLockRelease(&shared->rows_lock);
	return copy;
}

void
limiter_stats_reset(Oid serverid)
{
	LimiterShared *shared = limiter_segment();

	LWLockAcquire(&shared->rows_lock, LW_EXCLUSIVE);
	for (int i = 0; i < LIMITER_ROWS_KEPT; i++)
	{
		LimiterStats *stats = &shared->rows[i].stats;

		if (stats->databaseid == MyDatabaseId &&
			(!OidIsValid(serverid) || stats->serverid == serverid))
			memset(&shared->rows[i], 0, sizeof(LimiterRow));
	}
	LWLockRelease(&shared->rows_lock);
}
