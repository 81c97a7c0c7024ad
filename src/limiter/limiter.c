/*-------------------------------------------------------------------------
 *
 * limiter.c
 *	  The cluster's request budgets and counters, in shared memory.
 *
 * One segment, made by whoever needs it first, holds a fixed number of
 * accounts and of counter rows; when all are taken the idlest one is reused.
 * Up to 16 its 300 kB come out of the server's reserve of shared memory, from which
 * the lock tables grow, too.
 *
 * Locking: accounts_lock guards every field of accounts[], rows_lock every
 * field of rows[]; they are never held together.  They are LWLocks, so the
 * end of a transaction or of a backend releases them.  Under them there are
 * only look-ups and arithmetic (slot.h): nothing allocates, waits or raises.
 * The clock is read under accounts_lock, so that slots follow one another as
 * the reservations do; it is one that nobody sets, but for the day's end.  Nobody sleeps with a lock: a reservation is a moment,
 * and a backend that dies before it leaves no more than an unused slot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/datetime.h"

#include "base/compat.h"
#include "limiter/limiter.h"
#include "limiter/share.h"

/* A change of LimiterShared needs another name: old backends may be alive. */
#define LIMITER_SEGMENT "xbb_fdw limiter 3"

#define LIMITER_ACCOUNTS 64
#define LIMITER_ROWS_KEPT 512

/*
 * An API that failed so often in a row, for so long, is down; then it is looked at now
 * and then.
 */
#define LIMITER_FAILURES 20
#define LIMITER_FAILING (15 * SLOT_SECOND)
#define LIMITER_PROBE (10 * SLOT_SECOND)

/* Guarded by accounts_lock; times are of wait_clock(). */
typedef struct LimiterAccount
{
	uint64		key[2];			/* of origin and corpid */
	WaitTime	touched;		/* last use, or last slot; 0 = free */
	ShareAccount share;
	SlotDays	days;			/* numbers: Julian dates */
	int			failures;		/* in a row, such as of an API that is down */
	WaitTime	failing_since;	/* the first of them */
	WaitTime	probe_at;		/* when one more may be sent */
} LimiterAccount;

/* Guarded by rows_lock. */
typedef struct LimiterRow
{
	TimestampTz touched;		/* last use; 0 = free */
	LimiterStats stats;
} LimiterRow;

typedef struct LimiterShared
{
	int			tranche;		/* of the locks; never changes */
	LWLock		accounts_lock;
	LWLock		rows_lock;
	LimiterAccount accounts[LIMITER_ACCOUNTS];
	LimiterRow	rows[LIMITER_ROWS_KEPT];
} LimiterShared;

/* A day of an account's time zone. */
typedef struct LimiterDay
{
	int			number;			/* Julian date */
	TimestampTz end;			/* the midnight that ends it */
} LimiterDay;

/* Mapped once, for the life of the backend. */
static LimiterShared *shared = NULL;

static void
segment_init(void *segment)
{
	LimiterShared *fresh = segment;

	memset(fresh, 0, sizeof(LimiterShared));
	fresh->tranche = LWLockNewTrancheId();
	LWLockInitialize(&fresh->accounts_lock, fresh->tranche);
	LWLockInitialize(&fresh->rows_lock, fresh->tranche);
}

static void
segment_hint(void *arg)
{
	errhint("xbb_fdw keeps its request budgets in %zu kB of shared memory. "
			"Add xbb_fdw to shared_preload_libraries, or raise max_locks_per_transaction, which enlarges the server's reserve, and restart it.",
			sizeof(LimiterShared) / 1024);
}

static void
segment_attach(void)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = segment_hint
	};
	LimiterShared *segment;

	if (shared)
		return;
	error_context_stack = &context;
	segment = compat_shared_segment(LIMITER_SEGMENT, sizeof(LimiterShared),
									segment_init);
	error_context_stack = context.previous;
	LWLockRegisterTranche(segment->tranche, "xbb_limiter");
	shared = segment;
}

/* ---- budgets ---- */

static void
account_key(const LimiterBudget *budget, uint64 key[2])
{
	uint64		account_length = strlen(budget->account);

	/* 128 bits: names of any length fit, and two of them meet in no cluster's life */
	for (int i = 0; i < 2; i++)
	{
		uint64		origin = hash_bytes_extended((const unsigned char *) budget->origin,
												 strlen(budget->origin), i + 1);

		key[i] = hash_bytes_extended((const unsigned char *) budget->account,
									 account_length, origin);
	}
}

/*
 * The budget's account, under accounts_lock; made if it is not there.  *now is
 * the moment everything under this lock happens at.
 */
