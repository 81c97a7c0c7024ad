/*-------------------------------------------------------------------------
 *
 * record_name.c
 *	  The names met in a scan's records, as hints at those to come.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "record/record_name.h"

#define MAX_NAMES 1000

RecordName *
name_remember(NamePlace *place, const Lex *lex, Attr *attr)
{
	RecordNames *names = place->names;
	RecordName *known = place->known[lex->depth];
	RecordName *last = place->last[lex->depth];
	RecordName *result;
	LexName		name;

	if (known == NULL || names->count == MAX_NAMES || !lex_name(lex, &name))
		return NULL;
	result = MemoryContextAllocZero(names->context, sizeof(RecordName));
	names->count++;
	result->name = name;
	result->name.unwanted = attr == NULL;
	result->attr = attr;
	if (last)
	{
		result->name.next = last->name.next;
		last->name.next = &result->name;
	}
	else
	{
		result->name.next = known->child ? &known->child->name : NULL;
		known->child = result;
	}
	return result;
}
