/*-------------------------------------------------------------------------
 *
 * task.h
 *	  What this backend asks the API for: a run of a sync, or whatever is typed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TASK_H
#define XBB_TASK_H

/* The task, or NULL; not a copy. */
extern const char *task_name(void);
extern bool task_is_incremental(void);

#endif							/* XBB_TASK_H */
