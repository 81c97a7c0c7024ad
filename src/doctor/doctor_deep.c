/*-------------------------------------------------------------------------
 *
 * doctor_deep.c
 *	  What is not documented, and what the extension does not rely on: facts, for who is to decide
 *	  on more.  Each is one of xbb-api.md's open points.
 *
 * What is refused, works, or is ignored is told as "ok"; "warn" is only what is not safe.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/limits.h"
#include "doctor/doctor_state.h"

#define PRODUCT_DETAIL "/pro/v2/api/product/detail"

/* Ids in one condition. */
static const int many_values[] = {50, 100};

/* What became of a condition that some records satisfy, and some do not. */
static bool
tell(const Doctor *doctor, const DoctorAnswer *answer, DoctorFinding *finding)
{
	DoctorList	list;

	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
	list = doctor_list(doctor, answer->tree);
	if (list.total < 0)
		return doctor_says(finding, DOCTOR_OK, psprintf("taken: %d records on the page", list.nrows), NULL);
	return doctor_says(finding, DOCTOR_OK,
					   list.total == doctor->total ? psprintf("ignored, or true of all: " INT64_FORMAT " of " INT64_FORMAT " records", list.total, doctor->total) :
					   psprintf("taken: " INT64_FORMAT " of " INT64_FORMAT " records", list.total, doctor->total), NULL);
}

static bool
ask_condition(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding,
			  const char *attr, const char *symbol, const char *value)
{
	if (step == 0)
		return doctor_ask(doctor, psprintf("{\"attr\":\"%s\",\"symbol\":\"%s\",\"value\":[%s]}", attr, symbol, value), 1, 1);
	return tell(doctor, answer, finding);
}

/* The time of the record in the middle of page 1. */
static int64
some_time(const Doctor *doctor)
{
	return doctor_time(doctor, &doctor->page.rows->members[doctor->page.nrows / 2], DOCTOR_UPDATE_TIME, NULL);
}

bool
doctor_check_range(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	int64		time = some_time(doctor);

	return ask_condition(doctor, step, answer, finding, "updateTime", "range", psprintf(INT64_FORMAT "," INT64_FORMAT, time, time));
}

bool
doctor_check_lessthan(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "updateTime", "lessthan", psprintf(INT64_FORMAT, some_time(doctor)));
}

bool
doctor_check_greaterthan(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "updateTime", "greaterthan", psprintf(INT64_FORMAT, some_time(doctor)));
}

bool
doctor_check_noequal(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "dataId", "noequal",
						 psprintf(INT64_FORMAT, doctor_id(doctor, &doctor->page.rows->members[0])));
}

bool
doctor_check_empty(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "text_1", "empty", "");
}

bool
doctor_check_noempty(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "text_1", "noempty", "");
}

bool
doctor_check_like(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const char *text = NULL;
	char		letter[5] = "";

	for (int i = 0; i < doctor->page.nrows && !text; i++)
		text = doctor_text(&doctor->page.rows->members[i], "text_1");
	if (!text)
		return doctor_says(finding, DOCTOR_UNKNOWN, "no record of page 1 has a text_1", NULL);
	/* its first character, whole */
	for (int i = 0; i < 4 && text[i] && (i == 0 || ((unsigned char) text[i] & 0xc0) == 0x80); i++)
		letter[i] = text[i];
	return ask_condition(doctor, step, answer, finding, "text_1", "like", json_quote(letter));
}

bool
doctor_check_wrong_type(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "updateTime", "greaterequal", "\"xbb\"");
}

bool
doctor_check_time_as_text(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	return ask_condition(doctor, step, answer, finding, "updateTime", "lessequal", psprintf("\"" INT64_FORMAT "\"", some_time(doctor)));
}

bool
doctor_check_page_size_101(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (doctor->total <= API_PAGE_RECORDS)
		return doctor_says(finding, DOCTOR_UNKNOWN, psprintf(INT64_FORMAT " records are too few to tell", doctor->total), NULL);
	if (step == 0)
		return doctor_ask(doctor, "", 1, API_PAGE_RECORDS + 1);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
	return doctor_says(finding, DOCTOR_OK, psprintf("of %d asked for, %d came", API_PAGE_RECORDS + 1, doctor_list(doctor, answer->tree).nrows), NULL);
}

