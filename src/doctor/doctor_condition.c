/*-------------------------------------------------------------------------
 *
 * doctor_condition.c
 *	  Checks of conditions: are they obeyed, and exactly?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "doctor/doctor_state.h"

/* Records that are asked for by their ids. */
#define IDS 3

/* ---- bounds of times ---- */

static int
compare_times(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* The second in the middle of page 1's, 0 if none has a time; and a record of it. */
static int64
choose_second(Doctor *doctor, DoctorTime which)
{
	int64	   *times = palloc(sizeof(int64) * doctor->page.nrows);
	int			n = 0;

	for (int i = 0; i < doctor->page.nrows; i++)
	{
		times[n] = doctor_time(doctor, &doctor->page.rows->members[i], which, NULL);
		n += times[n] > 0;
	}
	if (n == 0)
		return 0;
	qsort(times, n, sizeof(int64), compare_times);
	for (int i = 0; i < doctor->page.nrows; i++)
		if (doctor_time(doctor, &doctor->page.rows->members[i], which, NULL) == times[n / 2])
			doctor->wanted_id = doctor_id(doctor, &doctor->page.rows->members[i]);
	return times[n / 2];
}

/* A range of one second; true if the finding is made. */
static bool
judge_second(Doctor *doctor, DoctorTime which, const DoctorList *list, DoctorFinding *finding)
{
	int64		second = doctor->wanted;

	if (!doctor_is_within(doctor, list, which, second, second))
		return doctor_says(finding, DOCTOR_FAIL,
						   list->total >= 0 && list->total == doctor->total ?
						   psprintf("ignored: all " INT64_FORMAT " records came for one second", list->total) :
						   psprintf("not obeyed: of %d records that came, some are of other times than the second asked for", list->nrows),
						   "Scans that are cut by time end in an error; ask XBB, and read with snapshot 'false' meanwhile.");
	/* of what is within one page, rows and total are compared */
	if (list->total != list->nrows && list->nrows < doctor->on_page &&
		(list->total >= 0 || (list->nrows > 0 && doctor->page.total >= 0)))
		return doctor_says(finding, DOCTOR_FAIL,
						   list->total < 0 ? psprintf("obeyed, but of one second %d records came without a totalCount", list->nrows) :
						   psprintf("obeyed, but of one second %d records came, where totalCount is " INT64_FORMAT, list->nrows, list->total),
						   "Ask XBB about it; scans with snapshot end in an error (40001), others may lack records.");
	if (doctor_has(doctor, list, doctor->wanted_id) || list->nrows >= doctor->on_page)
		return doctor_says(finding, DOCTOR_OK, psprintf("obeyed, and inclusive: %d record%s of one second", list->nrows, list->nrows == 1 ? "" : "s"), NULL);
	return false;
}

static bool
check_bounds(Doctor *doctor, DoctorTime which, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int64		second = step == 0 ? choose_second(doctor, which) : doctor->wanted;
	DoctorList	list = {0};
	bool		has;

	if (step == 0)
	{
		doctor->wanted = second;
		if (second == 0)
			return doctor_says(finding, DOCTOR_UNKNOWN, psprintf("no record of page 1 has an %s that can be read", doctor_attr(which)), NULL);
		return doctor_ask(doctor, doctor_range(which, second, second), 1, doctor->subject.page_size);
	}
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_FAIL, answer->words,
						   "Scans cannot be cut by time; ask XBB, and read with snapshot 'false' meanwhile.");
	list = doctor_list(doctor, answer->tree);
	has = doctor_has(doctor, &list, doctor->wanted_id);
	if (step == 1)
		return judge_second(doctor, which, &list, finding) ||
			doctor_ask(doctor, doctor_range(which, second, second + 1), 1, doctor->subject.page_size);
	if (step == 2 && has)
		return doctor_says(finding, DOCTOR_WARN, "the upper bound leaves out its second, or a part of it: times may have fractions that are not shown",
						   "Nothing: windows overlap by a second where it matters; conditions of one second may miss records.");
	/* it may have been changed meanwhile */
	if (step == 2)
		return doctor_ask(doctor, psprintf("{\"attr\":\"%s\",\"symbol\":\"equal\",\"value\":[" INT64_FORMAT "]}",
										   doctor->subject.id_key, doctor->wanted_id), 1, doctor->subject.page_size);
	for (int i = 0; i < list.nrows; i++)
		if (doctor_id(doctor, &list.rows->members[i]) == doctor->wanted_id &&
			doctor_time(doctor, &list.rows->members[i], which, NULL) == second)
			return doctor_says(finding, DOCTOR_FAIL, "exclusive: a record that is there is not within its own second, nor within that and the next",
							   "Scans with snapshot may end in an error (40001); ask XBB.");
	return doctor_says(finding, DOCTOR_UNKNOWN, "the record that was looked for has changed meanwhile", NULL);
}

