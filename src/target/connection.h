/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  The backend's connections to targets, by user mapping.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_CONNECTION_H
#define XBB_CONNECTION_H

#include "call/call.h"

/*
 * The place at that URL as a mapping calls it, pinned until "context" ends.  Its
 * connections stay open between statements, for a minute without use.
 */
extern CallPlace *connection_get(Oid serverid, Oid umid, const char *url, MemoryContext context);

#endif							/* XBB_CONNECTION_H */
