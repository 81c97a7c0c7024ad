/*-------------------------------------------------------------------------
 *
 * option_mapping.c
 *	  User mappings, whose secrets leave no copies behind.
 *
 * The rows are read past the server's caches, which would keep them, and free them
 * without wiping.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "option/option_data.h"

/* Where the options of a mapping go. */
typedef struct Reading
{
	const OptionSet *set;
	void	   *base;			/* the struct that the set's offsets are of */
	int64	   *limit;			/* its request_limit */
	Oid		   *umid;
} Reading;

/* Reads an option of a mapping, given as name=value. */
static void
read_option(const Reading *reading, const char *given, int length)
{
	for (int i = 0; i < reading->set->nentries; i++)
	{
		const OptionEntry *entry = &reading->set->entries[i];
		int			name_length = strlen(entry->name);
		OptionValue value = {0};
		char	   *text;

		if (!(entry->places & OPTION_MAPPING) || length <= name_length ||
			given[name_length] != '=' || strncmp(given, entry->name, name_length) != 0)
			continue;
		text = pnstrdup(given + name_length + 1, length - name_length - 1);
		if (entry->offset < 0)
		{
			option_lower_limit(text, reading->limit);
			continue;
		}
		option_value(entry, text, &value);
		*(const char **) ((char *) reading->base + entry->offset) = value.text;
		if (value.text != text)
			explicit_bzero(text, strlen(text));
	}
}

static void
read_options(const Reading *reading, Datum datum)
{
	ArrayType  *array = DatumGetArrayTypePCopy(datum);
	Datum	   *texts;
	int			ntexts;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, NULL, &ntexts);
	for (int i = 0; i < ntexts; i++)
	{
		text	   *given = (text *) DatumGetPointer(texts[i]);

		read_option(reading, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	}
	explicit_bzero(array, VARSIZE(array));
	pfree(array);
}

/* Reads the mapping of a role, InvalidOid for PUBLIC; false if there is none. */
static bool
read_mapping(const Reading *reading, Oid userid, Oid serverid)
{
	Relation	mappings = table_open(UserMappingRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	ScanKeyInit(&keys[0], Anum_pg_user_mapping_umuser, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(userid));
	ScanKeyInit(&keys[1], Anum_pg_user_mapping_umserver, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(serverid));
	scan = systable_beginscan(mappings, UserMappingUserServerIndexId, true, NULL,
							  lengthof(keys), keys);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		bool		isnull;
		Datum		options = heap_getattr(tuple, Anum_pg_user_mapping_umoptions,
										   RelationGetDescr(mappings), &isnull);

		*reading->umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
		if (!isnull)
			read_options(reading, options);
	}
	systable_endscan(scan);
	table_close(mappings, AccessShareLock);
	return found;
}

void
option_read_mapping(const OptionSet *set, void *base, Oid *umid, int64 *limit,
					Oid userid, Oid serverid, const char *example, const char **mapped)
{
	Reading		reading = {set, base, limit, umid};
	const char *server = GetForeignServer(serverid)->servername;
	const char *name = GetUserNameFromId(userid, false);

	*mapped = quote_identifier(name);
	if (read_mapping(&reading, userid, serverid))
		return;
	*mapped = "PUBLIC";
	if (!read_mapping(&reading, InvalidOid, serverid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" has no user mapping for server \"%s\"", name, server),
				 errhint("Type: CREATE USER MAPPING FOR %s SERVER %s OPTIONS (%s '...');",
						 quote_identifier(name), quote_identifier(server), example)));
}

MappingOptions *
option_mapping(Oid userid, Oid serverid)
{
	MappingOptions *result = palloc0(sizeof(MappingOptions));
	const char *server = GetForeignServer(serverid)->servername;

	option_read_mapping(&option_set, result, &result->umid, &result->request_limit,
						userid, serverid, "token", &result->mapped);
	if (result->token == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("user mapping of %s for server \"%s\" has no option \"token\"",
						result->mapped, server),
				 errhint("Type: ALTER USER MAPPING FOR %s SERVER %s OPTIONS (ADD token '...');",
						 result->mapped, quote_identifier(server))));
	return result;
}
