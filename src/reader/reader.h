/*-------------------------------------------------------------------------
 *
 * reader.h
 *	  The records of a list, one after the other.
 *
 * What a scan, its rescans and ANALYZE have in common: no executor, no plan.
 * Values too many for one condition are asked for in batches.  A record that comes
 * need not meet the conditions: the caller checks each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_READER_H
#define XBB_READER_H

#include "api/api.h"
#include "condition/condition.h"
#include "option/option.h"
#include "pager/pager.h"
#include "record/record.h"

typedef struct Reader Reader;

typedef struct ReaderCounters
{
	PagerCounters pager;
	ApiCounters api;
} ReaderCounters;

/* How a table's list is read. */
extern PagerMethod reader_method(const TableOptions *table);

/*
 * Requests that reading a list takes, about: of so many records, if no more than
 * "wanted" are (-1: all).
 */
extern int64 reader_requests(const TableOptions *table, int64 total, int64 wanted);

/* What to read each record with; see record_format. */
extern RecordFormat *reader_format(const TableOptions *table, TupleDesc tupdesc,
								   Bitmapset *wanted, const char *relname);

/*
 * Starts to read the records that meet the set's conditions.  limit is how many
 * records the caller means to read, -1 for all.  Lives in a child of the current
 * context; ends with it, or by reader_close.
 */
extern Reader *reader_open(const TableOptions *table, const ApiAccess *access,
						   RecordFormat *format, const ConditionSet *set,
						   int64 limit);
extern void reader_close(Reader *reader);

typedef enum ReaderOutcome
{
	READER_ROW,
	READER_END,					/* of a complete list */
	READER_NOT_YET				/* only if the caller does not wait */
} ReaderOutcome;

/*
 * The next record; *page is valid until the next call.  Without "wait" it does
 * not sleep: READER_NOT_YET, and reader_descriptor tells when to ask again.  A
 * list that cannot be proven complete is an error (40001).
 */
extern ReaderOutcome reader_next(Reader *reader, bool wait, RecordPage **page, int *row);

/*
 * The next reading of that table that this transaction, or subtransaction, opens ends
 * without a record if its first answer counts more than "most"; reader_refused is then
 * what it counts, else -1.  most -1: no reading does.
 */
extern void reader_refuse_above(Oid relid, int64 most);
extern int64 reader_refused(void);

/* A descriptor that becomes readable when reader_next may know more. */
extern pgsocket reader_descriptor(Reader *reader);

/*
 * For who asks for the details of each record: at first, and whenever they have come of so
 * many records, by so many requests.  So xbb.progress shows them, too.
 */
extern void reader_detailed(Reader *reader, int64 records, const ApiCounters *spent);

/* The details of each record that is wanted will be asked for: of the statement's requests, too. */
extern void reader_asks_each(Reader *reader);

extern void reader_counters(const Reader *reader, ReaderCounters *counters);
extern void reader_add_counters(ReaderCounters *sum, const ReaderCounters *more);

/*
 * totalCount of the set's conditions, by one request; -1 if that proves nothing: it
 * is missing, may be a cap, or disagrees with the records that came; or if the set's
 * list is too long for one request.  Adds to *counters.
 */
extern int64 reader_total(const TableOptions *table, const ApiAccess *access,
						  RecordFormat *format, const ConditionSet *set,
						  ApiCounters *counters);

/*
 * totalCount of the set's conditions, as the API gives it, by one request for one
 * record.  If it is missing, that is an error (40001), or -1 if missing_ok; so is
 * then, without a request, a list too long for one condition.
 */
extern int64 reader_count(const TableOptions *table, Oid userid,
						  const ConditionSet *set, bool missing_ok);

/*
 * One page of the list as it is now, for sampling; lives in the current context.
 */
extern RecordPage *reader_page(const TableOptions *table, const ApiAccess *access,
							   RecordFormat *format, const ConditionSet *set,
							   int page);

/* ---- records that have no details, though they should: reader_missed.c ---- */

typedef struct ReaderMissed
{
	MemoryContext context;		/* of the ids */
	int64	   *ids;
	int			nids;
	int			size;
} ReaderMissed;

/* From now on what this backend misses is noted there, until its context ends; NULL: nowhere. */
extern void reader_note_missed(ReaderMissed *missed);

/* Notes a record, if that is wanted. */
extern void reader_missed(int64 data_id);

#endif							/* XBB_READER_H */
