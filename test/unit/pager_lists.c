/*-------------------------------------------------------------------------
 *
 * pager_lists.c
 *	  Lists at rest: how many requests, which errors, how deep, how large.
 *
 * A part of test_pager.c.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "base/idset.h"
#include "pager_drive.h"

/* Records a minute apart, as many as n; the newest a minute old. */
static void
rest(World *world, Scan *scan, PagerMethod method, int n)
{
	world_begin(world, 1);
	for (int i = n; i > 0; i--)
		world_add(world, WORLD_START - 60 * i, WORLD_START - 60 * i);
	*scan = (Scan)
	{
		.world = world
	};
	scan->config = (PagerConfig)
	{
		.method = method,.page_size = 100,.concurrency = 8,.max_pages = UNDELIVERED_PAGES,
			.settle = 5,.limit = -1
	};
}

/* Carries it out; is the end as expected? */
static bool
ends(World *world, Scan *scan, PagerAction end, PagerFailure failure, int requests)
{
	bool		as_expected;

	drive(scan);
	as_expected = !scan->wrong && scan->end == end && scan->step.failure == failure &&
		(end != PAGER_DONE || scan->nlost == 0) &&
		(requests == 0 || scan->asked == requests);
	if (!as_expected)
		printf("# end %d, failure %d, %d requests, %d lost, %s\n", scan->end, scan->step.failure,
			   scan->asked, scan->nlost, scan->wrong ? scan->wrong : "nothing wrong");
	world_end(world);
	return as_expected;
}

static void
test_requests(void)
{
	World		world;
	Scan		scan;

	rest(&world, &scan, PAGER_CERTIFIED, 0);
	ok(ends(&world, &scan, PAGER_DONE, 0, 1), "an empty list is one request");
	rest(&world, &scan, PAGER_CERTIFIED, 100);
	ok(ends(&world, &scan, PAGER_DONE, 0, 1), "a list of one page is one request");
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	ok(ends(&world, &scan, PAGER_DONE, 0, 10), "certified: one more than the pages");
	ok(scan.highest > 0 && scan.highest <= world.now - 5, "windows end settle_time ago");
	rest(&world, &scan, PAGER_CERTIFIED, 900);
	ok(ends(&world, &scan, PAGER_DONE, 0, 11), "two more when the last page is full");
	rest(&world, &scan, PAGER_PLAIN, 900);
	ok(ends(&world, &scan, PAGER_DONE, 0, 9), "plain: each page once");
	rest(&world, &scan, PAGER_REPEATED, 850);
	ok(ends(&world, &scan, PAGER_DONE, 0, 18), "repeated: each page twice");
	rest(&world, &scan, PAGER_REPEATED, 80);
	ok(ends(&world, &scan, PAGER_DONE, 0, 1), "repeated: one answer is enough");
	rest(&world, &scan, PAGER_SINGLE, 80);
	ok(ends(&world, &scan, PAGER_DONE, 0, 1), "single: one request");

	rest(&world, &scan, PAGER_CERTIFIED, 900);
	scan.config.limit = 5;
	scan.stop_at_limit = true;
	ok(ends(&world, &scan, PAGER_ROW, 0, 1), "LIMIT 5 of 900 is one request");
	rest(&world, &scan, PAGER_CERTIFIED, 900);
	scan.config.limit = 250;
	scan.stop_at_limit = true;
	ok(ends(&world, &scan, PAGER_ROW, 0, 3), "LIMIT 250 of 900 is three");
	rest(&world, &scan, PAGER_CERTIFIED, 900);
	scan.config.limit = 350;
	scan.stop_at_limit = true;
	ok(ends(&world, &scan, PAGER_ROW, 0, 4), "LIMIT 350 is four");
	rest(&world, &scan, PAGER_PLAIN, 900);
	scan.config.limit = 250;
	scan.stop_at_limit = true;
	ok(ends(&world, &scan, PAGER_ROW, 0, 3), "so it is when reading plainly");
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	scan.config.limit = 2000;
	scan.stop_at_limit = true;
	ok(ends(&world, &scan, PAGER_DONE, 0, 10), "LIMIT above the list costs what a full scan does");
	for (int i = 0; i < 2; i++)
	{
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		scan.config.limit = INT64_MAX - 98 * i;
		scan.stop_at_limit = true;
		ok(ends(&world, &scan, PAGER_DONE, 0, 10), "so does the greatest LIMIT there is, and one near it");
	}
}

