/*-------------------------------------------------------------------------
 *
 * scan_part.c
 *	  JSON as text: the parts of objects and arrays.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "target/scan.h"

bool
scan_part(const char **at, const char *end, ScanPart *part)
{
	const char *here = *at;
	bool		is_object = *here == '{';

	/* at the beginning, or at what follows a part: a comma or the end */
	if (is_object || *here == '[')
		here = scan_blanks(here + 1, end);
	else if (*here == ',')
		here = scan_blanks(here + 1, end);
	if (here >= end || *here == '}' || *here == ']')
		return false;
	part->name = part->name_end = NULL;
	part->value = here;
	part->value_end = scan_value(here, end);
	if (part->value_end == NULL)
		return false;
	here = scan_blanks(part->value_end, end);
	if (here < end && *here == ':')
	{
		part->name = part->value;
		part->name_end = part->value_end;
		part->value = scan_blanks(here + 1, end);
		part->value_end = scan_value(part->value, end);
		if (part->value_end == NULL)
			return false;
		here = scan_blanks(part->value_end, end);
	}
	*at = here;
	return true;
}

bool
scan_path(const char *text, const char *end, const char *path, ScanPart *part)
{
	part->value = scan_blanks(text, end);
	part->value_end = end;
	while (path != NULL)
	{
		const char *dot = strchr(path, '.');
		size_t		length = dot ? (size_t) (dot - path) : strlen(path);
		const char *at = part->value;
		const char *stop = part->value_end;
		ScanPart	each;
		bool		found = false;

		if (at >= stop || *at != '{')
			return false;
		while (scan_part(&at, stop, &each))
		{
			size_t		name_length;
			char	   *name = scan_unquote(each.name, each.name_end, &name_length);

			if (name_length == length && memcmp(name, path, length) == 0)
			{
				*part = each;
				found = true;
			}
			pfree(name);
		}
		if (!found)
			return false;
		path = dot ? dot + 1 : NULL;
	}
	return true;
}

char *
scan_member(const char *text, const char *path)
{
	ScanPart	part;

	if (!scan_path(text, text + strlen(text), path, &part))
		return NULL;
	return pnstrdup(part.value, part.value_end - part.value);
}