bool
doctor_check_update_time(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return check_bounds(doctor, DOCTOR_UPDATE_TIME, step, answer, finding);
}

bool
doctor_check_add_time(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return check_bounds(doctor, DOCTOR_ADD_TIME, step, answer, finding);
}

/* ---- values ---- */

bool
doctor_check_data_id(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int			tried = step == 0 ? Min(doctor->page.nrows, IDS) : doctor->tried;
	char	   *ids = pstrdup("");
	int			came = 0;
	DoctorList	list;

	for (int i = 0; i < tried && step == 0; i++)
		ids = psprintf("%s%s" INT64_FORMAT, ids, i > 0 ? "," : "", doctor_id(doctor, &doctor->page.rows->members[i]));
	if (step == 0)
	{
		doctor->tried = tried;
		return doctor_ask(doctor, psprintf("{\"attr\":\"dataId\",\"symbol\":\"equal\",\"value\":[%s]}", ids), 1, doctor->subject.page_size);
	}
	if (answer->kind != DOCTOR_ANSWERED && step == 1 && tried > 1)
	{
		doctor->tried = 1;
		return doctor_ask(doctor, psprintf("{\"attr\":\"dataId\",\"symbol\":\"equal\",\"value\":[" INT64_FORMAT "]}",
										   doctor_id(doctor, &doctor->page.rows->members[0])), 1, doctor->subject.page_size);
	}
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_FAIL, answer->words,
						   "Queries by data_id, reconcile and retry_rejects fail; ask XBB.");
	list = doctor_list(doctor, answer->tree);
	for (int i = 0; i < tried; i++)
		came += doctor_has(doctor, &list, doctor_id(doctor, &doctor->page.rows->members[i]));
	if (list.nrows > came)
		return doctor_says(finding, DOCTOR_FAIL, psprintf("ignored: %d record%s asked for by id, and %d came", tried, tried == 1 ? "" : "s", list.nrows),
						   "Queries by data_id, reconcile and retry_rejects end in an error; ask XBB.");
	if (step == 2 && came == 1)
		return doctor_says(finding, DOCTOR_WARN, psprintf("several ids in one condition are refused, one is taken"),
						   "Ask for one data_id at a time; = ANY over many, reconcile and retry_rejects fail.");
	if (came < tried)
		return doctor_says(finding, DOCTOR_WARN, psprintf("%d records asked for by id, and %d came: were they deleted meanwhile, or is one value taken alone?", tried, came),
						   "Look again; if it stays so, ask for one data_id at a time.");
	return doctor_says(finding, DOCTOR_OK, psprintf("%d asked for, %d came", tried, came), NULL);
}

/* Two different texts of a field, from page 1; false if there are none. */
static bool
two_texts(const Doctor *doctor, const char *attr, const char *texts[2])
{
	texts[0] = texts[1] = NULL;
	for (int i = 0; i < doctor->page.nrows; i++)
	{
		const char *text = doctor_text(&doctor->page.rows->members[i], attr);

		if (!text || strchr(text, ' ') || strlen(text) > 60)
			continue;
		if (!texts[0])
			texts[0] = text;
		else if (strcmp(texts[0], text) != 0)
		{
			texts[1] = text;
			return true;
		}
	}
	return false;
}

