/*-------------------------------------------------------------------------
 *
 * alert.h
 *	  What alerts write into their own tables, and their words.
 *
 * As with the syncs, nobody has rights on the tables but who owns them.  Each
 * function below that writes does so as that role, what it was given as values, and
 * only rows of the role that calls it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ALERT_H
#define XBB_ALERT_H

#include "fmgr.h"

/* xbb._alert_words(text, text): the format in that language ("zh"; else English) with that key; static, in the database's encoding */
extern PGDLLEXPORT Datum xbb_fdw_alert_words(PG_FUNCTION_ARGS);

/* Can the database's encoding hold Chinese? */
extern bool alert_has_chinese(void);

/* xbb._report_chinese(text): the word of a report with that key; NULL where there is none */
extern PGDLLEXPORT Datum xbb_fdw_report_chinese(PG_FUNCTION_ARGS);

/*
 * xbb.check_alerts(): what fires, and what does so no more, is looked at, for all roles; how many messages
 * that queued, NULL if another session is at it.
 */
extern PGDLLEXPORT Datum xbb_fdw_alert_check(PG_FUNCTION_ARGS);

/*
 * xbb._alert_change(text, text, boolean, numeric, interval, boolean): another rule for the caller's tasks, or one of
 * them ('': all), or as the owner of the database for everybody's; NULL leaves what a rule says, all NULL the change goes.
 * False if the caller may not.
 */
extern PGDLLEXPORT Datum xbb_fdw_alert_change(PG_FUNCTION_ARGS);

/* xbb._alert_silence(text, timestamptz, text): the caller's silence of that name, until then; NULL: no more */
extern PGDLLEXPORT Datum xbb_fdw_alert_silence(PG_FUNCTION_ARGS);

/* xbb._alert_channel_put(xbb.alert_channel): the caller's channel of that name, new or changed */
extern PGDLLEXPORT Datum xbb_fdw_alert_channel_put(PG_FUNCTION_ARGS);

/* xbb._alert_channel_drop(text): and its messages; false if there is none */
extern PGDLLEXPORT Datum xbb_fdw_alert_channel_drop(PG_FUNCTION_ARGS);

/* xbb._alert_drift(name, bigint): how many changes of a server's forms the caller has found */
extern PGDLLEXPORT Datum xbb_fdw_alert_drift(PG_FUNCTION_ARGS);

/* xbb._alert_lock(), xbb._alert_unlock(): one session a role sends; beyond transactions */
extern PGDLLEXPORT Datum xbb_fdw_alert_lock(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_fdw_alert_unlock(PG_FUNCTION_ARGS);

/*
 * xbb._alert_take(): the caller's next message that is due, the oldest of its channel, is being sent from now on:
 * its number, NULL if there is none.  Wants the lock: what was being sent before was given up.
 */
extern PGDLLEXPORT Datum xbb_fdw_alert_take(PG_FUNCTION_ARGS);

/* xbb._alert_note(bigint, text, text, interval): what became of one of the caller's, and when it is tried again */
extern PGDLLEXPORT Datum xbb_fdw_alert_note(PG_FUNCTION_ARGS);

#endif							/* XBB_ALERT_H */
