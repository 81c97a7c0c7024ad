/*-------------------------------------------------------------------------
 *
 * doctor_ask.c
 *	  The bodies of questions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "doctor/doctor_state.h"

char *
doctor_members(const Doctor *doctor, const char *corpid, bool with_user)
{
	const DoctorSubject *subject = &doctor->subject;
	const char *form_id = subject->form_id;

	if (!form_id && subject->needs_form_id && doctor->form_id > 0)
		form_id = psprintf(INT64_FORMAT, doctor->form_id);
	return json_body_members(corpid, with_user ? subject->user_id : NULL, form_id, NULL);
}

static bool
ask(Doctor *doctor, const char *path, const char *body, const char *called, bool missigned)
{
	doctor->question = (DoctorQuestion)
	{
		path, body, called, missigned
	};
	doctor->asking = true;
	return false;
}

/* As the extension sends it: conditions before page. */
static char *
body_of(const Doctor *doctor, bool with_user, const char *conditions, int page, int page_size)
{
	const char *members = doctor_members(doctor, doctor->subject.corpid, with_user);
	const char *limits = doctor->subject.paged ? psprintf(",\"page\":%d,\"pageSize\":%d", page, page_size) : "";

	return conditions[0] ? psprintf("{%s,\"conditions\":[%s]%s}", members, conditions, limits) :
		psprintf("{%s%s}", members, limits);
}

bool
doctor_ask(Doctor *doctor, const char *conditions, int page, int page_size)
{
	return ask(doctor, doctor->subject.path, body_of(doctor, true, conditions, page, page_size),
			   psprintf("page %d", page), false);
}

bool
doctor_ask_without_user(Doctor *doctor, int page, int page_size)
{
	return ask(doctor, doctor->subject.path, body_of(doctor, false, "", page, page_size), "without user_id", false);
}

bool
doctor_ask_path(Doctor *doctor, const char *path, const char *members)
{
	return ask(doctor, path,
			   psprintf("{%s,%s}", json_body_members(doctor->subject.corpid, doctor->subject.user_id, NULL, NULL), members),
			   "", false);
}

bool
doctor_ask_body(Doctor *doctor, const char *body, bool missigned)
{
	return ask(doctor, doctor->subject.path, body, "as it should not be", missigned);
}

char *
doctor_range(DoctorTime which, int64 from, int64 to)
{
	const char *attr = doctor_attr(which);

	return psprintf("{\"attr\":\"%s\",\"symbol\":\"greaterequal\",\"value\":[" INT64_FORMAT "]},"
					"{\"attr\":\"%s\",\"symbol\":\"lessequal\",\"value\":[" INT64_FORMAT "]}",
					attr, from, attr, to);
}
