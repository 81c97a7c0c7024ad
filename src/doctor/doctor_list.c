/*-------------------------------------------------------------------------
 *
 * doctor_list.c
 *	  Checks of a list: its first answer, shape, order, total, pages.
 *
 * Records and total are compared within one answer, since a list may change between two.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/limits.h"
#include "doctor/doctor_state.h"

/* Fewer records show no order. */
#define LEAST_ORDERED 10

static bool
fails_to_answer(Doctor *doctor, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorSubject *subject = &doctor->subject;
	const char *fix = answer->hint;

	switch (answer->kind)
	{
		case DOCTOR_DENIED:
			doctor_stop(doctor, "the API has refused the first request");
			/* what is said of the company alone is about that */
			if (answer->hint && !strstr(answer->hint, "token"))
				fix = psprintf("ALTER SERVER %s OPTIONS (SET corpid '<corpid>');  -- %s", subject->server, answer->hint);
			else
				fix = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (SET token '<token>');  -- %s",
							   subject->mapping, subject->server, answer->hint ? answer->hint : "token and corpid come from the API's token page");
			break;
		case DOCTOR_FORBIDDEN:
			/* an address, or what was bought, is no matter of the user */
			if (!answer->hint || strstr(answer->hint, "acting user"))
				fix = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (%s user_id '<user who may>');  -- or give this one the right in the CRM",
							   subject->mapping, subject->server, subject->user_id ? "SET" : "ADD");
			break;
		default:
			if (!subject->user_id && strstr(answer->words, "userId"))
				fix = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (ADD user_id '<user>');", subject->mapping, subject->server);
			break;
	}
	return doctor_says(finding, DOCTOR_FAIL, answer->words, fix);
}

bool
doctor_check_answer(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorSubject *subject = &doctor->subject;

	if (step == 0 && subject->needs_form_id && !subject->form_id && doctor->form_id == 0)
		return doctor_says(finding, doctor->forms_refused ? DOCTOR_FAIL : DOCTOR_UNKNOWN,
						   doctor->forms_refused ? doctor->forms_refused :
						   psprintf("no form of %s was found, and without one there is no list", subject->object),
						   psprintf("SELECT * FROM xbb.forms(%s);", subject->literal));
	if (step == 0)
		return doctor_ask(doctor, "", 1, doctor->subject.page_size);
	/* is it the number of records that is refused? */
	if (step == 1 && (answer->kind == DOCTOR_REFUSED || answer->kind == DOCTOR_STATUS) && subject->paged && subject->page_size > DOCTOR_LEAST_PAGE)
	{
		doctor->refusal = *answer;
		return doctor_ask(doctor, "", 1, DOCTOR_LEAST_PAGE);
	}
	if (step == 2 && answer->kind == DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("%s; with pageSize %d there is an answer", doctor->refusal.words, DOCTOR_LEAST_PAGE),
						   psprintf("ALTER SERVER %s OPTIONS (ADD page_size '%d');  -- SET, if it is there", subject->server, DOCTOR_LEAST_PAGE));
	if (step == 2)
		answer = &doctor->refusal;
	if (answer->kind != DOCTOR_ANSWERED)
		return fails_to_answer(doctor, answer, finding);
	doctor->page_tree = answer->tree;
	doctor->page = doctor_list(doctor, answer->tree);
	doctor->total = doctor->page.total;
	doctor->on_page = doctor->page.nrows;
	if (!doctor->page.rows && doctor->page.total != 0 && doctor->page.has_result)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("the answer has no list named %s", subject->list_key),
						   "Check object or api, and the option list_key of foreign tables.");
	doctor->answered = true;
	if (doctor->page.nrows == 0 && doctor->total > 0)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("success, a totalCount of " INT64_FORMAT ", and no records", doctor->total),
						   "Ask XBB about it; scans with snapshot end in an error (40001).");
	if (doctor->page.nrows == 0)
		return doctor_says(finding, DOCTOR_OK,
						   "success, and no records: there are none, or none that the acting user may see", NULL);
	if (doctor->total < 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("success, %d records", doctor->page.nrows), NULL);
	return doctor_says(finding, DOCTOR_OK,
					   psprintf("success, %d of " INT64_FORMAT " records", doctor->page.nrows, doctor->total), NULL);
}

