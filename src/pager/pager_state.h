/*-------------------------------------------------------------------------
 *
 * pager_state.h
 *	  What the parts of the pager share.
 *
 *	  pager.c			the interface: what comes next, answers
 *	  pager_list.c		pages in the list's own order
 *	  pager_rounds.c	certified scans: rounds
 *	  pager_audit.c		the audit, and what is tried when it fails
 *	  pager_windows.c	the windows of a round
 *	  pager_core.c		requests, records handed on, levels, failures
 *	  window.c			what the answers of one window prove
 *	  pager_range.c		times and ranges of them
 *
 * Each calls only such as stand below it.  Included by these files only.
 *
 * Words, beside window, sweep (window.h), level and round (pager_rounds.c):
 *
 *	  rest		what lies above all windows: the next round
 *	  proven	certified: every answer of the window counts as many as it has ids
 *	  lend		the question's page 1 becomes page 1 of the only window: a loan, taken
 *				back if the window turns out to have other members
 *	  early		rest and audit, asked for while the last windows are awaited; only a
 *				scan without trouble is so bold
 *	  disturbed	a window changed, or the rest is more than a page: what is early, or
 *				lent, is void
 *	  restless	the list did so: nothing is early or lent any more
 *	  remedy	where to look when the audit counts more than was handed on
 *	  stock		planned windows split from one another share what it was thought to hold
 *	  survey	a window of which only its number of records is known: halve it
 *	  probe		a window begun although its siblings' totals are still awaited
 *	  stretch	by how much the next window is longer, after nearly empty ones
 *	  stall		a second slept, as nothing has settled yet
 *	  odd		a record to name if the scan fails; bare: it lacks the windows' time
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PAGER_STATE_H
#define XBB_PAGER_STATE_H

#include "base/limits.h"
#include "pager/window.h"

typedef enum PagerPhase
{
	PAGER_READ_LIST,			/* pages in the list's own order */
	PAGER_ASK_REST,				/* the question that begins a round */
	PAGER_READ_WINDOWS,
	PAGER_ASK_AUDIT,			/* the first question again */
	PAGER_COUNT_PARTS,			/* the same for a list whose total is capped */
	PAGER_COMPLETE
} PagerPhase;

/* A request whose answer is awaited. */
typedef struct PagerFlight
{
	int			ticket;			/* 0: free */
	int			page;
	TimeRange	range[PAGER_NTIMES];
	Window	   *window;			/* NULL: list, question, audit */
	int			depth;			/* of the window's level */
	bool		audit;			/* the first question again */
	bool		stale;			/* its answer is not needed any more; window
								 * may be gone */
} PagerFlight;

/* Where the audit of what was handed on stands. */
typedef enum PagerAudit
{
	AUDIT_DUE,
	AUDIT_ASKED,
	AUDIT_ANSWERED
} PagerAudit;

/* A record to name when the scan fails. */
typedef struct PagerOddity
{
	bool		known;
	int64_t		id;
	int64_t		time;
	PagerTime	kind;
	bool		lacks_update;	/* it has no updateTime */
} PagerOddity;

/* A scan by one time, of the whole list or of one second of the other time. */
typedef struct PagerLevel
{
	PagerTime	key;
	TimeRange	outer[PAGER_NTIMES];	/* what all its requests lie within */
	TimeRange	round;			/* of key: what this round reads */
	int64_t		settled;		/* nothing enters up to here */
	bool		final;			/* nothing can come above this round */
	bool		instant;		/* its one window is the list that the question
								 * counted, if it stays as it is: no rest then */
	double		stretch;		/* times longer windows after a nearly empty
								 * one */
	Window	   *windows;		/* oldest first */
} PagerLevel;

struct Pager
{
	PagerConfig config;
	Memory		memory;
	PagerPhase	phase;
	PagerCounters counters;
	PagerStep	failure;		/* why the scan ended */

	/* requests */
	PagerFlight *flights;		/* config.concurrency of them */
	int			in_flight;
	int			last_ticket;
	int64_t		asked;
	int64_t		claimed;		/* the first total */
	int64_t		known;			/* most distinct records that it had at a time */
	int64_t		last_total;		/* of the last answer */
	int			width;			/* records the API puts on a page */
	int			widest;			/* page seen */

	/* pages answered and not yet freed */
	int			held;
	PageList	rows;			/* to be handed on */
	PageList	freed;			/* to be given back */
	int64_t		pending;		/* records in rows, not yet handed on */
	IdSet		seen;			/* ids handed on or in rows */

	/* the API's clock */
	int64_t		clock;			/* at least; epoch seconds */
	bool		has_date;		/* an answer carried it */
	int64_t		sleep;			/* seconds to sleep before the next request */

	/* PAGER_READ_LIST */
	Window		list;			/* PAGER_REPEATED: the present reading */
	IdSet		earlier;		/* PAGER_REPEATED: ids of the one before */
	int			readings;
	int			list_page;		/* the last one asked for */
	int64_t		list_total;		/* -1 before the first answer */
	bool		list_ended;
	int			ramp;			/* requests in flight at most, when limited */

