/*-------------------------------------------------------------------------
 *
 * world.c
 *	  A changing list behind a page-numbered API, for test_pager.c.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

static World *sorting;			/* qsort() has no argument for it */
static const Record *sorting_records;

uint64_t
world_random(World *world, uint64_t below)
{
	uint64_t	x = (world->random += UINT64_C(0x9e3779b97f4a7c15));

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return below > 0 ? x % below : x;
}

bool
world_chance(World *world, double p)
{
	return (world_random(world, 0) >> 11) * 0x1p-53 < p;
}

static int64_t
sort_key(Order order, const Record *r)
{
	switch (order)
	{
		case UPDATE_DESC:
			return -r->time[PAGER_UPDATE_TIME];
		case UPDATE_ASC:
			return r->time[PAGER_UPDATE_TIME];
		case ADD_DESC:
			return -r->time[PAGER_ADD_TIME];
		case ID_DESC:
			return -r->id;
		default:
			return r->id;
	}
}

static int
compare(const void *a, const void *b)
{
	const Record *r = &sorting_records[*(const int *) a];
	const Record *s = &sorting_records[*(const int *) b];
	int64_t		d = sort_key(sorting->order, r) - sort_key(sorting->order, s);

	if (d == 0)
		d = r->id - s->id;
	return (d > 0) - (d < 0);
}

static void
sort_replica(World *world, int replica)
{
	int			n = 0;

	if (!world->dirty[replica])
		return;
	for (int i = 0; i < world->nrecords; i++)
	{
		if (world->replica[replica][i].exists)
			world->sorted[replica][n++] = i;
	}
	sorting = world;
	sorting_records = world->replica[replica];
	qsort(world->sorted[replica], n, sizeof(int), compare);
	world->nsorted[replica] = n;
	world->dirty[replica] = false;
}

static void
grow(World *world)
{
	if (world->nrecords < world->capacity)
		return;
	world->capacity = world->capacity * 2 + 64;
	world->truth = realloc(world->truth, world->capacity * sizeof(Record));
	world->always = realloc(world->always, world->capacity * sizeof(bool));
	world->given = realloc(world->given, world->capacity * sizeof(bool));
	for (int r = 0; r < 2; r++)
	{
		world->replica[r] = realloc(world->replica[r], world->capacity * sizeof(Record));
		world->sorted[r] = realloc(world->sorted[r], world->capacity * sizeof(int));
	}
}

static Record *
new_record(World *world)
{
	Record	   *r;

	grow(world);
	for (int i = 0; i < 2; i++)
		world->replica[i][world->nrecords] = (Record) {.id = world->nrecords + 1};
	world->always[world->nrecords] = false;
	world->given[world->nrecords] = false;
	r = &world->truth[world->nrecords++];
	*r = (Record) {.id = world->nrecords};
	return r;
}

void
world_begin(World *world, uint64_t seed)
{
	*world = (World) {.random = seed * UINT64_C(0xd1342543de82ef95) + 1,
		.pace = .5,.now = WORLD_START,.page_size = 100};
}

void
world_add(World *world, int64_t add_time, int64_t update_time)
{
	Record	   *r = new_record(world);
	int			part = world->fault == FAULT_FRACTIONS ? 7 : 0;

	r->exists = true;
	r->time[PAGER_ADD_TIME] = add_time ? add_time * 10 + part : 0;
	r->time[PAGER_UPDATE_TIME] = update_time ? update_time * 10 + part : 0;
}

void
world_ready(World *world)
{
	for (int i = 0; i < world->nrecords; i++)
		world->always[i] = world_meets_bounds(world, &world->truth[i]);
	world->ninitial = world->nrecords;
	world->initial = malloc((world->nrecords + 1) * sizeof(Record));
	if (world->nrecords > 0)
		memcpy(world->initial, world->truth, world->nrecords * sizeof(Record));
	for (int r = 0; r < 2 && world->nrecords > 0; r++)
	{
		memcpy(world->replica[r], world->truth, world->nrecords * sizeof(Record));
		world->dirty[r] = true;
	}
}