/* Answers one request by hand: a page of two records of a list of three. */
static bool
answer_by_hand(Pager *pager, const int64_t *list)
{
	static const int64_t times[2] = {WORLD_START, WORLD_START};
	PagerStep	step;
	PagerAction action = pager_next(pager, &step);

	while (action == PAGER_FREE)
		action = pager_next(pager, &step);
	if (action != PAGER_ASK)
		return false;
	pager_answer(pager, &(PagerAnswer)
				 {
					 .ticket = step.request.ticket,.nrows = step.request.page == 1 ? 2 : 1,
					 .ids = list + 2 * (step.request.page - 1),.times = {times, times},
					 .total = 3,.date = WORLD_START
				 });
	return true;
}

static void
test_readings(void)
{
	static const int64_t lists[][3] = {{1, 2, 3}, {1, 2, 4}, {1, 2, 4}};
	PagerConfig config = {
		.method = PAGER_REPEATED,.page_size = 2,.concurrency = 1,.max_pages = UNDELIVERED_PAGES,
		.limit = -1,.resize = drive_resize
	};
	Pager	   *pager = pager_create(&config);
	PagerStep	step;
	PagerAction action;
	bool		passed = true;

	for (int i = 0; i < 6; i++)
		passed &= answer_by_hand(pager, lists[i / 2]);
	do
		action = pager_next(pager, &step);
	while (action == PAGER_FREE || action == PAGER_ROW);
	ok(passed && action == PAGER_DONE && pager_counters(pager)->handed_on == 3,
	   "repeated: until two readings in a row show the same ids");
	pager_destroy(pager);
}

static void
test_failures(void)
{
	World		world;
	Scan		scan;

	rest(&world, &scan, PAGER_CERTIFIED, 900);
	world.fault = FAULT_NO_TOTAL;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_NO_TOTAL, 0), "a missing total is an error");
	rest(&world, &scan, PAGER_SINGLE, 101);
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_CHANGED, 1), "single: so is a list of two pages");
	rest(&world, &scan, PAGER_PLAIN, 900);
	world.bounce = true;
	for (int i = 0; i < 900; i++)
		world.truth[i].time[PAGER_UPDATE_TIME] = WORLD_START * 10 - 600;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_CHANGED, 9), "plain: so are pages that overlap");
	rest(&world, &scan, PAGER_REPEATED, 900);
	world.changes = CHANGE_ADD | CHANGE_DROP;
	world.rate = .5;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_UNSTABLE, 0), "repeated: so is a list that never agrees");

	rest(&world, &scan, PAGER_CERTIFIED, 900);
	world.fault = FAULT_IGNORES_HIGH;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "a condition that all records meet may be ignored");
	rest(&world, &scan, PAGER_CERTIFIED, 900);
	world.fault = FAULT_IGNORES_LOW;
	scan.config.bounds[PAGER_ADD_TIME] = (TimeRange) {true, false, WORLD_START - 600, 0};
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_IGNORED, 1) &&
	   scan.step.time_kind == PAGER_ADD_TIME && scan.step.range.low == WORLD_START - 600 &&
	   scan.step.time < WORLD_START - 600 && scan.step.id > 0,
	   "else it is an error that names record, time and range");

	rest(&world, &scan, PAGER_CERTIFIED, 900);
	world.fault = FAULT_TOTAL_ADDS;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_UNAUDITED, 0) &&
	   scan.step.expected == 901 && scan.step.received == 900 && !scan.step.named,
	   "so is a total that the list never reaches");
}

