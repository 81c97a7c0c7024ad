/*-------------------------------------------------------------------------
 *
 * plan_detail.h
 *	  Quals that come before the details of a record are asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLAN_DETAIL_H
#define XBB_PLAN_DETAIL_H

#include "nodes/pathnodes.h"

/*
 * Where one of the columns to read (a list of attnums) comes with a record's details:
 * moves quals that need none of them from *local to the end of *before, so that the
 * scan checks them first.  Returns how many; quals keep the order of their security
 * levels.  scan_clauses are the RestrictInfos of all of them.  *parameters gets the
 * expressions, without columns of the table, with which they have other values: rows
 * that are kept for rescans are good as long as these are the same.
 */
extern int	plan_detail_quals(PlannerInfo *root, RelOptInfo *rel, Oid relid, List *columns, List *scan_clauses,
							  List **local, List **before, List **parameters);

/*
 * Does the query read all records that the list has, or as many as its limit says where that is
 * the scan's?  "remote" are the quals that are checked before the details.
 */
extern bool plan_reads_all(const PlannerInfo *root, const List *remote, bool limited);

#endif							/* XBB_PLAN_DETAIL_H */
