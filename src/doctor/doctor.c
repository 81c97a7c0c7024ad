/*-------------------------------------------------------------------------
 *
 * doctor.c
 *	  One check after another: what is to be asked, and what every answer means alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "doctor/doctor_state.h"

/* So many checks in a row without an answer: the API does not answer. */
#define MOST_LOST 2

/* Bytes and digits of what the API says that may be a record's; it may say shorter ones, and codes. */
#define SHORTEST_VALUE 4
#define LONG_NUMBER 8

const char *const doctor_status_names[DOCTOR_NSTATUSES] = {"ok", "warn", "fail", "unknown", "skipped"};

static int
most_requests(const Doctor *doctor)
{
	return doctor->subject.deep ? DOCTOR_DEEP_REQUESTS : DOCTOR_REQUESTS;
}

static DoctorFinding *
finding_under_way(Doctor *doctor)
{
	return &doctor->findings[doctor->current];
}

static void
go_on(Doctor *doctor)
{
	doctor->current++;
	doctor->step = 0;
	doctor->asking = doctor->again = false;
}

/* Ends the check under way without its own words. */
static void
end_check(Doctor *doctor, DoctorStatus status, const char *found)
{
	doctor_says(finding_under_way(doctor), status, found, NULL);
	go_on(doctor);
}

/* Why a check is of no use now, or NULL. */
static const char *
lacks(const Doctor *doctor, int needs)
{
	const DoctorSubject *subject = &doctor->subject;

	if (doctor->stopped)
		return doctor->stopped;
	if ((needs & DOCTOR_NEEDS_WIRE) && !doctor->has_wire)
		return "nothing was sent";
	if ((needs & DOCTOR_NEEDS_TIMES) && !subject->has_times)
		return psprintf("the list of %s takes no conditions", subject->object);
	if ((needs & DOCTOR_NEEDS_PAGES) && !subject->paged)
		return psprintf("the list of %s has no pages", subject->object);
	if ((needs & DOCTOR_NEEDS_ANSWER) && !doctor->answered)
		return "page 1 did not come";
	if ((needs & DOCTOR_NEEDS_ROWS) && doctor->page.nrows == 0)
		return "page 1 has no records";
	if ((needs & DOCTOR_NEEDS_TOTAL) && doctor->total < 0)
		return "there is no totalCount";
	return NULL;
}

/* Runs a step of the check under way; true once it has found something. */
static void
run_step(Doctor *doctor, const DoctorAnswer *answer)
{
	const DoctorCheck *check = &doctor->checks[doctor->current];

	if (check->check(doctor, doctor->step++, answer, finding_under_way(doctor)))
		go_on(doctor);
}

/* In the table's order; for a list that needs a form, the forms come first. */
static const DoctorCheck *
checks_in_order(const DoctorSubject *subject, int nchecks)
{
	DoctorCheck *checks = palloc(sizeof(DoctorCheck) * nchecks);
	bool		forms_first = subject->needs_form_id && !subject->form_id;
	int			n = 0;

	for (int pass = forms_first ? 0 : 1; pass <= 1; pass++)
		for (int i = 0; i < nchecks; i++)
		{
			bool		is_forms = doctor_checks[i].check == doctor_check_forms;

			if (pass == 0 ? is_forms : !is_forms || !forms_first)
				checks[n++] = doctor_checks[i];
		}
	return checks;
}

Doctor *
doctor_begin(const DoctorSubject *subject)
{
	Doctor	   *doctor = palloc0(sizeof(Doctor));

	doctor->subject = *subject;
	/* as many as the API gives unasked, at least: some ids are to fit */
	doctor->subject.page_size = Max(subject->page_size, DOCTOR_LEAST_PAGE);
	doctor->nchecks = doctor_nchecks - (subject->deep ? 0 : doctor_ndeep);
	doctor->checks = checks_in_order(subject, doctor->nchecks);
	doctor->total = -1;
	doctor->nforms = -1;
	doctor->findings = palloc0(sizeof(DoctorFinding) * doctor->nchecks);
	for (int i = 0; i < doctor->nchecks; i++)
	{
		doctor->findings[i].area = doctor->checks[i].area;
		doctor->findings[i].check_name = doctor->checks[i].name;
		doctor->findings[i].assumed = doctor->checks[i].assumed;
	}
	return doctor;
}

void
doctor_stop(Doctor *doctor, const char *why)
{
	if (!doctor->stopped)
		doctor->stopped = pstrdup(why);
}