static LimiterAccount *
account_lock(const LimiterBudget *budget, WaitTime *now)
{
	LimiterAccount *account = NULL;
	uint64		key[2];

	account_key(budget, key);
	segment_attach();
	LWLockAcquire(&shared->accounts_lock, LW_EXCLUSIVE);
	*now = wait_clock();
	for (int i = 0; i < LIMITER_ACCOUNTS; i++)
	{
		LimiterAccount *candidate = &shared->accounts[i];

		if (candidate->touched != 0 &&
			candidate->key[0] == key[0] && candidate->key[1] == key[1])
		{
			account = candidate;
			break;
		}
		if (account == NULL || candidate->touched < account->touched)
			account = candidate;
	}
	if (account->touched == 0 ||
		account->key[0] != key[0] || account->key[1] != key[1])
	{
		memset(account, 0, sizeof(LimiterAccount));
		account->key[0] = key[0];
		account->key[1] = key[1];
	}
	account->touched = *now;
	return account;
}

static void
account_unlock(LimiterAccount *account)
{
	/* an account that somebody queues for is not idle */
	account->touched = Max(account->touched, account->share.line.last);
	LWLockRelease(&shared->accounts_lock);
}

/* The present day of a time zone. */
static LimiterDay
day_now(pg_tz *time_zone)
{
	pg_time_t	now = timestamptz_to_time_t(GetCurrentTimestamp());
	struct pg_tm *local = pg_localtime(&now, time_zone);
	struct pg_tm midnight = {0};
	LimiterDay	day;

	day.number = date2j(local->tm_year + 1900, local->tm_mon + 1, local->tm_mday);
	j2date(day.number + 1, &midnight.tm_year, &midnight.tm_mon, &midnight.tm_mday);
	day.end = ((TimestampTz) (day.number + 1 - POSTGRES_EPOCH_JDATE) * SECS_PER_DAY +
			   DetermineTimeZoneOffset(&midnight, time_zone)) * USECS_PER_SEC;
	return day;
}

/* The day of a moment that is so many microseconds away. */
static int
day_of(const LimiterDay *today, int64 away)
{
	return GetCurrentTimestamp() + away < today->end ? today->number : today->number + 1;
}

/* Counts a request of a day, unless it is none of those that are for who asks. */
static bool
day_count(SlotDays *days, int day, const LimiterBudget *budget)
{
	int64		quota = budget->daily_quota;

	if (quota > 0 && budget->reserve >= quota)
		return false;
	return slot_count(days, day, quota > 0 ? quota - budget->reserve : 0);
}

static void
quota_used_up(const LimiterBudget *budget, int day)
{
	int			year;
	int			month;
	int			mday;

	j2date(day + 1, &year, &month, &mday);
	if (budget->reserve > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("daily quota of %lld requests is used up for corpid \"%s\", but for its reserve of %lld",
						(long long) budget->daily_quota, budget->account,
						(long long) Min(budget->reserve, budget->daily_quota)),
				 errdetail("It is renewed at %04d-%02d-%02d 00:00, time zone %s.",
						   year, month, mday, pg_get_timezone_name(budget->time_zone)),
				 errhint("The reserve is for incremental syncs. Wait until then, or lower the server's option quota_reserve.")));
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("daily quota of %lld requests is used up for corpid \"%s\"",
					(long long) budget->daily_quota, budget->account),
			 errdetail("It is renewed at %04d-%02d-%02d 00:00, time zone %s.",
					   year, month, mday, pg_get_timezone_name(budget->time_zone)),
			 errhint("Wait until then, or raise the server's option daily_quota if the API allows the account more.")));
}

/* ---- counters ---- */

static bool
row_matches(const LimiterRow *row, Oid serverid, Oid userid, const char *endpoint)
{
	return row->touched != 0 &&
		row->stats.databaseid == MyDatabaseId &&
		row->stats.serverid == serverid &&
		row->stats.userid == userid &&
		strncmp(row->stats.endpoint, endpoint, LIMITER_ENDPOINT_SIZE - 1) == 0;
}

/* The row of an endpoint, under rows_lock; made if it is not there. */
static LimiterStats *
row_lock(Oid serverid, Oid userid, const char *endpoint, TimestampTz now)
{
	LimiterRow *row = NULL;

	segment_attach();
	LWLockAcquire(&shared->rows_lock, LW_EXCLUSIVE);
	for (int i = 0; i < LIMITER_ROWS_KEPT; i++)
	{
		LimiterRow *candidate = &shared->rows[i];

		if (row_matches(candidate, serverid, userid, endpoint))
		{
			row = candidate;
			break;
		}
		if (row == NULL || candidate->touched < row->touched)
			row = candidate;
	}
	if (!row_matches(row, serverid, userid, endpoint))
	{
		memset(row, 0, sizeof(LimiterRow));
		row->stats.databaseid = MyDatabaseId;
		row->stats.serverid = serverid;
		row->stats.userid = userid;
		strlcpy(row->stats.endpoint, endpoint, LIMITER_ENDPOINT_SIZE);
		row->stats.since = now;
	}
	row->touched = now;
	return &row->stats;
}

