/*-------------------------------------------------------------------------
 *
 * doctor_here.c
 *	  What the doctor tells without a request: the user mapping, and what SQL can tell.
 *
 * The mapping's secrets stay here: of the token its length and its letters' kinds are told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "func/doctor.h"

PG_FUNCTION_INFO_V1(xbb_fdw_library_version);

/* As the control files have it. */
#define LIBRARY_VERSION "1.0"

/* A company's token has some 32 characters (xbb-api 1); much shorter ones were cut. */
#define LEAST_TOKEN 16

/* What is asked of SQL: xbb._doctor_NAME(server). */
static const char *const sql_checks[] = {
	"versions", "encoding", "options", "account", "settings", "syncs", "schedule", "alerts"
};

/* The state of one check. */
typedef struct Here
{
	MemoryContext context;
	Oid			serverid;
	DoctorFinding *finding;
	MappingOptions *mapping;
} Here;

Datum
xbb_fdw_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(LIBRARY_VERSION));
}

static char *
column(const Here *here, int number)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number);

	return value ? MemoryContextStrdup(here->context, value) : NULL;
}

static void
ask_sql(void *arg)
{
	Here	   *here = arg;
	DoctorFinding *finding = here->finding;
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(here->serverid)};
	const char *status;

	SPI_connect();
	if (SPI_execute_with_args(psprintf("SELECT status, seen, assumed, fix FROM xbb._doctor_%s($1)", finding->check_name),
							  1, types, values, NULL, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the function gives no row");
	status = column(here, 1);
	for (int i = 0; status && i < DOCTOR_NSTATUSES; i++)
		if (strcmp(status, doctor_status_names[i]) == 0)
			finding->status = i;
	finding->found = column(here, 2);
	finding->assumed = column(here, 3);
	finding->fix = column(here, 4);
	SPI_finish();
}

static void
attach(void *arg)
{
	Here	   *here = arg;

	api_attach();
	here->finding->found = "budgets and counters are shared by all sessions";
}

static void
read_mapping(void *arg)
{
	Here	   *here = arg;

	here->mapping = option_mapping(GetUserId(), here->serverid);
	here->finding->found = psprintf("that of %s, %s user_id", here->mapping->mapped,
									here->mapping->user_id ? "with" : "without");
}

/* What is wrong with the shape of a secret or a name, or NULL. */
static const char *
misshape(const char *text)
{
	size_t		length = strlen(text);

	if (length == 0)
		return "is empty";
	if (text[length - 1] == '\n' || text[length - 1] == '\r')
		return "ends in a line break";
	if (isspace((unsigned char) text[0]) || isspace((unsigned char) text[length - 1]))
		return "has a blank at its beginning or end";
	for (size_t i = 0; i < length; i++)
	{
		if (iscntrl((unsigned char) text[i]) || isspace((unsigned char) text[i]))
			return "has a blank or a control character inside";
		if (IS_HIGHBIT_SET(text[i]))
			return "has characters that are not ASCII, such as wide quotes";
	}
	if (strchr("\"'<`", text[0]) || strchr("\"'>`", text[length - 1]))
		return "stands in quotes or brackets";
	if (strcmp(text, "...") == 0)
		return "is the example's dots";
	return NULL;
}

static void
look_at_credentials(void *arg)
{
	Here	   *here = arg;
	DoctorFinding *finding = here->finding;
	const char *server = quote_identifier(GetForeignServer(here->serverid)->servername);
	const char *role = here->mapping->mapped;
	const char *token = here->mapping->token;
	const char *corpid = option_server(here->serverid)->corpid;
	const char *wrong;
	bool		hex = strspn(token, "0123456789abcdefABCDEF") == strlen(token);

	finding->status = DOCTOR_WARN;
	finding->assumed = "token and corpid as the API's token page shows them";
	finding->fix = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (SET token '<token>');", role, server);
	if ((wrong = misshape(token)) != NULL)
		finding->found = psprintf("the token %s", wrong);
	else if (pg_strncasecmp(token, "bearer", 6) == 0 || pg_strncasecmp(token, "token", 5) == 0)
		finding->found = "the token begins with a word that is none of it";
	else if (strcmp(token, corpid) == 0)
		finding->found = "the token is the corpid";
	else if (strlen(token) < LEAST_TOKEN)
		finding->found = psprintf("the token has %d characters, fewer than any that is known", (int) strlen(token));
	else if ((wrong = misshape(corpid)) != NULL)
	{
		finding->found = psprintf("the corpid %s", wrong);
		finding->fix = psprintf("ALTER SERVER %s OPTIONS (SET corpid '<corpid>');", server);
	}
	else if (here->mapping->user_id && (wrong = misshape(here->mapping->user_id)) != NULL)
	{
		finding->found = psprintf("the user_id %s", wrong);
		finding->fix = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (SET user_id '<user>');", role, server);
	}
	else
	{
		finding->status = DOCTOR_OK;
		finding->fix = NULL;
		finding->found = psprintf("the token has %d characters, %s", (int) strlen(token),
								  strncmp(token, "user_", 5) == 0 ? "one person's" : hex ? "hex digits" : "no blanks");
	}
}

/* Begins a row. */
static DoctorFinding *
add(List **rows, const char *name)
{
	DoctorFinding *finding = palloc0(sizeof(DoctorFinding));

	finding->area = "local";
	finding->check_name = name;
	*rows = lappend(*rows, finding);
	return finding;
}

/* Runs a check; true if it has not failed itself. */
static bool
run_check(Here *here, List **rows, const char *name, void (*check) (void *arg), DoctorStatus failed)
{
	ErrorData  *error;

	here->finding = add(rows, name);
	error = doctor_isolate(check, here);
	if (!error)
		return true;
	here->finding->status = failed;
	here->finding->found = failed == DOCTOR_UNKNOWN ? psprintf("the check itself has failed: %s", error->message) : error->message;
	/* what a hint says to type is typed as it is */
	here->finding->fix = error->hint && strncmp(error->hint, "Type: ", 6) == 0 ? error->hint + 6 : error->hint;
	return false;
}

List *
doctor_look_here(Oid serverid, MappingOptions **mapping, const char **lacking)
{
	Here		here = {.context = CurrentMemoryContext, .serverid = serverid};
	List	   *rows = NIL;

	if (run_check(&here, &rows, "mapping", read_mapping, DOCTOR_FAIL))
		run_check(&here, &rows, "credentials", look_at_credentials, DOCTOR_UNKNOWN);
	else
	{
		DoctorFinding *finding = add(&rows, "credentials");

		*lacking = "there is no user mapping to ask with";
		finding->status = DOCTOR_SKIPPED;
		finding->found = *lacking;
	}
	if (!run_check(&here, &rows, "memory", attach, DOCTOR_FAIL) && !*lacking)
		*lacking = "the limiter's shared memory cannot be had";
	for (int i = 0; i < (int) lengthof(sql_checks); i++)
		run_check(&here, &rows, sql_checks[i], ask_sql, DOCTOR_UNKNOWN);
	*mapping = here.mapping;
	return rows;
}
