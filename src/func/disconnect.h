/*-------------------------------------------------------------------------
 *
 * disconnect.h
 *	  This backend's connections, as SQL sees them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_DISCONNECT_H
#define XBB_DISCONNECT_H

#include "fmgr.h"

/* xbb.disconnect(server name): server NULL is all; false if there was nothing to end. */
extern PGDLLEXPORT Datum xbb_fdw_disconnect(PG_FUNCTION_ARGS);

#endif							/* XBB_DISCONNECT_H */