bool
doctor_check_many_values(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	StringInfoData ids;
	int			n;

	if (step > 0 && answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, psprintf("%d ids in one condition: %s", doctor->tried, answer->words), NULL);
	if (step > 0 && doctor_list(doctor, answer->tree).nrows < doctor->tried)
		return doctor_says(finding, DOCTOR_OK, psprintf("of %d ids in one condition, %d came", doctor->tried, doctor_list(doctor, answer->tree).nrows), NULL);
	n = step < (int) lengthof(many_values) ? Min(many_values[step], doctor->page.nrows) : 0;
	if (n == 0 || (step > 0 && n == doctor->tried))
		return doctor_says(finding, DOCTOR_OK, psprintf("%d ids in one condition, and as many came", doctor->tried), NULL);
	doctor->tried = n;
	initStringInfo(&ids);
	for (int i = 0; i < n; i++)
		appendStringInfo(&ids, "%s" INT64_FORMAT, i > 0 ? "," : "", doctor_id(doctor, &doctor->page.rows->members[i]));
	return doctor_ask(doctor, psprintf("{\"attr\":\"dataId\",\"symbol\":\"equal\",\"value\":[%s]}", ids.data), 1, doctor->subject.page_size);
}

/* ---- bodies that are not as the extension sends them ---- */

static bool
tell_body(const DoctorAnswer *answer, DoctorFinding *finding, const char *taken)
{
	return doctor_says(finding, DOCTOR_OK, answer->kind == DOCTOR_ANSWERED ? taken : answer->words, NULL);
}

bool
doctor_check_blanks_in_body(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (step == 0)
		return doctor_ask_body(doctor, psprintf("{\n  %s,\n  \"page\": 1,\n  \"pageSize\": 1\n}\n",
												doctor_members(doctor, doctor->subject.corpid, true)), false);
	return tell_body(answer, finding, "taken: the signature is of the body as it was sent, or of one without blanks");
}

bool
doctor_check_escapes_in_body(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (step == 0)
		return doctor_ask_body(doctor, psprintf("{%s,\"p\\u0061ge\":1,\"pageSize\":1}",
												doctor_members(doctor, doctor->subject.corpid, true)), false);
	return tell_body(answer, finding, "taken: the signature is of the body as it was sent");
}

bool
doctor_check_wrong_signature(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	/* once: many could lock the account */
	if (step == 0)
		return doctor_ask_body(doctor, psprintf("{%s,\"page\":1,\"pageSize\":1}", doctor_members(doctor, doctor->subject.corpid, true)), true);
	if (answer->kind == DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, "taken: signatures are not looked at, so that anybody who knows the corpid may read",
						   "Tell XBB.");
	return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
}

bool
doctor_check_wrong_company(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	if (step == 0)
		return doctor_ask_body(doctor, psprintf("{%s,\"page\":1,\"pageSize\":1}", doctor_members(doctor, "ding_xbb_doctor", true)), false);
	if (answer->kind == DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_WARN, "taken: a company that does not exist is answered", "Check base_url: is it the API's?");
	return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
}

bool
doctor_check_no_form(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorSubject *subject = &doctor->subject;

	if (!subject->needs_form_id)
		return doctor_says(finding, DOCTOR_SKIPPED, psprintf("the list of %s wants no form_id", subject->object), NULL);
	if (step == 0)
		return doctor_ask_body(doctor, psprintf("{%s,\"page\":1,\"pageSize\":1}",
												json_body_members(subject->corpid, subject->user_id, NULL, NULL)), false);
	return tell_body(answer, finding, "taken: without form_id there are records, too");
}

/* How owners come: as text, as an array. */
static const char *
owner_shape(const JsonTree *row)
{
	const JsonTree *owner = json_tree_member(json_tree_member(row, "data"), "ownerId");

	return owner == NULL ? "missing" : owner->type == JSON_TREE_STRING ? "text" : owner->type == JSON_TREE_ARRAY ? "an array" : "something else";
}

/* Details are of parents alone (xbb-api 6): the first one, or else the first record. */
static const JsonTree *
some_parent(const Doctor *doctor)
{
	for (int i = 0; i < doctor->page.nrows; i++)
	{
		const char *parent = json_tree_text(json_tree_member(json_tree_member(&doctor->page.rows->members[i], "data"), "num_3"));

		if (parent && strcmp(parent, "0") == 0)
			return &doctor->page.rows->members[i];
	}
	return &doctor->page.rows->members[0];
}

bool
doctor_check_detail(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const JsonTree *row = some_parent(doctor);

	if (strcmp(doctor->subject.object, "product") != 0)
		return doctor_says(finding, DOCTOR_SKIPPED, "of products alone", NULL);
	if (step == 0)
		return doctor_ask_path(doctor, PRODUCT_DETAIL, psprintf("\"dataId\":" INT64_FORMAT, doctor_id(doctor, row)));
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, answer->words, NULL);
	return doctor_says(finding, DOCTOR_OK, psprintf("there are details; ownerId is %s in lists, and %s there", owner_shape(row),
													owner_shape(json_tree_member(answer->tree, "result"))), NULL);
}