/* Windows by one time do not find what has not this time. */
static void
test_timeless(void)
{
	World		world;
	Scan		scan;

	/* each way that conditions may treat it, and both times that windows may be cut by */
	for (int way = 0; way < 4; way++)
	{
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		world.zero_counts = way & 1;
		scan.config.key = (PagerTime) (way / 2);
		world.truth[500].time[PAGER_ADD_TIME] = 0;
		ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.ngot == 850, "a record without addTime is found");
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		world.zero_counts = way & 1;
		scan.config.key = (PagerTime) (way / 2);
		world.truth[500].time[PAGER_UPDATE_TIME] = 0;
		ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.ngot == 850, "so is one without updateTime");
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		world.zero_counts = way & 1;
		scan.config.key = (PagerTime) (way / 2);
		for (int i = 0; i < 9; i++)
			world.truth[i * 90].time[0] = world.truth[i * 90].time[1] = 0;
		ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.ngot == 850, "so are nine without both");
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		scan.config.key = (PagerTime) (way / 2);
		scan.config.limit = 5000;
		for (int i = 0; i < 9; i++)
			world.truth[i * 90].time[0] = world.truth[i * 90].time[1] = 0;
		ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.ngot == 850, "also where a limit is beyond the list");
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		world.zero_counts = way & 1;
		world.truth[500].time[way / 2] = 0;
		world.bounds[way / 2] = scan.config.bounds[way / 2] = (TimeRange) {false, true, 0, WORLD_START - 60};
		ok(ends(&world, &scan, PAGER_DONE, 0, 10) && scan.ngot == 849,
		   "who has bounds on this time does not get it, and pays nothing for it");
	}

	/* more than windows of one second may have, more than fit a page, all without addTime */
	rest(&world, &scan, PAGER_CERTIFIED, 23456);
	for (int i = 0; i < 12000; i++)
		world.truth[i].time[PAGER_ADD_TIME] = 0;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.ngot == 23456, "so are 12,000 without addTime, of 23,456");

	/* page 1 shows it: no pause, and one more reading */
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	world.truth[849].time[PAGER_ADD_TIME] = 0;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.slept == 0 && scan.asked <= 42,
	   "one that page 1 shows costs a second reading, and no pause");

	rest(&world, &scan, PAGER_CERTIFIED, 850);
	world.order = ID_ASC;
	world.truth[0].time[0] = world.truth[0].time[1] = 0;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.slept == 0 && scan.asked <= 1 + 9 + 2 + 9 + 1,
	   "one without both costs its pages");

	/* the pages that can be asked for end at 10,000 */
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	world.truth[0].time[0] = world.truth[0].time[1] = 0;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_TIMELESS, 0) && !scan.step.named &&
	   scan.step.expected == 12000 && scan.step.received == 11999,
	   "one that neither times nor pages show is an error that counts it");
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	world.order = ID_ASC;
	world.truth[6].time[0] = world.truth[6].time[1] = 0;
	world.truth[11777].time[0] = world.truth[11777].time[1] = 0;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_TIMELESS, 0) && scan.step.named && scan.step.id == 7 &&
	   scan.step.time_kind == PAGER_ADD_TIME && scan.step.received == 11999,
	   "and names another that a page has shown");
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	world.truth[0].time[0] = world.truth[0].time[1] = 0;
	world.changes = CHANGE_ADD;
	world.rate = .2;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_UNAUDITED, 0) && scan.step.expected > scan.step.received,
	   "times are not to blame where records come faster than they are read");
}

/* A deletion hides a miss from the count; what was seen is not forgotten. */
static void
test_hidden(void)
{
	World		world;
	Scan		scan;
	int			lost = 0;
	bool		good = true;

	for (uint64_t seed = 1; seed <= 200; seed++)
	{
		rest(&world, &scan, PAGER_CERTIFIED, 520);
		world.random = seed;
		world.rate = .3;
		world.changes = CHANGE_DROP;
		world.order = ID_DESC;
		world.truth[519].time[PAGER_ADD_TIME] = 0;
		world.truth[519].time[PAGER_UPDATE_TIME] *= seed % 2;
		scan.shuffle = scan.hold_back = seed % 3 == 0;
		scan.config.page_size = seed % 3 ? 100 : 20;
		drive(&scan);
		good = good && scan.end == PAGER_DONE && !scan.wrong;
		lost += scan.nlost;
		world_end(&world);
	}
	ok(good && lost == 0, "a record without times that page 1 shows is found, although others are deleted");
}

