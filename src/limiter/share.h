/*-------------------------------------------------------------------------
 *
 * share.h
 *	  Who gets the slots of an account: roles and servers side by side.
 *
 * An account has one line of slots, at the fastest rate that any of its servers has.
 * A member, a role at a rate of its own, waits in a line of its own first where it may
 * not use the whole: as its server is slower, or as other roles want slots, too.  Then
 * it has its part of them and a little more, since others do not use theirs to the last
 * one: of three roles each gets a quarter, however many backends one of them has.
 * Nobody's wait moves anybody else's slots by more than one interval.
 *
 * Pure, as slot.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SHARE_H
#define XBB_SHARE_H

#include "limiter/slot.h"

#define SHARE_MEMBERS 8

/* Times its equal part: what a role may use beside others. */
#define SHARE_OF_ONE 1.12

/* A role that took a slot so many intervals ago at most wants more. */
#define SHARE_ACTIVE 8

/* A rate that was not used for so long does not count. */
#define SHARE_FORGET (60 * SLOT_SECOND)

typedef struct ShareMember
{
	uint32_t	role;
	double		rate;			/* 0 = free */
	int64_t		used;			/* when it took a slot last */
	SlotLine	line;
} ShareMember;

typedef struct ShareAccount
{
	double		rate;			/* the fastest when the line was used last */
	SlotLine	line;			/* refusals hold in this one */
	uint32_t	generation;		/* of the line's slots: older ones are void */
	ShareMember members[SHARE_MEMBERS];
} ShareAccount;

/* What somebody waits for. */
typedef struct ShareSlot
{
	int64_t		at;
	bool		in_line;		/* of the account; else in the member's own */
	uint32_t	generation;
} ShareSlot;

/* A line that reaches further ahead is begun anew where a faster server joins. */
#define SHARE_AHEAD SLOT_SECOND

static inline ShareMember *
share_member(ShareAccount *account, uint32_t role, double rate)
{
	ShareMember *idlest = &account->members[0];

	for (int i = 0; i < SHARE_MEMBERS; i++)
	{
		ShareMember *member = &account->members[i];

		if (member->rate == rate && member->role == role)
			return member;
		if (member->used < idlest->used)
			idlest = member;
	}
	*idlest = (ShareMember) {.role = role,.rate = rate};
	return idlest;
}

/*
 * The fastest rate in use.  A faster one than before does not wait for slots that were
 * given at a slower one: these are void, and who has one takes another when its time has
 * come, so that the line never gives more than its rate.
 */
static inline double
share_rate(ShareAccount *account, double rate, int64_t now)
{
	double		fastest = rate;

	for (int i = 0; i < SHARE_MEMBERS; i++)
	{
		const ShareMember *member = &account->members[i];

		if (member->rate > fastest && now - member->used < SHARE_FORGET)
			fastest = member->rate;
	}
	if (fastest > account->rate && account->line.last > now + SHARE_AHEAD)
	{
		account->line.last = now;
		account->line.nreturned = 0;
		account->generation++;
	}
	account->rate = fastest;
	return fastest;
}

/* The part of the line that a role may use now. */
static inline double
share_part(const ShareAccount *account, uint32_t role, int64_t now)
{
	double		active = SHARE_ACTIVE * SLOT_SECOND / account->rate;
	int			nroles = 1;

	for (int i = 0; i < SHARE_MEMBERS; i++)
	{
		const ShareMember *member = &account->members[i];
		bool		again = false;

		if (member->rate <= 0 || member->role == role || now - member->used > active)
			continue;
		for (int j = 0; j < i; j++)
			again |= account->members[j].rate > 0 && account->members[j].role == member->role &&
				now - account->members[j].used <= active;
		nroles += !again;
	}
	return nroles == 1 ? 1 : SHARE_OF_ONE / nroles;
}

static inline ShareSlot
share_slot(ShareAccount *account, double rate, int64_t now)
{
	return (ShareSlot) {slot_take(&account->line, rate, now), true, account->generation};
}

/* Takes the next slot of a role at a rate, 0 = no limit: see share_claim. */
static inline ShareSlot
share_take(ShareAccount *account, uint32_t role, double rate, int64_t now)
{
	ShareMember *member;
	double		fastest;
	double		own;

	if (rate <= 0)
		return share_slot(account, 0, now);
	member = share_member(account, role, rate);
	member->used = now;
	fastest = share_rate(account, rate, now);
	own = fastest * share_part(account, role, now);
	if (rate < own)
		own = rate;
	if (own < fastest)
	{
		int64_t		at = slot_take(&member->line, own, now);

		if (at > now)
			return (ShareSlot) {at, false, account->generation};
	}
	else
		member->line.last = now;
	return share_slot(account, fastest, now);
}

/* A slot's time has come: what to wait for instead, or the slot, which may be used then. */
static inline ShareSlot
share_claim(ShareAccount *account, uint32_t role, double rate, ShareSlot slot, int64_t now)
{
	double		fastest = 0;

	if (rate > 0)
	{
		share_member(account, role, rate)->used = now;
		fastest = share_rate(account, rate, now);
		if (!slot.in_line || slot.generation != account->generation)
			return share_slot(account, fastest, now);
	}
	return (ShareSlot) {slot_claim(&account->line, fastest, slot.at, now), true, account->generation};
}

/* A slot will not be used. */
static inline void
share_return(ShareAccount *account, uint32_t role, double rate, ShareSlot slot, int64_t now)
{
	if (slot.in_line && slot.generation != account->generation)
		return;
	if (slot.in_line)
		slot_give_back(&account->line, account->rate, slot.at, now);
	else
		slot_give_back(&share_member(account, role, rate)->line, rate, slot.at, now);
}

#endif							/* XBB_SHARE_H */
