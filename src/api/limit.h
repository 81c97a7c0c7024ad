/*-------------------------------------------------------------------------
 *
 * limit.h
 *	  How many requests one statement may send; for api.c alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LIMIT_H
#define XBB_LIMIT_H

#include "api/session.h"
#include "option/option.h"

/*
 * How many more the statement under way may send, all its scans together; -1 if there is
 * no limit, which *limit tells.  The least of server, table, user mapping and setting
 * counts.
 */
extern int64 limit_left(const TableOptions *table, const Session *session, int64 *limit);

/* Counts one more; an error (53400) if it is too much. */
extern void limit_count(const TableOptions *table, const Session *session);

#endif							/* XBB_LIMIT_H */