/* A record of page 1 with that text was not found by it: asks for it by its id. */
static bool
ask_for_lost(Doctor *doctor, const char *attr, const char *text)
{
	doctor->wanted_id = 0;
	for (int i = 0; i < doctor->page.nrows && doctor->wanted_id == 0; i++)
	{
		const char *here = doctor_text(&doctor->page.rows->members[i], attr);

		if (here && strcmp(here, text) == 0)
			doctor->wanted_id = doctor_id(doctor, &doctor->page.rows->members[i]);
	}
	return doctor_ask(doctor, psprintf("{\"attr\":\"%s\",\"symbol\":\"equal\",\"value\":[" INT64_FORMAT "]}",
									   doctor->subject.id_key, doctor->wanted_id), 1, doctor->subject.page_size);
}

/* The answer to that: is it there, and has the text still? */
static bool
judge_lost(Doctor *doctor, const char *attr, const DoctorAnswer *answer, const char *what, DoctorFinding *finding)
{
	const char *was = NULL;
	DoctorList	list = {0};

	if (answer->kind == DOCTOR_ANSWERED)
		list = doctor_list(doctor, answer->tree);
	for (int i = 0; i < doctor->page.nrows && !was; i++)
		if (doctor_id(doctor, &doctor->page.rows->members[i]) == doctor->wanted_id)
			was = doctor_text(&doctor->page.rows->members[i], attr);
	for (int i = 0; i < list.nrows && was; i++)
	{
		const char *is = doctor_text(&list.rows->members[i], attr);

		if (doctor_id(doctor, &list.rows->members[i]) == doctor->wanted_id && is && strcmp(is, was) == 0)
			return doctor_says(finding, DOCTOR_FAIL, psprintf("%s is not found, though it is there", what),
							   "Conditions on such values lose rows, and no error tells; write them so that they are not sent, such as name || '' = 'a b', and ask XBB.");
	}
	return doctor_says(finding, DOCTOR_UNKNOWN, psprintf("%s was not found; the record that has it may have changed meanwhile", what), NULL);
}

/* The first of these texts that no record of the list has. */
static const char *
lost_text(const DoctorList *list, const char *attr, const char *const texts[2])
{
	for (int t = 0; t < 2; t++)
	{
		bool		found = false;

		for (int i = 0; i < list->nrows && !found; i++)
		{
			const char *text = doctor_text(&list->rows->members[i], attr);

			found = text && strcmp(text, texts[t]) == 0;
		}
		if (!found)
			return texts[t];
	}
	return NULL;
}

bool
doctor_check_text_in(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const char *attr = "serialNo";
	const char *texts[2];
	int			wanted = 0;
	DoctorList	list;

	if (!two_texts(doctor, attr, texts) && !two_texts(doctor, attr = "text_1", texts))
		return doctor_says(finding, DOCTOR_UNKNOWN, "page 1 has no two texts to ask for, in serialNo or text_1", NULL);
	if (step == 0)
		return doctor_ask(doctor, psprintf("{\"attr\":\"%s\",\"symbol\":\"in\",\"value\":[%s,%s]}", attr, json_quote(texts[0]), json_quote(texts[1])),
						  1, doctor->subject.page_size);
	if (step == 2)
		return judge_lost(doctor, attr, answer, psprintf("one of two values of %s", attr), finding);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, answer->words,
						   psprintf("Lists of values on %s fail; ask for one value at a time.", attr));
	list = doctor_list(doctor, answer->tree);
	for (int i = 0; i < list.nrows; i++)
	{
		const char *text = doctor_text(&list.rows->members[i], attr);

		wanted += text && (strcmp(text, texts[0]) == 0 || strcmp(text, texts[1]) == 0);
	}
	if (wanted < list.nrows)
		return doctor_says(finding, DOCTOR_WARN, psprintf("%d came, %d of them wanted: conditions on %s do not filter, or not as texts compare here", list.nrows, wanted, attr),
						   "Nothing: each row is compared once more here; such queries cost more requests.");
	if (list.nrows < doctor->on_page && lost_text(&list, attr, texts))
		return ask_for_lost(doctor, attr, lost_text(&list, attr, texts));
	return doctor_says(finding, DOCTOR_OK, psprintf("%d came for two values of %s, all wanted", list.nrows, attr), NULL);
}