static void
row_unlock(void)
{
	LWLockRelease(&shared->rows_lock);
}

/* ---- public ---- */

Size
limiter_size(void)
{
	return sizeof(LimiterShared);
}

LimiterSlot
limiter_reserve(const LimiterBudget *budget, Oid userid)
{
	LimiterDay	today = day_now(budget->time_zone);
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);
	ShareSlot	slot = share_take(&account->share, userid, budget->rate, now);
	int			day = day_of(&today, slot.at - now);
	bool		counted = day_count(&account->days, day, budget);

	if (!counted)
		share_return(&account->share, userid, budget->rate, slot, now);
	account_unlock(account);

	if (!counted)
		quota_used_up(budget, day);
	return (LimiterSlot) {slot.at, slot.in_line, day};
}

LimiterSlot
limiter_claim(const LimiterBudget *budget, Oid userid, LimiterSlot slot)
{
	ShareSlot	claimed = {slot.at, slot.in_line};
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	if (slot.at <= now)
		claimed = share_claim(&account->share, userid, budget->rate, claimed, now);
	account_unlock(account);
	return (LimiterSlot) {claimed.at, claimed.in_line, slot.day};
}

void
limiter_return(const LimiterBudget *budget, Oid userid, LimiterSlot slot)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	share_return(&account->share, userid, budget->rate, (ShareSlot) {slot.at, slot.in_line}, now);
	slot_uncount(&account->days, slot.day);
	account_unlock(account);
}

void
limiter_look(const LimiterBudget *budget, LimiterQuota *quota)
{
	LimiterDay	today = day_now(budget->time_zone);
	TimestampTz time = GetCurrentTimestamp();
	uint64		key[2];

	*quota = (LimiterQuota) {.resets_at = today.end,.share = 1};
	account_key(budget, key);
	segment_attach();
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
	}
	LWLockRelease(&shared->accounts_lock);
}

void
limiter_refused(const LimiterBudget *budget, WaitTime until)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	slot_refuse(&account->share.line, now, until);
	account_unlock(account);
}

/* Under accounts_lock. */
static bool
account_is_broken(const LimiterAccount *account, WaitTime now)
{
	return account->failures >= LIMITER_FAILURES && now - account->failing_since >= LIMITER_FAILING;
}

void
limiter_ended(const LimiterBudget *budget, LimiterSlot slot, bool failed, bool uncounted)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	if (!failed)
		account->failures = 0;
	else
	{
		if (account->failures++ == 0)
			account->failing_since = now;
		account->probe_at = Max(account->probe_at, now + LIMITER_PROBE);
	}
	if (uncounted)
		slot_uncount(&account->days, slot.day);
	account_unlock(account);
}

bool
limiter_admits(const LimiterBudget *budget, bool sends, int *failures, int *again)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);
	bool		admits = !account_is_broken(account, now) || now >= account->probe_at;

	*failures = account->failures;
	*again = (int) ((account->probe_at - now) / USECS_PER_SEC) + 1;
	if (admits && sends)
		account->probe_at = now + LIMITER_PROBE;	/* the next one is not before */
	account_unlock(account);
	return admits;
}

bool
limiter_is_broken(const LimiterBudget *budget)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);
	bool		broken = account_is_broken(account, now);

	account_unlock(account);
	return broken;
}

void
limiter_count(Oid serverid, Oid userid, const char *endpoint,
			  LimiterCounter counter, int64 n)
{
	LimiterStats *stats = row_lock(serverid, userid, endpoint,
								   GetCurrentTimestamp());

	stats->counters[counter] += n;
	row_unlock();
}

void
limiter_count_error(Oid serverid, Oid userid, const char *endpoint,
					LimiterCounter kind, const char *message)
{
	int			length = pg_mbcliplen(message, strlen(message), LIMITER_ERROR_SIZE - 1);
	TimestampTz now = GetCurrentTimestamp();
	LimiterStats *stats = row_lock(serverid, userid, endpoint, now);

	stats->counters[kind]++;
	memcpy(stats->last_error, message, length);
	stats->last_error[length] = '\0';
	stats->last_error_at = now;
	row_unlock();
}

LimiterStats *
limiter_stats(int *nrows)
{
	LimiterStats *copy = palloc(LIMITER_ROWS_KEPT * sizeof(LimiterStats));

	*nrows = 0;
	segment_attach();
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
	segment_attach();
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
