/*-------------------------------------------------------------------------
 *
 * record_list.c
 *	  The lists that an answer has, where the one that was expected is not there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "record/lex.h"
#include "record/record.h"

#define MOST_NAME 200			/* bytes of a name that is shown */
#define MOST_NAMES 1000			/* of all of them */

static bool
is_result(const LexSlice *key)
{
	static const char name[] = "\"result\"";

	return key->length == strlen(name) && memcmp(key->start, name, key->length) == 0;
}

/* An answer may be all names, and as large as max_response_size: of them only a few are kept. */
char *
record_lists(const char *body, size_t length)
{
	Lex		   *lex = palloc(sizeof(Lex));
	bool		in_result = false;
	LexSlice	key = {0};
	LexEvent	event;
	StringInfoData names;

	initStringInfo(&names);
	lex_begin(lex, body, length);
	lex->hint = NULL;
	while ((event = lex_next(lex)) != LEX_END && event != LEX_FAILED && names.len < MOST_NAMES)
	{
		LexEscape	escape;

		CHECK_FOR_INTERRUPTS();
		if (event == LEX_KEY && lex->depth == 1)
			in_result = is_result(&lex->slice);
		else if (event == LEX_KEY && lex->depth == 2)
			key = lex->slice;
		else if (event == LEX_OPEN && lex->depth == 3 && in_result && lex_in_array(lex) &&
				 *lex->opened[2] == '{' && key.length <= MOST_NAME)
		{
			appendStringInfoString(&names, names.len ? ", " : "");
			enlargeStringInfo(&names, key.length);
			names.len += lex_unescape(&key, names.data + names.len, &escape);
			names.data[names.len] = '\0';
		}
	}
	return names.len ? names.data : NULL;
}
