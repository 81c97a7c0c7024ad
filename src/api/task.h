/*-------------------------------------------------------------------------
 *
 * task.h
 *	  What this backend asks the API for: a run of a sync, or whatever is typed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TASK_H
#define XBB_TASK_H

/* As the counters keep it, cut; with the 0 at its end. */
#define TASK_SIZE 64

/* The task, or NULL; not a copy. */
extern const char *task_name(void);
extern bool task_is_incremental(void);

#endif							/* XBB_TASK_H */
