/*-------------------------------------------------------------------------
 *
 * document.c
 *	  What both documents of an integration have, and what is no export.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

#define NAME_BYTES 40

bool
document_refused(Answer *answer, Part *document)
{
	static const struct
	{
		const char *member;
		JsonTreeType type;
		const char *dialect;
	}			dialects[] = {
		{"source", JSON_TREE_OBJECT, "source and target in one document, with adapter and params"},
		{"target", JSON_TREE_OBJECT, "source and target in one document, with adapter and params"},
		{"request", JSON_TREE_OBJECT, "request as an object, not as a list of fields"},
		{"mapping", JSON_TREE_OBJECT, "mapping as an object"},
		{"fieldMapping", JSON_TREE_OBJECT, "fieldMapping"},
		{"fieldMapping", JSON_TREE_ARRAY, "fieldMapping"},
		{"writeMode", JSON_TREE_STRING, "writeMode"},
		{"idField", JSON_TREE_STRING, "idField"},
		{"idempotency", JSON_TREE_OBJECT, "idempotency"},
		{"diffMode", JSON_TREE_OBJECT, "diffMode"},
	};

	for (int i = 0; i < (int) lengthof(dialects); i++)
	{
		if (part_is(part_member(document, dialects[i].member), dialects[i].type))
		{
			answer_note(answer, METADATA_UNKNOWN, document,
						"this is documentation syntax of the platform (%s), not an export: not translated", dialects[i].dialect);
			return true;
		}
	}
	return false;
}

void
document_rest(Integration *integration, Part *document, int main)
{
	static const struct
	{
		const char *member;
		const char *remark;		/* NULL: it only describes the document */
		bool		changes;	/* the rows that are sent */
	}			rest[] = {
		{"describe", NULL, false}, {"label", NULL, false}, {"remark", NULL, false}, {"display", NULL, false},
		{"groupCalculate", "groups rows: as GROUP BY, with jsonb_agg for what is below, in the definition of the view; what becomes of the other fields of a group, and of its key, is not known", true},
		{"distributionOrg", "allots what was saved to organisations: a second call a record", false},
		{"callBackStrategy", "writes back to the source: RETURNING, or xbb.push_item, has the target's ids", false},
		{"beatFlat", "makes a row of each element of an array: jsonb_array_elements in a LATERAL; how it names what is in them is not known", true},
		{"formatResponse", "renames and formats what came: as expressions in xbb.create_sync's columns; how it says what becomes of what is not known", true},
		{"primaryWriteback", "writes the target's id back: RETURNING, or xbb.push_item, has it", false},
		{"lockKey", "one writer a key: so it is here, without being asked", false},
		{"detailApi", "a second call for details: of the CRM, the column option detail 'true', for columns that are not named here", true},
		{"autoCheck", "submits and audits what was saved: two more calls a record", false},
		{"isUploadFile", "attachments are not carried over", false}, {"DownloadAttachment", "attachments are not carried over", false},
		{"AttachmentFields", "attachments are not carried over", false},
		{"customResolvers", "code of the platform's own is not read", false},
	};

	for (int i = 0; i < (int) lengthof(rest); i++)
	{
		Part	   *member = part_member(document, rest[i].member);

		if (member && rest[i].remark)
			answer_note(integration->answer, METADATA_UNKNOWN, member, "%s: %s", rest[i].member, rest[i].remark);
		else
			part_claim(member, main);
		integration->needs_person |= member && rest[i].changes;
	}
}

void
document_effect(Answer *answer, Part *document, bool query, int main)
{
	static const char *const members[] = {"effect", "type"};
	static const char *const queries[] = {"QUERY", NULL};
	static const char *const executes[] = {"EXECUTE", "WRITE", "CREATE", "UPDATE", NULL};

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		Part	   *member = part_member(document, members[i]);
		const char *text = part_text(member);
		const char *const *known = query ? queries : executes;

		while (text && *known && pg_strcasecmp(text, *known) != 0)
			known++;
		if (text && *known == NULL)
			answer_note(answer, METADATA_UNKNOWN, member, "%s \"%s\" is not that of a %s", members[i], text, query ? "source" : "target");
		else if (text)
			part_claim(member, main);
	}
}

static bool
is_schedule(const char *text)
{
	int			nfields = 0;

	if (strspn(text, "0123456789*/,- ") != strlen(text) || strlen(text) > 100)
		return false;
	for (const char *c = text; *c; c++)
		nfields += *c != ' ' && (c == text || c[-1] == ' ');
	return nfields == 5;
}

void
document_schedule(Integration *integration, Part *crontab, const char *suffix, const char *command)
{
	const char *text = part_text(crontab);
	int			row;

	if (crontab == NULL)
		return;
	if (text == NULL || !is_schedule(text))
	{
		answer_note(integration->answer, METADATA_UNKNOWN, crontab, "it is no schedule of five fields");
		return;
	}
	row = answer_row(integration->answer, METADATA_SCHEDULE);
	answer_sql(integration->answer, row, "SELECT cron.schedule(%s, %s, %s);",
			   sql_constant(psprintf("%s%s", integration->name, suffix)), sql_constant(text), sql_constant(command));
	answer_remark(integration->answer, row, "pg_cron reads it in the time zone cron.timezone, by default GMT; the platform in %s", SQL_ZONE);
	part_claim(crontab, row);
}

const char *
document_api(const Part *source)
{
	const char *api = part_text(part_member(source, "api"));

	if (api && strncmp(api, "https://", 8) == 0)
	{
		const char *path = strchr(api + 8, '/');

		if (path && strncmp(path, DOCUMENT_CRM, strlen(DOCUMENT_CRM)) == 0)
			return path;
	}
	return api;
}

const char *
document_name(const char *api)
{
	StringInfoData name;

	initStringInfo(&name);
	for (const char *c = api; *c && name.len < NAME_BYTES; c++)
	{
		bool		letter = (unsigned char) *c >= 0x80 || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9');

		if (letter && (unsigned char) *c >= 0x80 && name.len > NAME_BYTES - 4 && ((unsigned char) *c & 0xc0) != 0x80)
			break;
		if (letter)
			appendStringInfoChar(&name, pg_tolower(*c));
		else if (name.len > 0 && name.data[name.len - 1] != '_')
			appendStringInfoChar(&name, '_');
	}
	while (name.len > 0 && name.data[name.len - 1] == '_')
		name.data[--name.len] = '\0';
	return name.len > 0 ? name.data : "integration";
}
