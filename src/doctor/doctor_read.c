/*-------------------------------------------------------------------------
 *
 * doctor_read.c
 *	  Records, totals and times of an answer, however they are written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "doctor/doctor_state.h"

/* Epoch seconds are less, milliseconds more (xbb-api 10.8). */
#define MOST_SECONDS 100000000000.0

/* More is no time, and no count: it would not be computed with safely. */
#define MOST_TIME 1e15
#define MOST_RECORDS INT64_C(1000000000000)

DoctorList
doctor_list(const Doctor *doctor, const JsonTree *tree)
{
	DoctorList	list = {.total = -1};
	const JsonTree *result = json_tree_member(tree, "result");
	const JsonTree *rows = json_tree_member(result, doctor->subject.list_key);
	const JsonTree *total = json_tree_member(result, "totalCount");

	list.has_result = result && result->type == JSON_TREE_OBJECT;
	if (rows && rows->type == JSON_TREE_ARRAY)
	{
		list.rows = rows;
		list.nrows = rows->nmembers;
	}
	if (json_tree_integer(total, &list.total))
		list.total_is_text = total->type == JSON_TREE_STRING;
	if (list.total < 0 || list.total > MOST_RECORDS)
		list.total = -1;
	return list;
}

int64
doctor_id(const Doctor *doctor, const JsonTree *row)
{
	int64		id = 0;

	json_tree_integer(json_tree_member(row, doctor->subject.id_key), &id);
	return id;
}

const char *
doctor_attr(DoctorTime which)
{
	return which == DOCTOR_UPDATE_TIME ? "updateTime" : "addTime";
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64
days_to(int year, int month, int day)
{
	int64		y = month <= 2 ? year - 1 : year;
	int			shifted = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

/* "2026-02-02 10:40[:30]", slashes too, in the subject's time zone. */
static int64
time_of_text(const Doctor *doctor, const char *text)
{
	int			year;
	int			month;
	int			day;
	int			hour = 0;
	int			minute = 0;
	int			second = 0;

	if (sscanf(text, "%4d%*1[-/]%2d%*1[-/]%2d%*1[ T]%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) < 3)
		return 0;
	return ((days_to(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - doctor->subject.zone_seconds;
}

int64
doctor_time(const Doctor *doctor, const JsonTree *row, DoctorTime which, const char **how)
{
	const JsonTree *time = json_tree_member(row, doctor_attr(which));
	const char *text = json_tree_text(time);
	bool		is_text = time && time->type == JSON_TREE_STRING;
	char	   *end;
	double		value;
	const char *ignored;

	if (!how)
		how = &ignored;
	*how = "nothing";
	if (!text || text[0] == '\0')
		return 0;
	value = strtod(text, &end);
	if (*end != '\0')
	{
		*how = "text";
		return time_of_text(doctor, text);
	}
	if (!(value >= 0 && value < MOST_TIME))
		return 0;
	if (value >= MOST_SECONDS)
	{
		*how = is_text ? "milliseconds as text" : "milliseconds";
		return (int64) (value / 1000);
	}
	if (value != (double) (int64) value)
		*how = "seconds with fractions";
	else if (value > 0)
		*how = is_text ? "seconds as text" : "seconds";
	return (int64) value;
}

bool
doctor_has(const Doctor *doctor, const DoctorList *list, int64 id)
{
	for (int i = 0; i < list->nrows; i++)
		if (doctor_id(doctor, &list->rows->members[i]) == id)
			return true;
	return false;
}

bool
doctor_is_within(const Doctor *doctor, const DoctorList *list, DoctorTime which, int64 from, int64 to)
{
	for (int i = 0; i < list->nrows; i++)
	{
		int64		time = doctor_time(doctor, &list->rows->members[i], which, NULL);

		if (time < from || time > to)
			return false;
	}
	return true;
}

const char *
doctor_text(const JsonTree *row, const char *attr)
{
	const JsonTree *value = json_tree_member(json_tree_member(row, "data"), attr);
	const char *text = value && value->type == JSON_TREE_STRING ? json_tree_text(value) : NULL;

	return text && text[0] ? text : NULL;
}