/* How many records lack what, and whether an id comes twice. */
static char *
odd_shape(const Doctor *doctor, int *nodd)
{
	const DoctorList *page = &doctor->page;
	int			no_id = 0;
	int			no_time = 0;
	int			twice = 0;

	for (int i = 0; i < page->nrows; i++)
	{
		const JsonTree *row = &page->rows->members[i];
		const char *text = json_tree_text(json_tree_member(row, doctor->subject.id_key));

		no_id += !text || !text[0];
		no_time += doctor->subject.has_times && (doctor_time(doctor, row, DOCTOR_UPDATE_TIME, NULL) == 0 ||
												 doctor_time(doctor, row, DOCTOR_ADD_TIME, NULL) == 0);
		for (int j = 0; text && j < i; j++)
		{
			const char *other = json_tree_text(json_tree_member(&page->rows->members[j], doctor->subject.id_key));

			twice += other && strcmp(text, other) == 0;
		}
	}
	*nodd = no_id + no_time + twice;
	return psprintf("%s%s%s", no_id ? psprintf("; %d without %s", no_id, doctor->subject.id_key) : "",
					no_time ? psprintf("; %d without updateTime or addTime", no_time) : "",
					twice ? psprintf("; %d that came twice", twice) : "");
}

bool
doctor_check_shape(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const char *how = NULL;
	int			nodd;
	const char *odd = odd_shape(doctor, &nodd);
	bool		is_text;
	bool		fractions;

	for (int i = 0; i < doctor->page.nrows && !how && doctor->subject.has_times; i++)
		if (doctor_time(doctor, &doctor->page.rows->members[i], DOCTOR_UPDATE_TIME, &how) == 0)
			how = NULL;
	is_text = how && strcmp(how, "text") == 0;
	fractions = how && strstr(how, "fractions");
	return doctor_says(finding, nodd > 0 || is_text || fractions || doctor->total < 0 ? DOCTOR_WARN : DOCTOR_OK,
					   psprintf("%s%s%s%s", !doctor->subject.has_times ? "a list without times" :
								how ? psprintf("times are %s", how) : "no record has a time",
								is_text ? psprintf(", read in time_zone %s", doctor->subject.time_zone) : "",
								doctor->total < 0 ? "; no totalCount" : doctor->page.total_is_text ? "; totalCount is text" : "",
								nodd > 0 ? odd : psprintf("; each %s once", doctor->subject.id_key)),
					   is_text ? "Compare a time with what the CRM shows; ALTER SERVER ... OPTIONS (time_zone '...') where they differ." :
					   fractions ? "Nothing: bounds are whole seconds, and are rounded outward." :
					   nodd > 0 ? "Records without times are read in sweeps of their own; those without an id or with a second one cannot be synced." :
					   NULL);
}

/* -1: descending, 1: ascending, 0: neither. */
static int
direction(const Doctor *doctor, int64 (*key) (const Doctor *, const JsonTree *))
{
	bool		up = true;
	bool		down = true;

	for (int i = 1; i < doctor->page.nrows; i++)
	{
		int64		before = key(doctor, &doctor->page.rows->members[i - 1]);
		int64		here = key(doctor, &doctor->page.rows->members[i]);

		up &= before <= here;
		down &= before >= here;
	}
	return up == down ? 0 : up ? 1 : -1;
}

static int64
by_update(const Doctor *doctor, const JsonTree *row)
{
	return doctor_time(doctor, row, DOCTOR_UPDATE_TIME, NULL);
}

static int64
by_add(const Doctor *doctor, const JsonTree *row)
{
	return doctor_time(doctor, row, DOCTOR_ADD_TIME, NULL);
}