void
world_end(World *world)
{
	for (int r = 0; r < 2; r++)
	{
		free(world->replica[r]);
		free(world->sorted[r]);
	}
	free(world->truth);
	free(world->initial);
	free(world->always);
	free(world->given);
	free(world->pending);
	free(world->versions);
}

static bool
meets(const World *world, const Record *r, int t, TimeRange range, bool faulty)
{
	int64_t		v = r->time[t];
	bool		bounded = range.has_low || range.has_high;

	/* Nobody can see past a bound of the user's own that excludes. */
	if (world->fault == FAULT_EXCLUSIVE_LOW && range.has_low && v == range.low * 10)
		return false;
	if (world->fault == FAULT_EXCLUSIVE_HIGH && range.has_high && v == range.high * 10)
		return false;
	if (faulty)
	{
		if (world->fault == (t == PAGER_ADD_TIME ? FAULT_IGNORES_ADD : FAULT_IGNORES_UPDATE))
			return true;
		if (world->fault == FAULT_IGNORES_LOW)
			range.has_low = false;
		if (world->fault == FAULT_IGNORES_HIGH)
			range.has_high = false;
	}
	/* the scan's user never wants a record without the time */
	if (bounded && v == 0 && !(faulty && world->zero_counts))
		return false;
	return (!range.has_low || v >= range.low * 10) && (!range.has_high || v <= range.high * 10);
}

bool
world_meets_bounds(const World *world, const Record *record)
{
	return record->exists && meets(world, record, 0, world->bounds[0], false) &&
		meets(world, record, 1, world->bounds[1], false);
}

/* The record's new state becomes visible later in each replica. */
static void
publish(World *world, const Record *r)
{
	if (!world_meets_bounds(world, r))
		world->always[r->id - 1] = false;
	for (int i = 0; i < 2; i++)
	{
		if ((world->npending & (world->npending + 1)) == 0)
			world->pending = realloc(world->pending, (2 * world->npending + 2) * sizeof(Pending));
		world->pending[world->npending++] = (Pending)
		{
			world->now + (int64_t) world_random(world, world->lag + 1), i, *r
		};
	}
	if ((world->nversions & (world->nversions + 1)) == 0)
		world->versions = realloc(world->versions, (2 * world->nversions + 2) * sizeof(Version));
	world->versions[world->nversions++] = (Version)
	{
		r->id, {r->time[0], r->time[1]}
	};
}

static void
change_something(World *world)
{
	static const Change kinds[] = {CHANGE_ADD, CHANGE_DROP, CHANGE_TOUCH, CHANGE_BACK_DATE};
	int			part = world->fault == FAULT_FRACTIONS ? 7 : 0;
	Change		kind;
	Record	   *r;

	do
		kind = kinds[world_random(world, 4)];
	while ((kind & world->changes) == 0);

	if (kind == CHANGE_ADD)
	{
		r = new_record(world);
		r->exists = true;
		r->time[PAGER_ADD_TIME] = r->time[PAGER_UPDATE_TIME] = world->now * 10 + part;
		publish(world, r);
		return;
	}
	if (world->nrecords == 0)
		return;
	r = &world->truth[world_random(world, world->nrecords)];
	if (!r->exists)
		return;
	if (kind == CHANGE_DROP)
		r->exists = false;
	else
		r->time[PAGER_UPDATE_TIME] = part + 10 *
			(world->now - (kind == CHANGE_BACK_DATE ? (int64_t) world_random(world, 900) : 0));
	publish(world, r);
}

/* Time passes between two answers. */
static void
move(World *world)
{
	int			n = 0;

	world->now += world_chance(world, world->pace);
	for (int i = 0; i < 6 && world->changes && world_chance(world, world->rate); i++)
		change_something(world);

	for (int i = 0; i < world->npending; i++)
	{
		Pending    *p = &world->pending[i];
		Record	   *r = &world->replica[p->replica][p->record.id - 1];

		if (p->due > world->now)
		{
			world->pending[n++] = *p;
			continue;
		}
		world->dirty[p->replica] = true;
		if (!p->record.exists)
			r->exists = false;
		else if (world->truth[p->record.id - 1].exists &&
				 (!r->exists || (world->changes & CHANGE_BACK_DATE) ||
				  p->record.time[PAGER_UPDATE_TIME] > r->time[PAGER_UPDATE_TIME]))
			*r = p->record;
	}
	world->npending = n;
}

