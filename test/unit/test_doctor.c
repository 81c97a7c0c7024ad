/*-------------------------------------------------------------------------
 *
 * test_doctor.c
 *	  The doctor, whatever is answered: it ends, by no more requests than it may send, with one
 *	  finding a check; a limiter's answer, a lost one and a check that fails itself are no faults
 *	  of the API.
 *
 * Canned answers, and drawn ones (XBB_SEED repeats a run).  What it makes of a whole API,
 * test/doctor_test.py asks.
 *
 *-------------------------------------------------------------------------
 */
#include "backend.h"

#include "doctor/doctor.h"

#define RECORDS 250
#define FIRST_TIME INT64_C(1790000000)

static int	ntests;
static int	nfailed;
static uint64 seed = 1;

static void
ok(bool passed, const char *name)
{
	printf("%sok %d - %s\n", passed ? "" : "not ", ++ntests, name);
	nfailed += !passed;
}

static int
draw(int n)
{
	seed = seed * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
	return (int) ((seed >> 33) % n);
}

static DoctorSubject
subject(bool deep)
{
	return (DoctorSubject)
	{
		.server = "crm", .literal = "'crm'", .mapping = "etl", .corpid = "ding1", .user_id = "u1",
		.secure = true, .object = "product", .path = "/pro/v2/api/product/list", .list_key = "list", .id_key = "dataId",
		.business_type = 2401, .has_times = true, .paged = true, .page_size = 100, .rate_limit = 16, .concurrency = 8,
		.zone_seconds = 8 * 3600, .time_zone = "Asia/Shanghai", .deep = deep
	};
}

/* ---- a list of 250, whose record n has the time FIRST_TIME + n and the id n ---- */

static int64
number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? atoll(at + strlen(word)) : -1;
}

/* The records between two times, or with ids, of a page. */
static char *
list_answer(const char *body)
{
	static char answer[1024 * 1024];
	int64		page = number_after(body, "\"page\":");
	int64		size = number_after(body, "\"pageSize\":");
	int64		from = number_after(body, "\"greaterequal\",\"value\":[");
	int64		to = number_after(body, "\"lessequal\",\"value\":[");
	const char *ids = strstr(body, "\"dataId\",\"symbol\":\"equal\",\"value\":[");
	const char *in = strstr(body, "\"in\",\"value\":[");
	const char *blank = strstr(body, "\"text_1\",\"symbol\":\"equal\",\"value\":[");
	int			total = 0;
	int			n = 0;
	char	   *end = answer + sprintf(answer, "{\"code\":1,\"success\":true,\"result\":{\"list\":[");

	for (int i = RECORDS; i > 0; i--)
	{
		int64		time = FIRST_TIME + i;
		char		name[32];

		sprintf(name, "\"n %d\"", i);
		if ((from >= 0 && (time < from || time > to)) || (blank && !strstr(blank, name)))
			continue;
		sprintf(name, "\"s%d\"", i);
		if (in && !strstr(in, name))
			continue;
		if (ids)
		{
			bool		wanted = false;

			for (const char *at = strchr(ids, '[') + 1; *at != ']'; at += strcspn(at, ",]") + (at[strcspn(at, ",]")] == ','))
				wanted |= atoi(at) == i;
			if (!wanted)
				continue;
		}
		if (total++ < (page - 1) * size || n >= Min(size, 100))
			continue;
		end += sprintf(end, "%s{\"dataId\":%d,\"addTime\":%lld,\"updateTime\":%lld,\"data\":{\"serialNo\":\"s%d\",\"text_1\":\"n %d\"}}",
					   n++ > 0 ? "," : "", i, (long long) time, (long long) time, i, i);
	}
	sprintf(end, "],\"totalCount\":%d}}", total);
	return answer;
}

static DoctorAnswer
healthy(const DoctorQuestion *question)
{
	DoctorAnswer answer = {.words = "", .wire = {.resolved_us = 100, .connected_us = 200, .secured_us = 300, .ended_us = 1000,
	.http_version = 11, .sent = FIRST_TIME + 1000, .came = FIRST_TIME + 1000, .date = FIRST_TIME + 1000}};
	char	   *problem;
	const char *text = strstr(question->path, "form/list") ? "{\"code\":1,\"result\":{\"formList\":[{\"formId\":1,\"businessType\":100}]}}" :
		list_answer(question->body);

	if (question->missigned || strstr(question->body, "ding_xbb_doctor"))
		answer.kind = DOCTOR_DENIED;
	else if (strstr(question->body, "xbb_doctor_1") || strstr(question->body, "xbbdoctor"))
		answer.kind = DOCTOR_REFUSED;
	else
		answer.tree = json_tree(text, strlen(text), JSON_TREE_ANY, &problem);
	if (answer.kind != DOCTOR_ANSWERED)
		answer.words = "no";
	return answer;
}

static const DoctorFinding *
named(const DoctorFinding *findings, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(findings[i].check_name, name) == 0)
			return &findings[i];
	return NULL;
}

