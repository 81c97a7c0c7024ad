/*-------------------------------------------------------------------------
 *
 * doctor.c
 *	  xbb.doctor: what is wrong with a connection, as an SQL function.
 *
 * What is to be asked, and what it means, is doctor/doctor.h's; here is who asks, of whom, and
 * what becomes of the rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/session.h"
#include "func/doctor.h"

#define DOCTOR_COLUMNS 9

PG_FUNCTION_INFO_V1(xbb_fdw_doctor);

/* The server of that name, for those who may use it. */
static Oid
usable_server(const char *name)
{
	Oid			serverid = get_foreign_server_oid(name, false);

	if (!DatumGetBool(DirectFunctionCall2(has_server_privilege_id, ObjectIdGetDatum(serverid),
										  CStringGetTextDatum("USAGE"))))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, name);
	return serverid;
}

/* An object's name, or the path of a list. */
static const OptionObject *
object_of(const char *text)
{
	const OptionObject *object = option_object_by_name(text);
	size_t		length = strlen(text);

	if (object)
		return object;
	if (text[0] == '/' && length > 4 && length < NAMEDATALEN * 2 && strspn(text, "/_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == length &&
		(strcmp(text + length - 4, "list") == 0 || strcmp(text + length - 4, "List") == 0))
		return option_object_by_path(text);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is neither an object nor the path of a list", text),
			 errhint("Objects are product, customer, contract and others of the option object; a path is such as /pro/v2/api/product/list.")));
}

/* Does an http URL lead to this machine itself? */
static bool
is_loopback(const char *url)
{
	static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

	for (int i = 0; i < (int) lengthof(hosts); i++)
	{
		size_t		length = strlen(hosts[i]);

		if (strncmp(url, hosts[i], length) == 0 && strchr(":/", url[length]))
			return true;
	}
	return false;
}

static DoctorSubject
subject_of(const ServerOptions *server, const MappingOptions *mapping, const OptionObject *object, bool deep)
{
	pg_time_t	now = (pg_time_t) time(NULL);
	struct pg_tm *local = pg_localtime(&now, server->time_zone);

	return (DoctorSubject)
	{
		.server = quote_identifier(server->name),
		.literal = quote_literal_cstr(server->name),
		.mapping = mapping ? mapping->mapped : "CURRENT_USER",
		.corpid = server->corpid,
		.user_id = mapping ? mapping->user_id : NULL,
		.personal = mapping && strncmp(mapping->token, "user_", 5) == 0,
		.secure = !server->allow_http,
		.loopback = is_loopback(server->base_url),
		.object = object->name,
		.path = object->path,
		.list_key = object->list_key,
		.id_key = object->id_key,
		.business_type = object->business_type,
		.custom = strcmp(object->name, "paas") == 0,
		.needs_form_id = object->needs_form_id,
		.has_times = object->has_times,
		.paged = object->paged,
		.page_size = server->page_size,
		.rate_limit = server->rate_limit,
		.concurrency = server->concurrency,
		.zone_seconds = local ? (int) local->tm_gmtoff : 0,
		.time_zone = pg_get_timezone_name(server->time_zone),
		.deep = deep,
	};
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL || text[0] == '\0';
	return *isnull ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
put_rows(ReturnSetInfo *result, const DoctorFinding *findings, int nfindings)
{
	for (int i = 0; i < nfindings; i++)
	{
		const DoctorFinding *finding = &findings[i];
		Interval   *elapsed = palloc0(sizeof(Interval));
		Datum		values[DOCTOR_COLUMNS];
		bool		nulls[DOCTOR_COLUMNS] = {false};

		elapsed->time = (TimeOffset) (finding->elapsed * USECS_PER_SEC);
		values[0] = Int32GetDatum(i);
		values[1] = CStringGetTextDatum(finding->area);
		values[2] = CStringGetTextDatum(finding->check_name);
		values[3] = CStringGetTextDatum(doctor_status_names[finding->status]);
		values[4] = text_or_null(finding->found, &nulls[4]);
		values[5] = text_or_null(finding->assumed, &nulls[5]);
		values[6] = text_or_null(finding->fix, &nulls[6]);
		values[7] = Int32GetDatum(finding->requests);
		values[8] = IntervalPGetDatum(elapsed);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* The summary, what was found here, what was found there. */
static DoctorFinding *
all_findings(List *here, const Doctor *doctor, double elapsed, int *nfindings)
{
	int			nthere;
	DoctorFinding *there = doctor_findings(doctor, &nthere);
	DoctorFinding *all = palloc(sizeof(DoctorFinding) * (1 + list_length(here) + nthere));
	int			n = 1;
	ListCell   *lc;

	foreach(lc, here)
		all[n++] = *(DoctorFinding *) lfirst(lc);
	memcpy(all + n, there, sizeof(DoctorFinding) * nthere);
	n += nthere;
	all[0] = doctor_summary(doctor, all + 1, n - 1, elapsed);
	*nfindings = n;
	return all;
}

Datum
xbb_fdw_doctor(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			serverid = usable_server(NameStr(*PG_GETARG_NAME(0)));
	const OptionObject *object = object_of(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	const ServerOptions *server = option_server(serverid);
	MappingOptions *mapping;
	const char *lacking = NULL;
	DoctorSubject subject;
	DoctorFinding *findings;
	Doctor	   *doctor;
	List	   *here;
	int			nfindings;
	TimestampTz began = GetCurrentTimestamp();

	InitMaterializedSRF(fcinfo, 0);
	here = doctor_look_here(serverid, &mapping, &lacking);
	subject = subject_of(server, mapping, object, PG_GETARG_BOOL(2));
	doctor = doctor_begin(&subject);
	if (mapping)
		explicit_bzero(mapping->token, strlen(mapping->token));
	if (lacking)
		doctor_stop(doctor, lacking);
	/* how a connection is made is to be seen */
	session_disconnect(serverid);
	doctor_look_there(doctor, server);
	findings = all_findings(here, doctor, (GetCurrentTimestamp() - began) / (double) USECS_PER_SEC, &nfindings);
	put_rows(result, findings, nfindings);
	doctor_keep(serverid, object->name, findings, nfindings);
	return (Datum) 0;
}