/* A short text with a blank inside; the last, as the first records come without a condition, too. */
static const char *
text_with_blank(const Doctor *doctor, const char *attr)
{
	for (int i = doctor->page.nrows - 1; i >= 0; i--)
	{
		const char *text = doctor_text(&doctor->page.rows->members[i], attr);
		size_t		length = text ? strlen(text) : 0;

		if (length > 2 && length <= 60 && text[0] != ' ' && text[length - 1] != ' ' && strchr(text, ' '))
			return text;
	}
	return NULL;
}

bool
doctor_check_blank(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const char *attr = "text_1";
	const char *text = text_with_blank(doctor, attr);
	DoctorList	list;

	if (!text)
		text = text_with_blank(doctor, attr = "serialNo");
	if (!text)
		return doctor_says(finding, DOCTOR_UNKNOWN, "page 1 has no text with a blank inside, in text_1 or serialNo", NULL);
	if (step == 0)
		return doctor_ask(doctor, psprintf("{\"attr\":\"%s\",\"symbol\":\"equal\",\"value\":[%s]}", attr, json_quote(text)), 1, 1);
	if (step == 2)
		return judge_lost(doctor, attr, answer, "a value with a blank", finding);
	if (answer->kind == DOCTOR_DENIED)
		return doctor_says(finding, DOCTOR_WARN, psprintf("a value with a blank breaks the signature: %s", answer->words),
						   "Conditions on such values fail; write them so that they are not sent, such as name || '' = 'a b'.");
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, psprintf("a value with a blank: %s", answer->words),
						   "Conditions on such values fail; write them so that they are not sent, such as name || '' = 'a b'.");
	list = doctor_list(doctor, answer->tree);
	if (list.nrows > 0 && doctor_text(&list.rows->members[0], attr) && strcmp(doctor_text(&list.rows->members[0], attr), text) != 0)
		return doctor_says(finding, DOCTOR_WARN, psprintf("a value with a blank is signed right, but another record came: conditions on %s do not filter", attr),
						   "Nothing: each row is compared once more here; such queries cost more requests.");
	if (list.nrows == 0)
		return ask_for_lost(doctor, attr, text);
	return doctor_says(finding, DOCTOR_OK, "a value with a blank is signed right, and found", NULL);
}

bool
doctor_check_unknown_attr(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	DoctorList	list;

	if (step == 0)
		return doctor_ask(doctor, "{\"attr\":\"xbb_doctor_1\",\"symbol\":\"equal\",\"value\":[\"x\"]}", 1, 1);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
	list = doctor_list(doctor, answer->tree);
	if (list.nrows > 0)
		return doctor_says(finding, DOCTOR_WARN, "ignored: an attr that does not exist, as in option conditions, returns everything",
						   psprintf("SELECT * FROM xbb.attrs('<table>');  -- compare the attrs of options conditions and attr, of server %s", doctor->subject.server));
	return doctor_says(finding, DOCTOR_WARN, "matches nothing: with an attr that does not exist a list looks empty",
					   psprintf("SELECT * FROM xbb.attrs('<table>');  -- compare the attrs of options conditions and attr, of server %s", doctor->subject.server));
}

bool
doctor_check_unknown_symbol(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (step == 0)
		return doctor_ask(doctor, psprintf("{\"attr\":\"dataId\",\"symbol\":\"xbbdoctor\",\"value\":[" INT64_FORMAT "]}",
										   doctor_id(doctor, &doctor->page.rows->members[0])), 1, 1);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
	return doctor_says(finding, DOCTOR_WARN,
					   doctor_list(doctor, answer->tree).nrows > 0 ?
					   "ignored: a symbol that does not exist, as in option conditions, returns everything" :
					   "matches nothing: with a symbol that does not exist a list looks empty",
					   "Look at the symbols in option conditions: xbb_fdw itself sends none but equal, in, greaterequal, lessequal.");
}
