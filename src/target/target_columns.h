/*-------------------------------------------------------------------------
 *
 * target_columns.h
 *	  A target table's columns: which become members of records, which show verdicts.
 *
 * Named by way of target.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TARGET_COLUMNS_H
#define XBB_TARGET_COLUMNS_H

#include "access/tupdesc.h"
#include "option/option.h"

typedef struct TargetColumns TargetColumns;

/*
 * The columns of a target table; "sent" (by attnum - 1; NULL: all) says which of them
 * the statement has values for: all others are left out of records, whatever option
 * null says.  Lives in the current context.  Errors: those of encode_open.
 */
extern TargetColumns *target_columns(const TargetTableOptions *table, TupleDesc columns, const bool *sent);

/*
 * The record of a row as JSON, UTF-8, palloc'd; values and nulls by attnum - 1.  Leaves
 * other garbage in the current context.
 */
extern char *target_record(TargetColumns *columns, const Datum *values, const bool *nulls);

/* A record whose values are the columns' names, likewise. */
extern char *target_example(TargetColumns *columns);

/* The attnum of the column that shows that of verdicts, or 0. */
extern AttrNumber target_verdict_column(const TargetColumns *columns, TargetVerdictColumn verdict);

#endif							/* XBB_TARGET_COLUMNS_H */