static int
with_status(const DoctorFinding *findings, int n, DoctorStatus status)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += findings[i].status == status;
	return count;
}

static void
test_healthy(void)
{
	DoctorSubject of = subject(false);
	Doctor	   *doctor = doctor_begin(&of);
	DoctorQuestion question;
	DoctorFinding *findings;
	DoctorFinding summary;
	int			n;

	while (doctor_next(doctor, &question))
	{
		DoctorAnswer answer = healthy(&question);

		doctor_answer(doctor, &answer);
	}
	findings = doctor_findings(doctor, &n);
	ok(doctor_requests(doctor) == 15, "a healthy list of 250 takes 15 requests");
	ok(with_status(findings, n, DOCTOR_OK) == n - 1 && named(findings, n, "depth")->status == DOCTOR_UNKNOWN,
	   "and all is well but depth, which is not seen");
	for (int i = 0; i < n; i++)
		if (findings[i].status != DOCTOR_OK)
			printf("# %s: %s\n", findings[i].check_name, findings[i].found);
	summary = doctor_summary(doctor, findings, n, 2.0);
	ok(summary.status == DOCTOR_OK && strstr(summary.found, "nothing to do"), "nothing is to do");
}

/* ---- one answer that is none ---- */

/* The answer "kind" to the question of that number, healthy ones to all others. */
static DoctorFinding *
with_one(DoctorKind kind, int at, bool also_again, int *n, int *asked)
{
	DoctorSubject of = subject(true);
	Doctor	   *doctor = doctor_begin(&of);
	DoctorQuestion question;

	*asked = 0;
	while (doctor_next(doctor, &question))
	{
		DoctorAnswer answer = healthy(&question);

		++*asked;
		if (*asked == at || (also_again && *asked == at + 1))
		{
			answer.kind = kind;
			answer.words = "so";
			answer.tree = NULL;
		}
		doctor_answer(doctor, &answer);
	}
	return doctor_findings(doctor, n);
}

static void
test_one(void)
{
	int			n;
	int			asked;
	bool		stops = true;
	bool		is_unknown = true;
	bool		lost_is_none = true;
	bool		twice_is_unknown = true;
	bool		limits = true;

	for (int at = 1; at <= 31; at++)
	{
		DoctorFinding *findings = with_one(DOCTOR_LIMITED, at, false, &n, &asked);

		stops &= asked == at;
		is_unknown &= with_status(findings, n, DOCTOR_FAIL) == 0 && with_status(findings, n, DOCTOR_WARN) == 0;
		findings = with_one(DOCTOR_NOT_SENT, at, false, &n, &asked);
		limits &= asked == at && with_status(findings, n, DOCTOR_FAIL) == 0 && with_status(findings, n, DOCTOR_WARN) == 0;
		findings = with_one(DOCTOR_LOST, at, false, &n, &asked);
		lost_is_none &= with_status(findings, n, DOCTOR_FAIL) == 0 && with_status(findings, n, DOCTOR_WARN) == 0 &&
			with_status(findings, n, DOCTOR_UNKNOWN) == 1;
		if (at == 1)
			continue;			/* page 1 itself */
		findings = with_one(DOCTOR_LOST, at, true, &n, &asked);
		twice_is_unknown &= with_status(findings, n, DOCTOR_FAIL) == 0;
	}
	ok(stops, "a limiter's answer ends the asking, whichever it is");
	ok(is_unknown, "and is no fault");
	ok(limits, "nor is a limit of our own, which ends it, too");
	ok(lost_is_none, "a lost answer is asked for again, and changes nothing");
	ok(twice_is_unknown, "lost twice, it is no fault of the API");
}

/* ---- a check that fails itself ---- */

static void
test_crash(void)
{
	bool		alone = true;

	for (int at = 1; at <= 15; at++)
	{
		DoctorSubject of = subject(false);
		Doctor	   *doctor = doctor_begin(&of);
		DoctorQuestion question;
		DoctorFinding *findings;
		int			asked = 0;
		int			n;

		while (doctor_next(doctor, &question))
		{
			DoctorAnswer answer = healthy(&question);

			if (++asked == at)
				doctor_crash(doctor, "division by zero");
			else
				doctor_answer(doctor, &answer);
		}
		findings = doctor_findings(doctor, &n);
		alone &= with_status(findings, n, DOCTOR_FAIL) == 0 && with_status(findings, n, DOCTOR_UNKNOWN) >= (at == 1 ? 1 : 2) &&
			(at == 1 || with_status(findings, n, DOCTOR_OK) >= n - 3);
	}
	ok(alone, "a check that fails itself is unknown, and the others are not touched");
}

/* ---- whatever is answered ---- */

