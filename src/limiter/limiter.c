/*-------------------------------------------------------------------------
 *
 * limiter.c
 *	  The cluster's request budgets and counters, in shared memory.
 *
 * One segment, made by whoever needs it first, holds a fixed number of
 * accounts and of counter rows; when all are taken evict.h says which is reused.
 * Who has used the accounts' day is remembered beside them (use.h).
 * Up to 16 its 300 kB come out of the server's reserve of shared memory, from which
 * the lock tables grow, too.
 *
 * Locking: accounts_lock guards every field of accounts[] and uses[], rows_lock
 * every field of rows[]; they are never held together.  They are LWLocks, so the
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

#include "base/compat.h"
#include "limiter/day.h"
#include "limiter/evict.h"
#include "limiter/limiter.h"
#include "limiter/limiter_data.h"

/*
 * An API that failed so often in a row, for so long, is down; then it is looked at now
 * and then.
 */
#define LIMITER_FAILURES 20
#define LIMITER_FAILING (15 * SLOT_SECOND)
#define LIMITER_PROBE (10 * SLOT_SECOND)

/*
 * Given up after so long, a request is one that was not answered, however long answers
 * take; or after several times as long as they do, but not within a moment.
 */
#define LIMITER_UNANSWERED (2 * SLOT_SECOND)
#define LIMITER_TIMES_SLOWER 10
#define LIMITER_PATIENCE (SLOT_SECOND / 10)

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

LimiterShared *
limiter_segment(void)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = segment_hint
	};
	LimiterShared *segment;

	if (shared)
		return shared;
	error_context_stack = &context;
	segment = compat_shared_segment(LIMITER_SEGMENT, sizeof(LimiterShared),
									segment_init);
	error_context_stack = context.previous;
	LWLockRegisterTranche(segment->tranche, "xbb_limiter");
	shared = segment;
	return shared;
}

/* ---- budgets ---- */

void
limiter_account_key(const LimiterBudget *budget, uint64 key[2])
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

/* What forgetting an account would make of its budget: a new day, or no pause. */
static int64
account_weight(const LimiterAccount *account, int today, WaitTime now)
{
	int64		weight = 0;

	/* zones see midnight at different times: this one's today may be over there */
	for (int day = today - 1; day <= today + 1; day++)
		weight += slot_counted(&account->days, day);
	if (account->share.line.hold > now || account->failures > 0)
		weight += PG_INT32_MAX;
	return weight;
}

/* For so long after its last request an account is in use: a minute. */
#define ACCOUNT_IN_USE (60 * USECS_PER_SEC)

/* A place for an account that has none, under accounts_lock. */
static LimiterAccount *
account_place(WaitTime now)
{
	EvictPlace	places[LIMITER_ACCOUNTS];
	int			today = GetCurrentTimestamp() / USECS_PER_DAY + POSTGRES_EPOCH_JDATE;

	for (int i = 0; i < LIMITER_ACCOUNTS; i++)
	{
		const LimiterAccount *account = &shared->accounts[i];

		places[i] = (EvictPlace) {account->maker, account_weight(account, today, now),
			account->touched};
	}
	return &shared->accounts[evict_choose(places, LIMITER_ACCOUNTS, now - ACCOUNT_IN_USE)];
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

	limiter_account_key(budget, key);
	limiter_segment();
	LWLockAcquire(&shared->accounts_lock, LW_EXCLUSIVE);
	*now = wait_clock();
	for (int i = 0; i < LIMITER_ACCOUNTS && account == NULL; i++)
	{
		LimiterAccount *candidate = &shared->accounts[i];

		if (candidate->touched != 0 &&
			candidate->key[0] == key[0] && candidate->key[1] == key[1])
			account = candidate;
	}
	if (account == NULL)
	{
		account = account_place(*now);
		memset(account, 0, sizeof(LimiterAccount));
		account->key[0] = key[0];
		account->key[1] = key[1];
		account->maker = GetUserId();
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
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 budget->reserve > 0 ?
			 errmsg("daily quota of %lld requests is used up for corpid \"%s\", but for its reserve of %lld",
					(long long) budget->daily_quota, budget->account,
					(long long) Min(budget->reserve, budget->daily_quota)) :
			 budget->server ?
			 errmsg("daily quota of %lld requests is used up for server \"%s\"",
					(long long) budget->daily_quota, budget->server) :
			 errmsg("daily quota of %lld requests is used up for corpid \"%s\"",
					(long long) budget->daily_quota, budget->account),
			 errdetail("It is renewed at %04d-%02d-%02d 00:00, time zone %s.",
					   year, month, mday, pg_get_timezone_name(budget->time_zone)),
			 errhint(budget->reserve > 0 ?
					 "The reserve is for incremental syncs. Wait until then, or lower the server's option quota_reserve." :
					 "Wait until then, or raise the server's option daily_quota if the API allows the account more.")));
}