bool
doctor_check_order(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	static const struct
	{
		const char *name;
		int64		(*key) (const Doctor *, const JsonTree *);
	}			keys[] = {
		{"updateTime", by_update}, {"addTime", by_add}, {"the id", doctor_id}
	};

	if (doctor->page.nrows < LEAST_ORDERED)
		return doctor_says(finding, DOCTOR_UNKNOWN, psprintf("%d records are too few to tell", doctor->page.nrows), NULL);
	for (int i = doctor->subject.has_times ? 0 : 2; i < (int) lengthof(keys); i++)
	{
		int			way = direction(doctor, keys[i].key);

		if (way != 0)
			return doctor_says(finding, DOCTOR_OK, psprintf("by %s, %s; scans do not depend on it", keys[i].name,
															way > 0 ? "ascending" : "descending"), NULL);
	}
	return doctor_says(finding, DOCTOR_OK, "no order that is known; scans do not depend on it", NULL);
}

bool
doctor_check_total(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	DoctorList	list;

	if (step == 0)
		return doctor_ask(doctor, "", 1, 1);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, psprintf("a page of one record: %s", answer->words), answer->hint);
	list = doctor_list(doctor, answer->tree);
	if (!list.has_result && doctor->page.nrows == 0)
		return doctor_says(finding, DOCTOR_UNKNOWN, "the answer of an empty list has no result, and so no totalCount", NULL);
	if (list.total < 0)
		return doctor_says(finding, DOCTOR_FAIL, "no totalCount: nothing can be proven complete",
						   "ALTER FOREIGN TABLE ... OPTIONS (ADD snapshot 'false');  -- reads without proof");
	if (list.total == API_LIST_RECORDS)
		return doctor_says(finding, DOCTOR_WARN, psprintf("exactly " INT64_FORMAT ", which may be a cap: it proves nothing", list.total),
						   "Nothing: scans of more are cut by time.");
	if (list.total == doctor->page.total)
		return doctor_says(finding, DOCTOR_OK, psprintf(INT64_FORMAT " again", list.total), NULL);
	doctor->total = list.total;
	return doctor_says(finding, DOCTOR_UNKNOWN,
					   psprintf(INT64_FORMAT ", then " INT64_FORMAT ": the list is changing, or its count is not exact",
								doctor->page.total, list.total),
					   psprintf("SELECT found FROM xbb.doctor(%s) WHERE check_name = 'total';  -- at a quiet hour", doctor->subject.literal));
}

bool
doctor_check_page_1(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int64		full = Min(doctor->subject.page_size, doctor->page.total);

	if (doctor->page.nrows == full)
		return doctor_says(finding, DOCTOR_OK, psprintf("%d of " INT64_FORMAT, doctor->page.nrows, full), NULL);
	if (doctor->page.nrows > full)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("%d records, and a totalCount of " INT64_FORMAT, doctor->page.nrows, doctor->page.total),
						   "Ask XBB why a page has more records than totalCount; scans of such a list end in an error.");
	return doctor_says(finding, DOCTOR_WARN,
					   psprintf("%d of " INT64_FORMAT ": pages hold fewer records than were asked for, or some are missing (last_page tells which)",
								doctor->page.nrows, full),
					   "Nothing while last_page is ok: scans count what came.");
}

