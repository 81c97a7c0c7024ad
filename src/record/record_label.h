/*-------------------------------------------------------------------------
 *
 * record_label.h
 *	  A value as people see it; for the record files alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECORD_LABEL_H
#define XBB_RECORD_LABEL_H

#include "record/record_page.h"

/*
 * A slice, palloc'd, with the column's labels in that form in the place of values; what cannot be
 * read stays as it is.  54000 where that would take far more memory than an answer may have bytes.
 */
extern LexSlice record_label(const RecordFormat *format, const RecordColumn *column, int64 form_id, const LexSlice *slice);

#endif							/* XBB_RECORD_LABEL_H */
