/*-------------------------------------------------------------------------
 *
 * window.h
 *	  One window of a scan: which page to ask for next, and what the answers
 *	  prove.
 *
 * A window is a part of the list whose time has settled, so that nothing can
 * enter it any more: its members only leave, and two answers with equal
 * totals saw the same members.  Hence it is proven when every answer since
 * the total last changed said n and the distinct ids in them number n.  A
 * sweep is one reading of its pages; sweeps at one total are joined.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_WINDOW_H
#define XBB_WINDOW_H

#include "base/idset.h"
#include "pager/pager.h"

/* A record of a page that is new to the set it was added to. */
typedef struct PageRow
{
	int64_t		id;
	int			row;			/* -1: it counts, but is not handed on */
} PageRow;

/* An answer whose page was not yet given back with PAGER_FREE. */
typedef struct Page
{
	struct Page *next;
	void	   *handle;			/* the caller's */
	int			nrows;			/* records received */
	int			nkept;			/* of them in kept[] */
	int			ndone;			/* of kept[], handed on */
	PageRow		kept[];
} Page;

typedef struct PageList
{
	Page	   *first;
	Page	   *last;
} PageList;

typedef enum WindowState
{
	WINDOW_PLANNED,				/* not begun; may still be split */
	WINDOW_READING,
	WINDOW_FULL					/* a second to be cut by the other time */
} WindowState;

typedef enum WindowVerdict
{
	WINDOW_GOES_ON,				/* more pages to ask for or to wait for */
	WINDOW_HAS_ALL,				/* every member was seen */
	WINDOW_LACKS_SOME,			/* all pages read, some ids missing */
	WINDOW_MOVED				/* its members changed meanwhile */
} WindowVerdict;

typedef struct Window
{
	struct Window *next;		/* the next newer one */
	WindowState state;

	/* what part of the list */
	TimeRange	span;			/* of the time that its level is cut by */
	TimeRange	range[PAGER_NTIMES];	/* what its requests carry */
	int64_t		guess;			/* records expected, until its total is known */
	int			stock;			/* what was split from one window shares its
								 * guess; another one's number differs */
	bool		survey;			/* the guess knows nothing of where in the span */
	bool		second;			/* span cannot be cut further */
	bool		last;			/* nor can the other time */
	bool		lent;			/* page 1 is the question's, which asked for no
								 * less, and no answer of its own has come yet */

	/* this sweep */
	int64_t		total;			/* said by its page 1, -1 until then */
	int			next_page;		/* to be asked for */
	int			last_page;
	bool		first_due;		/* page 1 is to be asked for after others */
	bool		end_due;		/* the page after the last is to be asked for */
	int			in_flight;

	/* joined sweeps, since the total last changed */
	int64_t		members;		/* that total, -1 before the first answer */
	IdSet		ids;
	PageList	pages;			/* those with ids that were new */
	bool		end_seen;		/* the page after the last was empty */

	int			begun;			/* when, among all that were asked for more than
								 * page 1; 0 = not yet */

	/* patience */
	int			sweeps;
	int			moves;			/* sweeps that found other members */
} Window;

extern Page *page_create(const Memory *memory, const PagerAnswer *answer);
extern void page_list_add(PageList *list, Page *page);
extern Page *page_list_pop(PageList *list);

/* Appends all of "from" to "list". */
extern void page_list_join(PageList *list, PageList *from);

/*
 * Adds the answer's ids to set; page keeps those that are new.  Records
 * outside the user's own bounds count, but will not be handed on.
 */
extern void page_keep(Page *page, const PagerAnswer *answer,
					  const TimeRange *bounds, IdSet *set,
					  const Memory *memory);

/* Pages that hold n records, 0 or more. */
extern int64_t window_pages(int64_t n, int width);

/* Begins a sweep; what earlier ones saw stays. */
extern void window_sweep(Window *window);

/*
 * Begins the first sweep with the answer to page 1 of a list that has all of the
 * window, and perhaps more.  As members only leave, an answer of the window's own
 * with the same total shows that it was all of the list, and has not changed
 * since; one with another total takes that page back.
 */
extern void window_lend(Window *window, Page *page, const PagerAnswer *answer,
						const TimeRange *bounds, int width,
						const Memory *memory, PageList *freed);

/* Forgets what was seen; its pages go to "freed". */
extern void window_reset(Window *window, const Memory *memory,
						 PageList *freed);

/* Pages that can be asked for now, without those in flight. */
extern int	window_due(const Window *window);

/* The next of them. */
extern int	window_next_page(Window *window);

/*
 * An answer of the present sweep, from page number "number".  The page goes
 * to the window or to "freed".  "width" is the number of records that the
 * API puts on a page.
 */
extern WindowVerdict window_answer(Window *window, int number, Page *page,
								   const PagerAnswer *answer,
								   const TimeRange *bounds, int width,
								   const Memory *memory, PageList *freed);

#endif							/* XBB_WINDOW_H */
