/*-------------------------------------------------------------------------
 *
 * plan_private.h
 *	  What a plan tells the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLAN_PRIVATE_H
#define XBB_PLAN_PRIVATE_H

/*
 * ForeignScan.fdw_private, by position: copyable nodes only.
 *
 * ForeignScan.fdw_exprs holds the values of the conditions in the same order,
 * then the expressions of LIMIT and OFFSET as far as PLAN_LIMITS counts them, then
 * what else the rows depend on (PLAN_PARAMETERS), then
 * the gates: quals that are the same for every row, since constant columns are all
 * they read.  ForeignScan.fdw_recheck_quals are the quals that the conditions stand for.
 */
typedef enum PlanPrivate
{
	PLAN_CONDITIONS,			/* List of condition_encode() */
	PLAN_COLUMNS,				/* List of int: attnums to decode */
	PLAN_LIMITS,				/* Integer: 0 none, 1 LIMIT, 2 LIMIT and OFFSET */
	PLAN_COUNT,					/* Boolean: the scan answers count(*); its outer
								 * plan counts if one request cannot */
	PLAN_BEFORE,				/* Integer: so many of the last fdw_recheck_quals are
								 * no condition's, but come before details */
	PLAN_PARAMETERS,			/* Integer: expressions with which those quals have other
								 * values */
	PLAN_REQUESTS,				/* Integer: that the list takes, about */
	PLAN_READS_ALL				/* Boolean: the rows of the result are all that the list
								 * has, or as many as the limit says, and none is left unread */
} PlanPrivate;

#endif							/* XBB_PLAN_PRIVATE_H */
