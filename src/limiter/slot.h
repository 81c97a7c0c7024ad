/*-------------------------------------------------------------------------
 *
 * slot.h
 *	  The arithmetic of a budget: which moment is the next free one.
 *
 * Pure: no PostgreSQL, no clock, no lock of its own, so that a unit test with
 * a false clock can prove it (test/unit/test_limiter.c).  Times are whole
 * microseconds on any one clock, later than 0.  Structures filled with zeros
 * are fresh ones.
 *
 * The line remembers the last slot it gave, not the next one it will give: a
 * changed rate acts on the very next reservation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SLOT_H
#define XBB_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_SECOND INT64_C(1000000)

/* After a refusal the rate grows back by half of its full value a minute. */
#define SLOT_RECOVERY (120.0 * SLOT_SECOND)

/* However often refused, a line keeps this share of its rate. */
#define SLOT_LEAST_SHARE (1.0 / 16)

/* No process wakes more exactly than this; else fast lines would never move. */
#define SLOT_LEAST_TOLERANCE INT64_C(10000)

/* Slots given back that are remembered, the soonest. */
#define SLOT_RETURNED 6

/* Days that are counted at the same time. */
#define SLOT_DAYS 3

/* One line of slots, in which everyone queues. */
typedef struct SlotLine
{
	int64_t		last;			/* the last slot given; may lie ahead */
	int64_t		hold;			/* nobody goes before; the end of the last
								 * refusal's pause */
	double		withheld;		/* share of the rate withheld at "hold" */
	int			nreturned;
	int64_t		returned[SLOT_RETURNED];	/* slots before the last one that were
											 * given back; the soonest first */
} SlotLine;

/* The requests of the days: zones see midnight at different times. */
typedef struct SlotDays
{
	int			newest;			/* any running number of days */
	int64_t		used[SLOT_DAYS];	/* of the newest, the one before, ... */
} SlotDays;

/* The share of its full rate that the line may use at a time. */
static inline double
slot_share(const SlotLine *line, int64_t at)
{
	double		withheld = line->withheld;

	if (at > line->hold)
		withheld -= (at - line->hold) / SLOT_RECOVERY;
	return withheld > 0 ? 1 - withheld : 1;
}

/* From the slot at a time to the next, rounded up: never above the rate. */
static inline int64_t
slot_interval(const SlotLine *line, double rate, int64_t at)
{
	double		exact;
	int64_t		interval;

	if (rate <= 0)
		return 0;
	exact = SLOT_SECOND / (rate * slot_share(line, at));
	interval = (int64_t) exact;
	return interval < exact ? interval + 1 : interval;
}

/*
 * A slot that was given back and can still be used, or 0.  One that is not before the
 * next is of a line that was slower, whose slots nobody waits for any more.
 */
static inline int64_t
slot_take_returned(SlotLine *line, int64_t earliest, int64_t next)
{
	while (line->nreturned > 0)
	{
		int64_t		slot = line->returned[0];

		line->nreturned--;
		for (int i = 0; i < line->nreturned; i++)
			line->returned[i] = line->returned[i + 1];
		if (slot >= earliest && slot < next)
			return slot;
	}
	return 0;
}

/* Takes the next free slot; rate is in slots a second, 0 = no limit. */
static inline int64_t
slot_take(SlotLine *line, double rate, int64_t now)
{
	int64_t		slot = now > line->hold ? now : line->hold;

	if (rate > 0)
	{
		int64_t		next = line->last + slot_interval(line, rate, line->last);

		if (next > slot)
		{
			int64_t		returned = slot_take_returned(line, slot, next);

			if (returned > 0)
				return returned;
			slot = next;
		}
		else
			line->nreturned = 0;
	}
	if (slot > line->last)
		line->last = slot;
	return slot;
}

/* How much later than its time a slot may be used. */
static inline int64_t
slot_tolerance(const SlotLine *line, double rate, int64_t slot)
{
	int64_t		half = slot_interval(line, rate, slot) / 2;

	return half > SLOT_LEAST_TOLERANCE ? half : SLOT_LEAST_TOLERANCE;
}

/*
 * A slot's time has come: returns the slot, or the one to wait for instead.  A
 * refusal since it was taken voids it.  So does missing it, where others queue
 * behind: used late, it would fall together with theirs.
 */
static inline int64_t
slot_claim(SlotLine *line, double rate, int64_t slot, int64_t now)
{
	if (slot < line->hold)
		return slot_take(line, rate, now);
	if (now - slot <= slot_tolerance(line, rate, slot))
		return slot;
	if (slot < line->last)
		return slot_take(line, rate, now);
	line->last = now;
	return now;
}

/* Gives a slot back: the next one who comes may have it. */
static inline void
slot_give_back(SlotLine *line, double rate, int64_t slot, int64_t now)
{
	int			n = line->nreturned;

	if (slot > now && slot < line->last)
	{
		int			i = n < SLOT_RETURNED ? n : SLOT_RETURNED - 1;

		if (n == SLOT_RETURNED && line->returned[n - 1] < slot)
			return;
		for (; i > 0 && line->returned[i - 1] > slot; i--)
			line->returned[i] = line->returned[i - 1];
		line->returned[i] = slot;
		line->nreturned = n < SLOT_RETURNED ? n + 1 : n;
		return;
	}
	if (slot != line->last)
		return;
	line->last -= slot_interval(line, rate, slot);
	while (line->nreturned > 0 && line->returned[line->nreturned - 1] >= line->last)
	{
		line->last = line->returned[--line->nreturned];
		line->last -= slot_interval(line, rate, line->last);
	}
}

/*
 * A request was refused: holds everyone back and halves the rate, once for all
 * the requests refused in the same pause.
 */
static inline void
slot_refuse(SlotLine *line, int64_t now, int64_t until)
{
	double		share = slot_share(line, now);
	bool		paused = now < line->hold;

	if (until > line->hold)
		line->hold = until;
	if (!paused)
	{
		share /= 2;
		line->withheld = 1 - (share > SLOT_LEAST_SHARE ? share : SLOT_LEAST_SHARE);
	}
}

/*
 * The count of a day, which begins when somebody sees it.  Before those that are
 * counted is none: the clock was wrong.
 */
static inline int64_t *
slot_used(SlotDays *days, int day)
{
	if (day > days->newest || day <= days->newest - SLOT_DAYS)
	{
		int			by = day - days->newest;

		for (int i = SLOT_DAYS - 1; i >= 0; i--)
			days->used[i] = by > 0 && i >= by ? days->used[i - by] : 0;
		days->newest = day;
	}
	return &days->used[days->newest - day];
}

/* Counts a request of a day; false if the quota (0 = none) is used up. */
static inline bool
slot_count(SlotDays *days, int day, int64_t quota)
{
	int64_t    *used = slot_used(days, day);

	if (quota > 0 && *used >= quota)
		return false;
	++*used;
	return true;
}

/* So many were, at least. */
static inline void
slot_recall(SlotDays *days, int day, int64_t used)
{
	int64_t    *counted = slot_used(days, day);

	if (used > *counted)
		*counted = used;
}

/* How many requests of a day were counted. */
static inline int64_t
slot_counted(const SlotDays *days, int day)
{
	return day <= days->newest && day > days->newest - SLOT_DAYS ? days->used[days->newest - day] : 0;
}

/* The request of that day was not sent after all. */
static inline void
slot_uncount(SlotDays *days, int day)
{
	if (day <= days->newest && day > days->newest - SLOT_DAYS && days->used[days->newest - day] > 0)
		days->used[days->newest - day]--;
}

#endif							/* XBB_SLOT_H */
