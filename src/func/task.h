/*-------------------------------------------------------------------------
 *
 * task.h
 *	  What is known elsewhere of syncs and pushes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TASK_H
#define XBB_TASK_H

#include "fmgr.h"

/*
 * xbb._task_jobs(): the jobs of pg_cron in this database that run a task which the caller may see:
 * kind and number of the task, and schedule; no command.  Nothing where pg_cron is not, or is not as it is known.
 */
extern PGDLLEXPORT Datum xbb_fdw_task_jobs(PG_FUNCTION_ARGS);

#endif							/* XBB_TASK_H */
