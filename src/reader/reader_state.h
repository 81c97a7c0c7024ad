/*-------------------------------------------------------------------------
 *
 * reader_state.h
 *	  What the parts of the reader share.  Each calls those above it here:
 *
 *	  reader_answer.c	answers, and what is wrong with them
 *	  reading.c			one reading: a pager and its requests
 *	  reader_batch.c	lists of values too long for one condition: a row of readings
 *	  reader_watch.c	how far it is, for xbb.progress
 *	  reader.c			the interface: takes answers, hands on records
 *	  reader_single.c	single answers, outside of any reading
 *
 * Included by those files only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_READER_STATE_H
#define XBB_READER_STATE_H

#include "portability/instr_time.h"

#include "base/idset.h"
#include "base/limits.h"
#include "progress/progress.h"
#include "reader/reader.h"

/* Undelivered pages held at most (design G2). */
#define MAX_PAGES 64

/* Of them the pager's at least, when answers to batches are held, too. */
#define PAGER_PAGES 8

/* A list of the API, and what it is read with; all of it the caller's, but the queue. */
typedef struct ReaderList
{
	MemoryContext context;		/* of pages, and of what they are paged with */
	Memory		memory;			/* from context */
	const TableOptions *table;	/* these three outlive the reader */
	const ConditionSet *set;
	RecordFormat *format;
	ApiQueue   *queue;
	bool		asks_each;		/* each record takes a request more */
} ReaderList;

/* A reading of everything, of one batch, or of what changed; one after the other. */
typedef struct Reading
{
	const ReaderList *list;
	Pager	   *pager;			/* NULL between two readings */
	ConditionSet part;			/* what it asks for; its lists are the set's */
	int64		limit;			/* records that are wanted, -1 for all */
	int			first_ticket;	/* tickets up to here were an earlier one's */
	int			last_ticket;
	bool		asks;			/* its first answer is not all: it has requests of
								 * its own */
	WaitTime	asleep_until;	/* the list settles then; DT_NOBEGIN: awake */
	PagerCounters ended;		/* sum of the readings before it */
} Reading;

/* A list cut into batches: one reading after the other, asked ahead. */
typedef struct ReaderBatches
{
	int			n;				/* 0: the list is not cut */
	int			size;			/* values in all but the last */
	int			next;			/* to be asked for */
	int			in_flight;
	int			answered;
	List	   *answers;		/* copies of ApiAnswers, with their pages, whose
								 * readings are yet to begin; in the reader's
								 * memory */
	bool		catches_up;		/* what changed meanwhile is to be read, too */
	IdSet		seen;			/* ids handed on, if records may come twice */
	int64		repeats;		/* records not handed on, as they had been */
	instr_time	opened;
	bool		has_start;
	int64		start;			/* the API's clock when they were opened, or a
								 * little earlier; epoch seconds */
} ReaderBatches;

struct Reader
{
	ReaderList	list;
	int64		limit;			/* records the caller wants, -1 for all */
	int64		most;			/* more than these are not read; -1 for all are */
	ReaderBatches batches;
	Reading		reading;
	bool		done;
	int			since_look;		/* records since the last look at the clock */
	WaitTime	look_at;		/* when to look at the transfers */
	bool		looking;		/* an answer was found, there may be more */

	/* what others see of it */
	Progress   *progress;		/* or NULL */
	int64		rows_shown;		/* most so far */
	bool		has_details;	/* each record takes a request of its own besides */
	int64		detailed;		/* records whose details have come */
	ApiCounters details;		/* what these took */
};

/* reader_answer.c */

/* For ApiReader; the first one's argument is the ReaderList. */
extern void *reader_read_page(void *arg, const char *body, size_t length,
							  Envelope *envelope);
extern void reader_discard_page(void *unused, void *page);

/* Raises an error about a record that the condition asked for on dataId excludes. */
extern void reader_check_ids(const ReaderList *list, const ConditionSet *asked,
							 const RecordPage *page);

/* How the log names what is asked for between times; NULL if that is not all. */
extern char *reader_window_text(const TimeRange *add_time, const TimeRange *update_time);

/* Raises the pager's failure. */
extern void reader_raise_failure(const ReaderList *list, const PagerStep *step);

/* reading.c */

/* settle_time in whole seconds. */
extern int	reader_settle(const ReaderList *list);

/* Asks for a page of a part's records, within these times. */
extern void reader_ask(const ReaderList *list, int ticket, const ConditionSet *part,
					   const TimeRange *add_time,
					   const TimeRange *update_time, int page);

/*
 * Begins to read a part, with no more than so many undelivered pages.  "first", if
 * not NULL, answers its first question.
 */
extern void reading_begin(Reading *reading, const ConditionSet *part, int64 limit,
						  int max_pages, const ApiAnswer *first);

/* Answers that are still under way are nobody's when they come. */
extern void reading_end(Reading *reading);

/* Did the reading under way ask with this ticket, of those above 0? */
extern bool reading_owns(const Reading *reading, int ticket);
extern void reading_answer(Reading *reading, const ApiAnswer *answer);

typedef enum ReadingOutcome
{
	READING_ROW,
	READING_END,
	READING_WAITS,				/* for an answer of its own */
	READING_SLEEPS				/* until the list has settled: reading_wake */
} ReadingOutcome;

/* The next record; *page is valid until the next call.  Does not wait. */
extern ReadingOutcome reading_next(Reading *reading, RecordPage **page, int *row);

/* Waits until the list has settled; without "wait", false if that is yet to come. */
extern bool reading_wake(Reading *reading, bool wait);

/* Of all readings so far. */
extern void reading_counters(const Reading *reading, PagerCounters *counters);

/* reader_batch.c */

/* Cuts the list, if it has to be cut. */
extern void reader_batches_plan(Reader *reader);

/* Asks ahead for as many batches as may be in flight. */
extern void reader_batches_ask(Reader *reader);

/* Is a ticket one of theirs? */
extern bool reader_batches_own(int ticket);
extern void reader_batches_answer(Reader *reader, const ApiAnswer *answer);

/* Is one of their answers to come before the next reading can begin? */
extern bool reader_batches_wait(const Reader *reader);

/* Begins the next reading; false if there is none. */
extern bool reader_batches_begin(Reader *reader);

/* Is a record to be handed on?  Not if it came in an earlier reading. */
extern bool reader_batches_accept(Reader *reader, int64 id);

/* reader_watch.c */

/* A list, as it is shown.  Names are palloc'd. */
extern ProgressSubject reader_subject(const TableOptions *table);

/* From its first request on it can be seen. */
extern void reader_watch_begin(Reader *reader);

/* Shows how far it is; once an answer. */
extern void reader_watch(Reader *reader);

/* Nothing is asked for any more. */
extern void reader_watch_end(Reader *reader);

#endif							/* XBB_READER_STATE_H */