	/* PAGER_CERTIFIED */
	PagerLevel	levels[2];
	int			depth;			/* the one being read */
	double		aim;			/* pages a window should have */
	int			last_stock;		/* given to a window */
	int			last_begun;		/* likewise */
	bool		failed;			/* a sweep did: grow the windows slowly */
	bool		waiting;		/* for a question's answer */
	PagerAudit	audit;
	int64_t		audit_total;	/* what it counted, once answered */
	int64_t		audited;		/* ids that it must count at most: those handed on
								 * when it was asked, or then in open windows */
	bool		early;			/* rest or audit were asked while the last windows
								 * were read, and count if these stay as they are */
	bool		rest_read;		/* early: the answer held all of the rest */
	bool		restless;		/* the list changed under a bold request: no more of
								 * them */
	bool		disturbed;		/* what is early, or lent, proves nothing: to be taken
								 * up by pager_rounds.c */
	int64_t		stalls;			/* seconds slept until something settles */
	int			overlap;		/* seconds by which windows overlap */
	int			remedy;			/* the next one */
	int64_t		parts_total;	/* PAGER_COUNT_PARTS: of those counted */
	int64_t		missing;		/* by the audit before the remedy under way */
	PagerOddity bare;			/* the first record without config.key's time */
	PagerOddity future;			/* the rest's page 1 has none but such */
	int64_t		future_since;	/* the API's clock when that began */
};

/* pager_core.c */
extern void pager_fail(Pager *p, PagerFailure failure, int64_t expected,
					   int64_t received);

/* Names a record in the failure just reported. */
extern void pager_blame(Pager *p, const PagerOddity *oddity);

/* The list does not come to rest, or is ahead of its clock. */
extern void pager_fail_unstable(Pager *p, int64_t expected, int64_t received);
extern bool pager_has_failed(const Pager *p);

/* Hands on a page's records that were not handed on before. */
extern void pager_hand_on(Pager *p, Page *page);

/* The same for an answer that needs no further proof. */
extern void pager_hand_on_answer(Pager *p, Page *page,
								 const PagerAnswer *answer);

/* Does one answer, which is one instant, hold the whole list? */
extern bool pager_holds_all(Pager *p, const PagerAnswer *answer);

/* May one more page be asked for, and "reserved" more after it? */
extern bool pager_has_room(const Pager *p, int reserved);

extern PagerFlight *pager_ask(Pager *p, PagerStep *step, int page,
							  const TimeRange *range);

/* Is an answer in flight, of this window or else of none, that is still needed? */
extern bool pager_awaits(const Pager *p, const Window *window);

/* The answers in flight prove nothing any more. */
extern void pager_abandon(Pager *p, const Window *window);

/* The level being read. */
extern PagerLevel *pager_level(Pager *p);
extern void pager_begin_level(Pager *p, PagerTime key, const TimeRange *outer);
extern void pager_begin_round(Pager *p, PagerLevel *level);

/* What moved while the windows were read is above them. */
extern TimeRange pager_rest(const PagerLevel *level);

/* pager_list.c */
extern bool pager_list_request(Pager *p, PagerStep *step);

/*
 * Is that the first answer of a limited scan that wants all of the list?  Then it is as good
 * as the question of one without a limit.
 */
extern bool pager_list_is_wanted(const Pager *p, const PagerAnswer *answer);

/* True if the list has ended, and the scan goes on with windows. */
extern bool pager_list_answer(Pager *p, int number, Page *page,
							  const PagerAnswer *answer);

/* pager_audit.c */
extern void pager_audit_ask(Pager *p, PagerStep *step);
extern void pager_audit_answer(Pager *p, int number, Page *page,
							   const PagerAnswer *answer);
extern void pager_audit_part(Pager *p, Page *page, const PagerAnswer *answer);

/* All is handed on and counted: the end, or another look. */
extern void pager_audit_take(Pager *p);

/* pager_rounds.c */
extern void pager_rounds_begin(Pager *p);
extern void pager_rounds_free(Pager *p);
extern bool pager_rounds_request(Pager *p, PagerStep *step);
extern void pager_rounds_answer(Pager *p, const PagerFlight *flight,
								Page *page, const PagerAnswer *answer);

/* Nothing can be asked for, as windows hold all the room. */
extern void pager_rounds_make_room(Pager *p);

/* pager_windows.c */
extern void pager_windows_begin(Pager *p);

/* Puts a window of about "guess" records at "where" in a list. */
extern Window *pager_windows_plan(Pager *p, Window **where, TimeRange span,
								  int64_t guess);

/*
 * Reads "span" as one window whose page 1 is that of the answer to a question
 * that asked for no less; false if it had better be asked for by itself.
 */
extern bool pager_windows_lend(Pager *p, PagerLevel *level, TimeRange span,
							   Page *page, const PagerAnswer *answer);
extern void pager_windows_drop(Pager *p, Window **where);

/*
 * Leaves the lower "part" of a window's span in it and plans a window for the
 * rest after it; false if the span is too short.
 */
extern bool pager_windows_split(Pager *p, Window *window, double part);

/* Are all pages of all windows asked for, and their totals known? */
extern bool pager_windows_awaited(const PagerLevel *level);

/* From its span: what its requests carry. */
extern void pager_windows_set_range(Pager *p, const PagerLevel *level,
									Window *window);
extern bool pager_windows_request(Pager *p, PagerStep *step);
extern void pager_windows_answer(Pager *p, const PagerFlight *flight,
								 Page *page, const PagerAnswer *answer);

/* Gives up the newest window read ahead, or cuts the oldest. */
extern void pager_windows_make_room(Pager *p);

/* pager_range.c: nothing here overflows. */

/* So many seconds after a time, or before it; at most the last time there is. */
extern int64_t pager_later(int64_t time, int64_t seconds);

/* The last second of the lower "part", half or less, of a span of more than one. */
extern int64_t pager_divide(int64_t left, int64_t right, double part);
extern TimeRange pager_intersect(TimeRange a, TimeRange b);

#endif							/* XBB_PAGER_STATE_H */