static DoctorAnswer
drawn(const DoctorQuestion *question)
{
	static const char *const texts[] = {
		"{}", "[]", "null", "{\"code\":1,\"result\":[]}", "{\"code\":1,\"result\":{\"list\":{}}}",
		"{\"code\":1,\"result\":{\"list\":[1,null,\"x\",[]],\"totalCount\":\"4\"}}",
		"{\"code\":1,\"result\":{\"list\":[{\"dataId\":9223372036854775807,\"updateTime\":1e300,\"addTime\":-1,\"data\":[]}],\"totalCount\":-5}}",
		"{\"code\":1,\"result\":{\"list\":[{\"dataId\":1,\"updateTime\":\"2026-02-30 25:61\",\"addTime\":\"x\",\"data\":{\"text_1\":\"a b\",\"serialNo\":7}},"
		"{\"dataId\":1,\"updateTime\":0,\"data\":{\"serialNo\":\"q\"}}],\"totalCount\":9223372036854775807}}",
		"{\"code\":1,\"result\":{\"list\":[],\"totalCount\":10000}}", "{\"code\":1,\"result\":{\"list\":[],\"totalCount\":10001}}",
		"{\"code\":1,\"result\":{\"formList\":[{\"formId\":\"x\"},3]}}"
	};
	DoctorAnswer answer = healthy(question);
	const char *text = texts[draw(lengthof(texts))];
	char	   *problem;

	answer.kind = draw(3) == 0 ? (DoctorKind) draw(DOCTOR_NOT_SENT + 1) : DOCTOR_ANSWERED;
	answer.words = "drawn";
	answer.wire.fresh = draw(2);
	answer.wire.date = draw(4) ? answer.wire.date : -1;
	if (answer.kind != DOCTOR_ANSWERED)
		answer.tree = NULL;
	else if (draw(3) == 0 || !answer.tree)
		answer.tree = json_tree(text, strlen(text), JSON_TREE_ANY, &problem);
	return answer;
}

static void
test_drawn(void)
{
	bool		whole = true;
	bool		bounded = true;

	for (int run = 0; run < 2000; run++)
	{
		DoctorSubject of = subject(run % 2);
		Doctor	   *doctor;
		DoctorQuestion question;
		DoctorFinding *findings;
		int			asked = 0;
		int			n;

		of.needs_form_id = draw(4) == 0;
		of.has_times = draw(4) > 0;
		of.paged = draw(4) > 0;
		of.user_id = draw(2) ? "u1" : NULL;
		of.page_size = 1 + draw(100);
		doctor = doctor_begin(&of);
		while (doctor_next(doctor, &question) && asked < 1000)
		{
			DoctorAnswer answer = drawn(&question);

			asked += answer.kind != DOCTOR_NOT_SENT;
			doctor_answer(doctor, &answer);
		}
		bounded &= asked <= (of.deep ? DOCTOR_DEEP_REQUESTS : DOCTOR_REQUESTS) && asked == doctor_requests(doctor);
		findings = doctor_findings(doctor, &n);
		for (int i = 0; i < n; i++)
			whole &= findings[i].found != NULL && findings[i].found[0] != '\0' &&
				(findings[i].status != DOCTOR_FAIL || findings[i].fix || strcmp(findings[i].area, "api") == 0);
		whole &= doctor_summary(doctor, findings, n, 0).found != NULL;
	}
	ok(bounded, "whatever is answered, no more is asked than may be");
	ok(whole, "and each check has its finding");
}

/* ---- the second that is asked for ---- */

static void
test_second(void)
{
	static const struct
	{
		const char *time;
		const char *asked;
	}			times[] = {
		{"1790000123", "[1790000123]"}, {"\"1790000123\"", "[1790000123]"}, {"1790000123456", "[1790000123]"},
		{"1790000123.7", "[1790000123]"}, {"\"2026-09-21 22:15:23\"", "[1790000123]"}, {"\"2026/09/21T22:15:23\"", "[1790000123]"}
	};

	for (size_t i = 0; i < lengthof(times); i++)
	{
		DoctorSubject of = subject(false);
		Doctor	   *doctor = doctor_begin(&of);
		DoctorQuestion question;
		char		text[512];
		char	   *problem;
		bool		seen = false;

		sprintf(text, "{\"code\":1,\"result\":{\"list\":[{\"dataId\":5,\"addTime\":%s,\"updateTime\":%s,\"data\":{}}],\"totalCount\":1}}",
				times[i].time, times[i].time);
		while (doctor_next(doctor, &question))
		{
			DoctorAnswer answer = healthy(&question);

			answer.kind = DOCTOR_ANSWERED;
			answer.tree = json_tree(text, strlen(text), JSON_TREE_ANY, &problem);
			seen |= strstr(question.body, "updateTime") && strstr(question.body, times[i].asked);
			doctor_answer(doctor, &answer);
		}
		ok(seen, times[i].time);
	}
}

int
main(void)
{
	if (getenv("XBB_SEED"))
		seed = strtoull(getenv("XBB_SEED"), NULL, 10);
	printf("# seed %llu\n", (unsigned long long) seed);
	test_healthy();
	test_one();
	test_crash();
	test_drawn();
	test_second();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