/* Under accounts_lock: so many requests of a day more are whose they are. */
static void
count_use(const LimiterAccount *account, const LimiterBudget *budget, Oid userid, int day, int n)
{
	Use			key = {
		.account = {account->key[0], account->key[1]},
		.databaseid = MyDatabaseId,
		.userid = userid,
		.day = day,
		.touched = account->touched
	};

	strlcpy(key.task, budget->task ? budget->task : "", USE_TASK_SIZE);
	use_count(shared->uses, &key, n);
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

/* A place for a row that has none, under rows_lock. */
static LimiterRow *
row_place(void)
{
	EvictPlace	places[LIMITER_ROWS_KEPT];

	for (int i = 0; i < LIMITER_ROWS_KEPT; i++)
		places[i] = (EvictPlace) {shared->rows[i].stats.userid, 0, shared->rows[i].touched};
	return &shared->rows[evict_choose(places, LIMITER_ROWS_KEPT, 0)];
}

/* The row of an endpoint, under rows_lock; made if it is not there. */
static LimiterStats *
row_lock(Oid serverid, Oid userid, const char *endpoint, TimestampTz now)
{
	LimiterRow *row = NULL;

	limiter_segment();
	LWLockAcquire(&shared->rows_lock, LW_EXCLUSIVE);
	for (int i = 0; i < LIMITER_ROWS_KEPT && row == NULL; i++)
	{
		if (row_matches(&shared->rows[i], serverid, userid, endpoint))
			row = &shared->rows[i];
	}
	if (row == NULL)
	{
		row = row_place();
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

void
limiter_attach(void)
{
	limiter_segment();
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

	if (counted)
		count_use(account, budget, userid, day, 1);
	else
		share_return(&account->share, userid, budget->rate, slot, now);
	account_unlock(account);

	if (!counted)
		quota_used_up(budget, day);
	return (LimiterSlot) {slot.at, slot.in_line, slot.generation, day};
}

LimiterSlot
limiter_claim(const LimiterBudget *budget, Oid userid, LimiterSlot slot)
{
	ShareSlot	claimed = {slot.at, slot.in_line, slot.generation};
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	if (slot.at <= now)
		claimed = share_claim(&account->share, userid, budget->rate, claimed, now);
	account_unlock(account);
	return (LimiterSlot) {claimed.at, claimed.in_line, claimed.generation, slot.day};
}

void
limiter_return(const LimiterBudget *budget, Oid userid, LimiterSlot slot)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	share_return(&account->share, userid, budget->rate,
				 (ShareSlot) {slot.at, slot.in_line, slot.generation}, now);
	slot_uncount(&account->days, slot.day);
	count_use(account, budget, userid, slot.day, -1);
	account_unlock(account);
}

void
limiter_recall(const LimiterBudget *budget, int64 used)
{
	LimiterDay	today = day_now(budget->time_zone);
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	slot_recall(&account->days, today.number, used);
	account->recalled = true;
	account_unlock(account);
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

/* Under accounts_lock. */
static void
account_failed(LimiterAccount *account, WaitTime now)
{
	if (account->failures++ == 0)
		account->failing_since = now;
	account->probe_at = Max(account->probe_at, now + LIMITER_PROBE);
}

void
limiter_ended(const LimiterBudget *budget, Oid userid, LimiterSlot slot, WaitTime taken,
			  bool failed, bool uncounted)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);

	if (failed)
		account_failed(account, now);
	else
	{
		account->failures = 0;
		account->answer_time += (taken - account->answer_time) / (account->answer_time > 0 ? 8 : 1);
	}
	if (uncounted)
	{
		slot_uncount(&account->days, slot.day);
		count_use(account, budget, userid, slot.day, -1);
	}
	account_unlock(account);
}

bool
limiter_abandoned(const LimiterBudget *budget, WaitTime taken)
{
	WaitTime	now;
	LimiterAccount *account = account_lock(budget, &now);
	bool		failed = taken >= LIMITER_UNANSWERED ||
		(account->answer_time > 0 && taken >= Max(LIMITER_TIMES_SLOWER * account->answer_time, LIMITER_PATIENCE));

	if (failed)
		account_failed(account, now);
	account_unlock(account);
	return failed;
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