bool
doctor_next(Doctor *doctor, DoctorQuestion *question)
{
	while (doctor->current < doctor->nchecks)
	{
		const char *lacking;

		if (doctor->asking && doctor->requests < most_requests(doctor))
		{
			*question = doctor->question;
			return true;
		}
		if (doctor->asking)
		{
			doctor_stop(doctor, psprintf("%d requests were sent, which is the most", most_requests(doctor)));
			end_check(doctor, DOCTOR_SKIPPED, doctor->stopped);
			continue;
		}
		/* what follows from what was seen is told, though nothing more is asked */
		lacking = lacks(doctor, doctor->checks[doctor->current].needs);
		if (lacking && !(doctor->checks[doctor->current].needs & DOCTOR_NEEDS_WIRE && doctor->has_wire))
			end_check(doctor, DOCTOR_SKIPPED, lacking);
		else
			run_step(doctor, NULL);
	}
	return false;
}

static void
note_wire(Doctor *doctor, const DoctorAnswer *answer)
{
	if (answer->wire.ended_us <= 0)
		return;
	if (answer->wire.date >= 0 && doctor->dated.date <= 0)
		doctor->dated = answer->wire;
	if (!doctor->has_wire)
		doctor->first = answer->wire;
	else if (answer->wire.fresh)
		doctor->nfresh += !doctor->cut;
	else
		doctor->reused = true;
	doctor->has_wire = true;
	doctor->cut = answer->kind == DOCTOR_LOST || answer->kind == DOCTOR_UNREACHED;
	if (answer->kind != DOCTOR_LOST && answer->kind != DOCTOR_UNREACHED && doctor->nwires < DOCTOR_DEEP_REQUESTS)
		doctor->ended_us[doctor->nwires++] = answer->wire.ended_us;
}

/* What the API says may repeat what it was asked for: values of records, and long numbers, are left out. */
static const char *
without_values(const Doctor *doctor, const char *words)
{
	static const char *const attrs[] = {"serialNo", "text_1"};
	char	   *quiet = pstrdup(words);
	char	   *to;
	size_t		digits;

	for (int i = 0; i < doctor->page.nrows * (int) lengthof(attrs); i++)
	{
		const char *text = doctor_text(&doctor->page.rows->members[i / lengthof(attrs)], attrs[i % lengthof(attrs)]);
		char	   *at;

		while (text && strlen(text) >= SHORTEST_VALUE && (at = strstr(quiet, text)) != NULL)
			quiet = psprintf("%.*s...%s", (int) (at - quiet), quiet, at + strlen(text));
	}
	to = quiet;
	for (const char *from = quiet; *from; from += Max(digits, 1))
	{
		digits = strspn(from, "0123456789");
		if (digits >= LONG_NUMBER)
		{
			memcpy(to, "...", 3);
			to += 3;
			continue;
		}
		memmove(to, from, Max(digits, 1));
		to += Max(digits, 1);
	}
	*to = '\0';
	return quiet;
}

void
doctor_answer(Doctor *doctor, const DoctorAnswer *given)
{
	bool		takes_all = doctor->checks[doctor->current].needs & DOCTOR_TAKES_ALL;
	DoctorAnswer quiet = *given;
	const DoctorAnswer *answer = &quiet;

	if (given->kind == DOCTOR_REFUSED || given->kind == DOCTOR_DENIED || given->kind == DOCTOR_LIMITED)
		quiet.words = without_values(doctor, given->words);
	doctor->asking = false;
	if (answer->kind == DOCTOR_NOT_SENT)
	{
		doctor_stop(doctor, answer->words);
		end_check(doctor, DOCTOR_SKIPPED, doctor->stopped);
		return;
	}
	doctor->requests++;
	finding_under_way(doctor)->requests++;
	note_wire(doctor, answer);
	if (answer->kind == DOCTOR_LIMITED)
	{
		doctor_stop(doctor, psprintf("the API wants a pause: %s", answer->words));
		end_check(doctor, DOCTOR_UNKNOWN, psprintf("%s; nothing more is asked", doctor->stopped));
		return;
	}
	if ((answer->kind == DOCTOR_LOST || answer->kind == DOCTOR_STATUS) && !doctor->again)
	{
		doctor->asking = doctor->again = true;
		return;
	}
	if (answer->kind == DOCTOR_LOST || answer->kind == DOCTOR_UNREACHED)
	{
		if (answer->kind == DOCTOR_UNREACHED || ++doctor->lost >= MOST_LOST)
			doctor_stop(doctor, psprintf("the API does not answer: %s", answer->words));
		if (!takes_all)
		{
			end_check(doctor, DOCTOR_UNKNOWN, psprintf("no answer: %s", answer->words));
			return;
		}
	}
	else
		doctor->lost = 0;
	doctor->again = false;
	run_step(doctor, answer);
}