bool
doctor_check_last_page(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int64		size = doctor->on_page;
	int64		page;
	int64		wanted;
	DoctorList	list;

	/* a list that fits page 1 is seen already */
	if (step == 0 && doctor->total <= size)
		return doctor_says(finding, doctor->total == size ? DOCTOR_OK : DOCTOR_FAIL,
						   psprintf("page 1 is the last one and has " INT64_FORMAT " of " INT64_FORMAT, size, doctor->total), NULL);
	page = (doctor->total + size - 1) / size;
	if (page * size > API_LIST_RECORDS)
		return doctor_says(finding, DOCTOR_UNKNOWN,
						   psprintf("it is page " INT64_FORMAT ", deeper than %d records: not read by pages", page, API_LIST_RECORDS), NULL);
	if (step == 0)
	{
		doctor->before = doctor->total;
		return doctor_ask(doctor, "", (int) page, doctor->subject.page_size);
	}
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("page " INT64_FORMAT ": %s", page, answer->words), answer->hint);
	list = doctor_list(doctor, answer->tree);
	wanted = list.total - size * (page - 1);
	if (list.nrows == Max(Min(wanted, size), 0))
		return doctor_says(finding, DOCTOR_OK, psprintf("page " INT64_FORMAT " has %d of " INT64_FORMAT, page, list.nrows, Max(wanted, 0)), NULL);
	return doctor_says(finding, DOCTOR_FAIL,
					   psprintf("page " INT64_FORMAT " has %d records, where " INT64_FORMAT " would make up totalCount, " INT64_FORMAT ": total or pages are wrong",
								page, list.nrows, wanted, list.total),
					   "Ask XBB about it; scans with snapshot end in an error (40001), others may lack records.");
}

bool
doctor_check_past_the_end(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int64		size = Max(doctor->on_page, 1);
	int64		page = (doctor->total + size - 1) / size + 1;
	DoctorList	list;

	if (page * size > API_LIST_RECORDS)
		return doctor_says(finding, DOCTOR_UNKNOWN,
						   psprintf("it is page " INT64_FORMAT ", deeper than %d records: not read by pages", page, API_LIST_RECORDS), NULL);
	if (step == 0)
		return doctor_ask(doctor, "", (int) page, doctor->subject.page_size);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, psprintf("page " INT64_FORMAT ": %s", page, answer->words),
						   "Nothing: scans do not ask for it while totalCount is right.");
	list = doctor_list(doctor, answer->tree);
	/* the list may have grown meanwhile, and says so */
	if (list.nrows > 0 && list.total <= size * (page - 1))
		return doctor_says(finding, DOCTOR_FAIL,
						   psprintf("page " INT64_FORMAT " has %d records: a totalCount of " INT64_FORMAT " is too low", page, list.nrows, list.total),
						   "Ask XBB about it; scans cannot see what totalCount does not count.");
	return doctor_says(finding, DOCTOR_OK,
					   psprintf("page " INT64_FORMAT ": empty%s", page, list.rows ? "" : list.has_result ? ", without a list" : ", without a result"), NULL);
}

bool
doctor_check_page_size(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	DoctorList	list;

	if (doctor->total <= API_PAGE_RECORDS)
		return doctor_says(finding, DOCTOR_UNKNOWN, psprintf(INT64_FORMAT " records are too few to tell", doctor->total), NULL);
	if (step == 0)
		return doctor_ask(doctor, "", 1, 2 * API_PAGE_RECORDS);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, psprintf("more than %d: %s", API_PAGE_RECORDS, answer->words), NULL);
	list = doctor_list(doctor, answer->tree);
	return doctor_says(finding, DOCTOR_OK,
					   psprintf("of %d asked for, %d came%s", 2 * API_PAGE_RECORDS, list.nrows,
								list.nrows > API_PAGE_RECORDS ? ": more than its documents allow, and than are asked for" : ""), NULL);
}

bool
doctor_check_depth(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (doctor->total <= API_LIST_RECORDS)
		return doctor_says(finding, DOCTOR_UNKNOWN,
						   psprintf(INT64_FORMAT " records: none beyond the %dth", doctor->total, API_LIST_RECORDS), NULL);
	if (step == 0)
		return doctor_ask(doctor, "", API_LIST_RECORDS / doctor->subject.page_size + 1, doctor->subject.page_size);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, psprintf("records beyond the %dth, which are not asked for: %s", API_LIST_RECORDS, answer->words), NULL);
	return doctor_says(finding, DOCTOR_OK,
					   psprintf(doctor_list(doctor, answer->tree).nrows > 0 ? "records beyond the %dth come, though they are not asked for" :
								"no records beyond the %dth, which are not asked for", API_LIST_RECORDS), NULL);
}
