/*-------------------------------------------------------------------------
 *
 * scan_unmet.c
 *	  Columns that read nothing: a warning, once a session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "fdw/scan_state.h"

/*
 * A field that is not set may be left out of a record (xbb-api 4, A): so many records
 * of a list that was read whole, and of one that was not, say something about the rest.
 */
#define ENOUGH_OF_ALL 20
#define ENOUGH_OF_SOME 100

/* What has been told: pairs of table and column; lives as long as the backend. */
typedef struct Told
{
	Oid			relid;
	int			attnum;
} Told;

static List *told = NIL;

static bool
tell_once(Oid relid, int attnum)
{
	MemoryContext old;
	Told	   *new;
	ListCell   *lc;

	foreach(lc, told)
		if (((Told *) lfirst(lc))->relid == relid && ((Told *) lfirst(lc))->attnum == attnum)
			return false;
	old = MemoryContextSwitchTo(TopMemoryContext);
	new = palloc(sizeof(Told));
	*new = (Told) {relid, attnum};
	told = lappend(told, new);
	MemoryContextSwitchTo(old);
	return true;
}

/* Fields of every record, or of none; and those that the CRM is known to have. */
static bool
may_be_missing(Oid relid, int attnum, const char *attr)
{
	static const char *const own[] = {"dataId", "formId", "addTime", "updateTime", "uuid"};

	for (int i = 0; i < (int) lengthof(own); i++)
		if (strcmp(attr, own[i]) == 0)
			return true;
	return option_given(GetForeignColumnOptions(relid, attnum), "label") != NULL;
}

void
scan_tell_unmet(const ScanProgress *state)
{
	Oid			relid = state->table->relid;
	Bitmapset  *unmet;
	int			attnum = -1;

	if (!state->read_out || state->records < (state->quals ? ENOUGH_OF_SOME : ENOUGH_OF_ALL))
		return;
	unmet = record_unmet(state->format);
	while ((attnum = bms_next_member(unmet, attnum)) >= 0)
	{
		char	   *attr = option_attr(relid, attnum);

		if (!may_be_missing(relid, attnum, attr) && tell_once(relid, attnum))
			ereport(WARNING,
					(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
					 errmsg("none of the %lld records read has the attr \"%s\" of column \"%s\" of foreign table \"%s\"",
							(long long) state->records, attr, get_attname(relid, attnum, false),
							get_rel_name(relid)),
					 errhint("SELECT * FROM xbb.attrs(%s); lists the attrs in use.",
							 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
																		   get_rel_name(relid))))));
	}
}