bool
doctor_holds(const Doctor *doctor, const DoctorAnswer *answer)
{
	return answer->tree && answer->tree == doctor->page_tree;
}

void
doctor_crash(Doctor *doctor, const char *message)
{
	if (doctor->current < doctor->nchecks)
		end_check(doctor, DOCTOR_UNKNOWN, psprintf("the check itself has failed: %s", message));
}

void
doctor_took(Doctor *doctor, double seconds)
{
	finding_under_way(doctor)->elapsed += seconds;
}

int
doctor_requests(const Doctor *doctor)
{
	return doctor->requests;
}

const char *
doctor_stopped(const Doctor *doctor)
{
	return doctor->stopped;
}

DoctorFinding *
doctor_findings(const Doctor *doctor, int *nfindings)
{
	static const char *const areas[] = {"network", "api", "deep"};
	DoctorFinding *sorted = palloc(sizeof(DoctorFinding) * doctor->nchecks);
	int			n = 0;

	for (int area = 0; area < (int) lengthof(areas); area++)
		for (int i = 0; i < doctor->nchecks; i++)
			if (strcmp(doctor->findings[i].area, areas[area]) == 0)
				sorted[n++] = doctor->findings[i];
	Assert(n == doctor->nchecks);
	*nfindings = n;
	return sorted;
}

/* Appends "2 fail (answer, mapping)". */
static void
append_named(StringInfo text, const char *what, DoctorStatus status, const DoctorFinding *findings, int nfindings)
{
	int			n = 0;

	for (int i = 0; i < nfindings; i++)
		n += findings[i].status == status;
	if (n == 0)
		return;
	appendStringInfo(text, "; %d %s (", n, what);
	n = 0;
	for (int i = 0; i < nfindings; i++)
		if (findings[i].status == status)
			appendStringInfo(text, "%s%s", n++ > 0 ? ", " : "", findings[i].check_name);
	appendStringInfoChar(text, ')');
}

DoctorFinding
doctor_summary(const Doctor *doctor, const DoctorFinding *findings, int nfindings, double elapsed)
{
	DoctorFinding summary = {.area = "summary", .check_name = "summary", .requests = doctor->requests, .elapsed = elapsed};
	bool		answered = false;
	int			skipped = 0;
	StringInfoData text;

	summary.status = DOCTOR_OK;
	for (int i = 0; i < nfindings; i++)
	{
		const DoctorFinding *finding = &findings[i];
		bool		worse = finding->status == DOCTOR_FAIL ||
			(finding->status == DOCTOR_WARN && summary.status != DOCTOR_FAIL);

		skipped += finding->status == DOCTOR_SKIPPED;
		if (strcmp(finding->check_name, "answer") == 0)
			answered = finding->status != DOCTOR_UNKNOWN && finding->status != DOCTOR_SKIPPED;
		if (worse && summary.status != finding->status)
		{
			summary.status = finding->status;
			summary.fix = NULL;
		}
		if (worse && !summary.fix)
			summary.fix = finding->fix;
	}
	/* what was not seen is no reason to call it well */
	if (summary.status == DOCTOR_OK && (!answered || doctor->stopped))
		summary.status = DOCTOR_UNKNOWN;
	initStringInfo(&text);
	appendStringInfo(&text, "%s: %d checks, %d request%s, %.1f s", doctor->subject.server, nfindings, doctor->requests,
					 doctor->requests == 1 ? "" : "s", elapsed);
	append_named(&text, "failed", DOCTOR_FAIL, findings, nfindings);
	append_named(&text, "to look at", DOCTOR_WARN, findings, nfindings);
	append_named(&text, "not known", DOCTOR_UNKNOWN, findings, nfindings);
	if (skipped > 0)
		appendStringInfo(&text, "; %d skipped", skipped);
	if (doctor->stopped)
		appendStringInfo(&text, "; %s", doctor->stopped);
	else if (summary.status == DOCTOR_OK)
		appendStringInfoString(&text, "; nothing to do");
	summary.found = text.data;
	return summary;
}