/* Lists ahead of the API's clock. */
static void
test_future(void)
{
	World		world;
	Scan		scan;

	for (int ahead = 99; ahead <= 150; ahead += 51)
	{
		rest(&world, &scan, PAGER_CERTIFIED, 850);
		scan.config.key = PAGER_UPDATE_TIME;
		for (int i = 0; i < ahead; i++)
			world.truth[i].time[PAGER_UPDATE_TIME] = (WORLD_START + 86400 * (i + 1)) * 10;
		if (ahead < 100)
			ok(ends(&world, &scan, PAGER_DONE, 0, 0), "a page of records of times yet to come can be read");
		else
			ok(ends(&world, &scan, PAGER_FAIL, PAGER_FUTURE, 0) && scan.step.named && scan.asked < 400 &&
			   scan.step.id == 150 && scan.step.time == WORLD_START + 86400 * 150 &&
			   scan.step.time_kind == PAGER_UPDATE_TIME, "more of them are an error that names one");
	}
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	for (int i = 0; i < 150; i++)
		world.truth[i].time[PAGER_UPDATE_TIME] = (WORLD_START + 86400 * (i + 1)) * 10;
	ok(ends(&world, &scan, PAGER_DONE, 0, 10), "none where windows are by addTime");
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	scan.config.key = PAGER_UPDATE_TIME;
	for (int i = 0; i < 150; i++)
		world.truth[i].time[PAGER_UPDATE_TIME] = (WORLD_START + 30 + i / 5) * 10;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "nor if their time comes soon");
	rest(&world, &scan, PAGER_CERTIFIED, 850);
	world.fault = FAULT_NO_DATE;
	scan.config.key = PAGER_UPDATE_TIME;
	for (int i = 0; i < 150; i++)
		world.truth[i].time[PAGER_UPDATE_TIME] = (WORLD_START + 86400 * (i + 1)) * 10;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "nor if the API has no clock");
}

static void
test_depth(void)
{
	World		world;
	Scan		scan;
	bool		passed = true;

	for (int key = 0; key < PAGER_NTIMES; key++)
	{
		rest(&world, &scan, PAGER_CERTIFIED, 23456);
		world.fault = FAULT_DEPTH;
		scan.config.key = (PagerTime) key;
		passed &= ends(&world, &scan, PAGER_DONE, 0, 0) && scan.deepest <= 10000;
	}
	ok(passed, "certified: 23,456 records where totals and pages end at 10,000");
	rest(&world, &scan, PAGER_CERTIFIED, 10000);
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "certified: exactly 10,000 records");
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	world.fault = FAULT_DEPTH;
	for (int i = 0; i < 10500; i++)
		world.truth[i].time[0] = world.truth[i].time[1] = (WORLD_START - 900) * 10;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_CAPPED, 0) && scan.deepest <= 10000,
	   "certified: 10,500 records in one second of both times are an error");
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	for (int i = 0; i < 9500; i++)
		world.truth[i].time[0] = world.truth[i].time[1] = (WORLD_START - 900) * 10;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.deepest <= 10000, "9,500 can be read");
	rest(&world, &scan, PAGER_CERTIFIED, 23456);
	world.fault = FAULT_DEPTH;
	for (int i = 0; i < 9; i++)
		world.truth[i].time[0] = world.truth[i].time[1] = (WORLD_START - 86400 * 10000) * 10;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "records from before 2010");
	rest(&world, &scan, PAGER_PLAIN, 23456);
	world.fault = FAULT_DEPTH;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_CAPPED, 100), "plain: a total of 10,000 proves nothing");
	rest(&world, &scan, PAGER_CERTIFIED, 23456);
	scan.config.limit = 12000;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.deepest <= 10000, "LIMIT beyond the depth");
}

/* Neither the total nor the windows show what lies between two seconds. */
static void
test_parts(void)
{
	World		world;
	Scan		scan;

	rest(&world, &scan, PAGER_CERTIFIED, 23456);
	world.fault = FAULT_DEPTH;
	for (int i = 0; i < 23456; i++)
		world.truth[i].time[0] = world.truth[i].time[1] = (WORLD_START - 60 - i) * 10 + 7;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && scan.counters.audits > 1,
	   "a total of 10,000 is audited in parts");

	/* windows of one second have nothing that lies between two */
	rest(&world, &scan, PAGER_CERTIFIED, 12000);
	scan.config.max_pages = 8;
	for (int i = 0; i < 12000; i++)
		world.truth[i].time[0] = world.truth[i].time[1] = (WORLD_START - 60 - i / 1000) * 10 + 7;
	ok(ends(&world, &scan, PAGER_DONE, 0, 0), "what lies between two seconds is in windows that overlap");
}

