/*-------------------------------------------------------------------------
 *
 * reader_state.h
 *	  What the parts of the reader share.
 *
 *	  reader.c			the interface: readings, their requests and records
 *	  reader_batch.c	lists of values too long for one condition
 *	  reader_answer.c	answers, and what is wrong with them
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
#include "reader/reader.h"

/* Undelivered pages held at most (design G2). */
#define MAX_PAGES 64

/* Of them the pager's at least, when answers to batches are held, too. */
#define PAGER_PAGES 8

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
	MemoryContext context;		/* owns everything but the next three, pages
								 * included */
	const TableOptions *table;	/* these are the caller's, and outlive the reader */
	const ConditionSet *set;
	RecordFormat *format;
	ApiQueue   *queue;
	Memory		memory;			/* from context */
	int64		limit;			/* records the caller wants, -1 for all */
	ReaderBatches batches;
	bool		done;

	/* the reading under way: of everything, one batch, or what changed */
	Pager	   *pager;			/* NULL between two readings */
	ConditionSet part;			/* what it asks for; its lists are the set's */
	int			first_ticket;	/* tickets up to here were an earlier one's */
	int			last_ticket;
	bool		asks;			/* its first answer is not all: it has requests of
								 * its own */
	int			since_look;		/* records since the last look at the clock */
	TimestampTz look_at;		/* when to look at the transfers */
	bool		looking;		/* an answer was found, there may be more */
	TimestampTz asleep_until;	/* the list settles then; DT_NOBEGIN: awake */
	PagerCounters ended;		/* sum of the readings before it */
};

/* reader.c */

/* Begins to read a part.  "first", if not NULL, answers its first question. */
extern void reader_begin(Reader *reader, const ConditionSet *part, int64 limit,
						 const ApiAnswer *first);

/*
 * Lets transfers proceed; takes an answer, waiting for it if asked to: false
 * then does not happen.  One at a time: what is to be asked next had better be
 * under way while others are read.
 */
extern bool reader_take_answer(Reader *reader, bool wait);

/* Asks for a page of a part's records, within these times. */
extern void reader_ask(Reader *reader, int ticket, const ConditionSet *part,
					   const TimeRange *add_time,
					   const TimeRange *update_time, int page);

/* settle_time in whole seconds. */
extern int	reader_settle(const Reader *reader);

/* reader_batch.c */
extern void reader_batches_plan(Reader *reader);

/* Asks ahead for as many batches as may be in flight. */
extern void reader_batches_ask(Reader *reader);

/* Is a ticket one of theirs? */
extern bool reader_batches_own(int ticket);
extern void reader_batches_answer(Reader *reader, const ApiAnswer *answer);

/*
 * Begins the next reading, or sets reader->done.  Without "wait", false if its
 * answer is yet to come.
 */
extern bool reader_batches_begin(Reader *reader, bool wait);

/* Is a record to be handed on?  Not if it came in an earlier reading. */
extern bool reader_batches_accept(Reader *reader, int64 id);

/* reader_answer.c */

/* For ApiReader; the argument is the Reader. */
extern void *reader_read_page(void *arg, const char *body, size_t length,
							  Envelope *envelope);
extern void reader_discard_page(void *arg, void *page);

/* Raises an error about a record that the condition asked for on dataId excludes. */
extern void reader_check_ids(Reader *reader, const ConditionSet *asked,
							 const RecordPage *page);

/* Raises the pager's failure. */
extern void reader_raise_failure(Reader *reader, const PagerStep *step);

#endif							/* XBB_READER_STATE_H */
