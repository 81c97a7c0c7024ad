/*-------------------------------------------------------------------------
 *
 * reader_missed.c
 *	  Records that have no details, though they should.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "reader/reader.h"

/* Where they are noted, or NULL. */
static ReaderMissed *noted = NULL;

static void
forget_missed(void *arg)
{
	if (noted == arg)
		noted = NULL;
}

void
reader_note_missed(ReaderMissed *missed)
{
	MemoryContextCallback *callback;

	noted = missed;
	if (!missed)
		return;
	callback = MemoryContextAllocZero(missed->context, sizeof(*callback));
	callback->func = forget_missed;
	callback->arg = missed;
	MemoryContextRegisterResetCallback(missed->context, callback);
}

void
reader_missed(int64 data_id)
{
	if (!noted)
		return;
	if (noted->nids == noted->size)
	{
		noted->size = Max(16, noted->size * 2);
		noted->ids = noted->ids ? repalloc_huge(noted->ids, noted->size * sizeof(int64)) :
			MemoryContextAlloc(noted->context, noted->size * sizeof(int64));
	}
	noted->ids[noted->nids++] = data_id;
}
