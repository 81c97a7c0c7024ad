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

/* One line of slots, in which everyone queues. */
typedef struct SlotLine
{
	int64_t		last;			/* the last slot given; may lie ahead */
	int64_t		hold;			/* nobody goes before; the end of the last
								 * refusal's pause */
	double		withheld;		/* share of the rate withheld at "hold" */
} SlotLine;

/* The requests of one day. */
typedef struct SlotDay
{
	int			day;			/* any running number of days */
	int64_t		used;
} SlotDay;

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

/* Takes the next free slot; rate is in slots a second, 0 = no limit. */
static inline int64_t
slot_take(SlotLine *line, double rate, int64_t now)
{
	int64_t		slot = now > line->hold ? now : line->hold;

	if (rate > 0)
	{
		int64_t		next = line->last + slot_interval(line, rate, line->last);

		if (next > slot)
			slot = next;
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

/* Gives a slot back; false if others have queued behind it. */
static inline bool
slot_give_back(SlotLine *line, double rate, int64_t slot)
{
	if (slot != line->last)
		return false;
	line->last -= slot_interval(line, rate, slot);
	return true;
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

/* The clock was set back: so is everything that lies ahead. */
static inline void
slot_clock_set_back(SlotLine *line, int64_t by)
{
	line->last -= by;
	line->hold -= by;
}

/*
 * Counts a request of a day; false if the quota (0 = none) is used up.  A day
 * once begun is not left for the one before, where it belongs to those who see
 * another midnight; two days back is a clock that was wrong.
 */
static inline bool
slot_count(SlotDay *count, int day, int64_t quota)
{
	if (day > count->day)
		count->used = 0;
	if (day > count->day || day < count->day - 1)
		count->day = day;
	if (quota > 0 && count->used >= quota)
		return false;
	count->used++;
	return true;
}

/* The request of that day was not sent after all. */
static inline void
slot_uncount(SlotDay *count, int day)
{
	if (day == count->day && count->used > 0)
		count->used--;
}

#endif							/* XBB_SLOT_H */
