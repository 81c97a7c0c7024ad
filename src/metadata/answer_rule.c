/*-------------------------------------------------------------------------
 *
 * answer_rule.c
 *	  What a target's document says of answers that mean yes, as a jsonpath.
 *
 * "otherResponse" has StatusKey and StatusValue, as a list of fields or an object.  Else a
 * "response" of which one field alone has a value, and a name by which answers say how they are,
 * is one, too: in pages of version 0.1 all have a value, and none means anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "metadata/document.h"

#define MOST_LEVELS 2

typedef struct Rule
{
	Part	   *key;			/* what is claimed: the nodes */
	Part	   *value;
	const char *path;			/* with dots */
	const char *wanted;
} Rule;

/* A constant, or NULL. */
static const char *
constant_of(const Part *part)
{
	const char *text = part_text(part);

	return text && text[0] && strpbrk(text, "{}") == NULL ? text : NULL;
}

/* Of a list of fields or an object: the node, and its value; whatever the case of the name. */
static Part *
find_member(const Part *list, const char *name, const char **text)
{
	for (int i = 0; list && i < list->nmembers; i++)
	{
		Part	   *member = &list->members[i];
		bool		is_list = part_is(list, JSON_TREE_ARRAY);
		const char *found = is_list ? part_text(part_member(member, "field")) : member->json->name;

		if (found == NULL || pg_strcasecmp(found, name) != 0)
			continue;
		*text = constant_of(is_list ? part_member(member, "value") : member);
		return member;
	}
	return NULL;
}

static bool
find_stated(Part *document, Rule *rule)
{
	const Part *list = part_member(document, "otherResponse");

	rule->key = find_member(list, "StatusKey", &rule->path);
	rule->value = find_member(list, "StatusValue", &rule->wanted);
	return rule->path && rule->wanted;
}

static bool
find_single(Part *document, Rule *rule)
{
	static const char *const names[] = {"code", "errcode", "errorcode", "err_code", "error_code", "status", "success", NULL};
	Part	   *list = part_member(document, "response");

	for (int i = 0; part_is(list, JSON_TREE_ARRAY) && i < list->nmembers; i++)
	{
		Part	   *node = &list->members[i];
		const char *wanted = constant_of(part_member(node, "value"));
		const char *name = part_text(part_member(node, "field"));
		int			j = 0;

		if (wanted == NULL)
			continue;
		while (name && names[j] && pg_strcasecmp(names[j], name) != 0)
			j++;
		if (rule->wanted || name == NULL || names[j] == NULL)
			return false;
		*rule = (Rule) {node, node, name, wanted};
	}
	return rule->wanted != NULL;
}

/* A number as a number or in a text, as answers have it; true and false; else a text. */
static void
append_wanted(StringInfo out, const char *wanted)
{
	size_t		digits = strspn(wanted, "0123456789");

	if (digits > 0 && digits < 16 && wanted[digits] == '\0' && (wanted[0] != '0' || digits == 1))
		appendStringInfo(out, ".double() == %s", wanted);
	else if (pg_strcasecmp(wanted, "true") == 0 || pg_strcasecmp(wanted, "false") == 0)
		appendStringInfo(out, " == %s", pg_tolower(wanted[0]) == 't' ? "true" : "false");
	else
	{
		appendStringInfoString(out, " == ");
		field_quote(out, wanted);
	}
}

static void
append_key(StringInfo out, const char *key)
{
	size_t		letters = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	appendStringInfoChar(out, '.');
	if (key[letters] == '\0')
		appendStringInfoString(out, key);
	else
		field_quote(out, key);
}

char *
answer_rule(Answer *answer, Part *document, int row)
{
	Rule		rule = {0};
	StringInfoData out;
	const char *at;
	int			nlevels = 0;

	if (!find_stated(document, &rule))
	{
		rule = (Rule) {0};
		if (!find_single(document, &rule))
			return NULL;
	}
	initStringInfo(&out);
	appendStringInfoChar(&out, '$');
	at = rule.path;
	for (;;)
	{
		size_t		length = strcspn(at, ".");

		if (length == 0 || ++nlevels > MOST_LEVELS)
			return NULL;
		append_key(&out, pnstrdup(at, length));
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	append_wanted(&out, rule.wanted);
	part_claim(rule.key, row);
	part_claim(rule.value, row);
	answer_remark(answer, row, "ok is what the document says means yes");
	return out.data;
}