/* The records that meet the request's conditions, in order. */
static int
find_members(World *world, int replica, const PagerRequest *request, int *found)
{
	const Record *records = world->replica[replica];
	int			n = 0;

	sort_replica(world, replica);
	for (int i = 0; i < world->nsorted[replica]; i++)
	{
		int			k = world->sorted[replica][i];

		if (meets(world, &records[k], 0, request->range[0], true) &&
			meets(world, &records[k], 1, request->range[1], true))
			found[n++] = k;
	}
	return n;
}

static void
shuffle_ties(World *world, const Record *records, int *found, int n)
{
	for (int i = 0, j; i < n; i = j)
	{
		int64_t		key = sort_key(world->order, &records[found[i]]);

		for (j = i + 1; j < n && sort_key(world->order, &records[found[j]]) == key; j++)
		{
			int			k = i + (int) world_random(world, j - i + 1);
			int			swap = found[j];

			found[j] = found[k];
			found[k] = swap;
		}
	}
}

void
world_answer(World *world, const PagerRequest *request, PagerAnswer *answer,
			 int64_t *ids, int64_t *add_times, int64_t *update_times)
{
	int			replica = world->fault == FAULT_TWO_REPLICAS ? (int) world_random(world, 2) : 0;
	int			size = request->page_size < world->page_size ? request->page_size : world->page_size;
	int64_t		from = (int64_t) (request->page - 1) * size;
	int		   *found;
	int			n;

	world->requests++;
	move(world);
	found = malloc((world->nrecords + 1) * sizeof(int));
	n = find_members(world, replica, request, found);
	if (world->bounce)
		shuffle_ties(world, world->replica[replica], found, n);

	answer->ticket = request->ticket;
	answer->nrows = 0;
	for (int64_t i = from; i < n && i < from + size; i++)
	{
		const Record *r = &world->replica[replica][found[i]];

		if (world->fault == FAULT_FRESH_ROWS && world->truth[found[i]].exists)
			r = &world->truth[found[i]];
		if (world->fault == FAULT_DEPTH && i >= 10000)
			break;
		ids[answer->nrows] = r->id;
		add_times[answer->nrows] = r->time[PAGER_ADD_TIME] / 10;
		update_times[answer->nrows++] = r->time[PAGER_UPDATE_TIME] / 10;
	}
	answer->ids = ids;
	answer->times[PAGER_ADD_TIME] = add_times;
	answer->times[PAGER_UPDATE_TIME] = update_times;

	if (world->fault == FAULT_LIST_BEFORE_COUNT)
	{
		move(world);
		found = realloc(found, (world->nrecords + 1) * sizeof(int));
		n = find_members(world, replica, request, found);
	}
	free(found);
	answer->total = n;
	if (world->fault == FAULT_TOTAL_CAPPED && n > 12 * size)
		answer->total = 12 * size;
	if (world->fault == FAULT_TOTAL_ADDS && !request->range[0].has_low && !request->range[0].has_high &&
		!request->range[1].has_low && !request->range[1].has_high)
		answer->total++;
	if (world->fault == FAULT_DEPTH && n > 10000)
		answer->total = 10000;
	if (world->fault == FAULT_NO_TOTAL && world_random(world, 20) == 0)
		answer->total = -1;
	answer->date = world->now + (world->fault == FAULT_CLOCK_AHEAD ? 30 : 0);
	if (world->fault == FAULT_NO_DATE ||
		(world->fault == FAULT_SOME_DATES && world_random(world, 2) == 0))
		answer->date = -1;
}

bool
world_had_version(const World *world, int64_t id, int64_t add_time, int64_t update_time)
{
	if (id <= world->ninitial)
	{
		const Record *r = &world->initial[id - 1];

		if (r->time[0] / 10 == add_time && r->time[1] / 10 == update_time)
			return true;
	}
	for (int i = 0; i < world->nversions; i++)
	{
		const Version *v = &world->versions[i];

		if (v->id == id && v->time[0] / 10 == add_time && v->time[1] / 10 == update_time)
			return true;
	}
	return false;
}
