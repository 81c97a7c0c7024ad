/*-------------------------------------------------------------------------
 *
 * doctor_access.c
 *	  Checks of what the acting user may see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "doctor/doctor_state.h"

#define FORM_LIST "/pro/v2/api/form/list"

/* What form/list calls the two kinds (xbb-api 7). */
#define MARK_SYSTEM 1
#define MARK_CUSTOM 2

bool
doctor_check_acting_user(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	const DoctorSubject *subject = &doctor->subject;
	DoctorList	list;

	if (!subject->user_id)
		return doctor_says(finding, DOCTOR_SKIPPED, "the user mapping has no user_id: the API lets its administrator act", NULL);
	if (subject->personal)
		return doctor_says(finding, DOCTOR_SKIPPED, "a personal token acts for its person alone", NULL);
	if (step == 0)
		return doctor_ask_without_user(doctor, 1, 1);
	if (step == 1 && answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_OK, psprintf("without user_id: %s", answer->words), NULL);
	if (answer->kind != DOCTOR_ANSWERED)
		return doctor_says(finding, DOCTOR_UNKNOWN, answer->words, NULL);
	list = doctor_list(doctor, answer->tree);
	if (step == 1 && list.total == doctor->total)
		return doctor_says(finding, DOCTOR_OK, "as many records without user_id", NULL);
	/* the list may have changed since it was counted with it */
	if (step == 1)
	{
		doctor->before = list.total;
		return doctor_ask(doctor, "", 1, 1);
	}
	doctor->total = list.total;
	if (list.total == doctor->before)
		return doctor_says(finding, DOCTOR_OK, "as many records without user_id", NULL);
	if (list.total < doctor->before)
		return doctor_says(finding, DOCTOR_WARN,
						   psprintf("user_id sees " INT64_FORMAT " of " INT64_FORMAT " records: a sync's copy has no others, and deletes those it had",
									list.total, doctor->before),
						   psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (SET user_id '<user who sees all>');",
									subject->mapping, subject->server));
	return doctor_says(finding, DOCTOR_OK, psprintf("without user_id there are " INT64_FORMAT " records, with it " INT64_FORMAT, doctor->before, list.total), NULL);
}

/* Counts the forms, and takes one of the object. */
static void
read_forms(Doctor *doctor, const JsonTree *tree, bool custom)
{
	const JsonTree *list = json_tree_member(json_tree_member(tree, "result"), "formList");

	for (int i = 0; list && list->type == JSON_TREE_ARRAY && i < list->nmembers; i++)
	{
		int64		form_id = 0;
		int64		business_type = 0;

		json_tree_integer(json_tree_member(&list->members[i], "formId"), &form_id);
		json_tree_integer(json_tree_member(&list->members[i], "businessType"), &business_type);
		doctor->nforms++;
		if (form_id > 0 && custom == doctor->subject.custom &&
			(custom || (business_type > 0 && business_type == doctor->subject.business_type)) &&
			(doctor->form_id == 0 || form_id < doctor->form_id))
			doctor->form_id = form_id;
	}
}

bool
doctor_check_forms(Doctor *doctor, int step, const DoctorAnswer *answer, DoctorFinding *finding)
{
	/* a list with a form of its own begins with them */
	if (step == 0)
	{
		doctor->nforms = 0;
		return doctor_ask_path(doctor, FORM_LIST, psprintf("\"saasMark\":%d", MARK_SYSTEM));
	}
	if (answer->kind != DOCTOR_ANSWERED)
	{
		bool		cannot_go_on = doctor->subject.needs_form_id && !doctor->subject.form_id;

		if (cannot_go_on)
			doctor->forms_refused = answer->words;
		return doctor_says(finding, cannot_go_on ? DOCTOR_FAIL : DOCTOR_WARN,
						   psprintf("the forms cannot be listed, so that IMPORT FOREIGN SCHEMA makes no tables of them: %s", answer->words),
						   answer->hint);
	}
	read_forms(doctor, answer->tree, step == 2);
	if (step == 1)
		return doctor_ask_path(doctor, FORM_LIST, psprintf("\"saasMark\":%d", MARK_CUSTOM));
	return doctor_says(finding, DOCTOR_OK, psprintf("%d form%s", doctor->nforms, doctor->nforms == 1 ? "" : "s"), NULL);
}