static void
test_resources(void)
{
	World		world;
	Scan		scan;
	IdSet		set = {0};
	Memory		memory = {drive_resize, NULL, 1};
	bool		small = true;

	for (int64_t i = 1; i <= 1000000; i++)
	{
		drive_peak = drive_used;
		small &= idset_add(&set, &memory, i * 37) && (i < 100 || (int64_t) drive_peak <= 24 * i);
	}
	for (int64_t i = 0; i <= 37000000; i += 31)
		small &= idset_has(&set, i) == (i % 37 == 0 && i > 0);
	small &= idset_count(&set) == 1000000 && !idset_add(&set, &memory, 37) &&
		idset_add(&set, &memory, INT64_MIN) && !idset_add(&set, &memory, INT64_MIN) &&
		idset_has(&set, INT64_MIN) && idset_count(&set) == 1000001;
	idset_free(&set, &memory);
	ok(small && drive_used == 0, "a set of ids takes 24 bytes each, while it grows, too");

	idset_expect(&set, 1000000);
	drive_peak = drive_used;
	for (int64_t i = 1; i <= 1000000; i++)
		small &= idset_add(&set, &memory, i * 37);
	ok(small && set.nslots < 1200000 && drive_peak <= 24 * 1000000, "no more where it knows how many will come");
	idset_free(&set, &memory);

	idset_expect(&set, INT64_MAX);
	for (int64_t i = 1; i <= 1000; i++)
	{
		drive_peak = drive_used;
		small &= idset_add(&set, &memory, i * 37) && (int64_t) drive_peak <= 16 * 24 * (i + 16);
	}
	idset_free(&set, &memory);
	idset_expect(&set, INT64_MIN);
	for (int64_t i = 1; i <= 1000; i++)
		small &= idset_add(&set, &memory, i * 37) && idset_count(&set) == i;
	idset_free(&set, &memory);
	ok(small && drive_used == 0, "a wrong number costs at most 16 times as much");

	rest(&world, &scan, PAGER_CERTIFIED, 60000);
	ok(ends(&world, &scan, PAGER_DONE, 0, 0) && drive_peak <= 24 * 60000 + 500000,
	   "60,000 records: 24 bytes each, and 500 kB for pages held");
	ok(scan.flight_turns >= scan.turns * 7.5, "eight requests in flight nearly always");
}

/*
 * Totals that end at twelve pages say nothing of a record that no window has; the page
 * after the ids handed on shows it.
 */
static void
test_capped_audit(void)
{
	World		world;
	Scan		scan;

	rest(&world, &scan, PAGER_CERTIFIED, 1200);
	world_add(&world, 0, 0);
	world.fault = FAULT_TOTAL_CAPPED;
	ok(ends(&world, &scan, PAGER_FAIL, PAGER_TIMELESS, 0) && scan.step.named && scan.step.id == 1201,
	   "a record without times behind a total that is cut off is noticed");
}

/* What is new since the question is asked for at once, not as after a failed audit. */
static void
test_news(void)
{
	bool		good = true;
	int			news = 0;
	int			asked = 0;

	for (uint64_t seed = 1; seed <= 200; seed++)
	{
		World		world;
		Scan		scan;

		rest(&world, &scan, PAGER_CERTIFIED, 520);
		world.random = seed;
		world.rate = .02;
		world.pace = 1.0 / 16;
		world.changes = CHANGE_ADD;
		drive(&scan);
		good = good && scan.end == PAGER_DONE && scan.nlost == 0 && !scan.wrong && scan.slept == 0;
		news += world.nrecords > 520;
		asked += scan.asked;
		world_end(&world);
	}
	/* seven requests, and a few more where something was new */
	printf("# %d of 200 scans saw something new: %d requests\n", news, asked);
	ok(good && news > 10 && asked < 200 * 9, "a new record in between costs no pause, and no second reading");
}

void
test_lists(void)
{
	test_requests();
	test_readings();
	test_failures();
	test_timeless();
	test_hidden();
	test_future();
	test_depth();
	test_parts();
	test_capped_audit();
	test_news();
	test_resources();
}
