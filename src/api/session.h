/*-------------------------------------------------------------------------
 *
 * session.h
 *	  The backend's connections and secrets, by user mapping.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SESSION_H
#define XBB_SESSION_H

#include "call/call.h"
#include "option/option.h"

/*
 * One user mapping's access to one server, kept for the life of the backend:
 * connections stay open between scans.  Fields are read-only to callers and
 * live as long as the session is pinned.
 */
typedef struct Session
{
	Oid			serverid;
	Oid			umid;			/* the user mapping, perhaps that of PUBLIC */
	MemoryContext context;		/* owns everything below */
	CallPlace  *place;
	ServerOptions *server;		/* as it was when the session was made */
	char	   *user_id;		/* or NULL */
	int64		request_limit;	/* the mapping's, 0 = none */
	char	   *token;			/* secret; wiped when the session ends */
	int			pins;			/* scans that use it */
	bool		stale;			/* server or mapping changed: for no new scan */
} Session;

/*
 * The session of a user and a server, pinned until "context" is reset or
 * deleted.  ALTER SERVER or ALTER USER MAPPING makes the next call return a
 * new one, with new connections.  Errors: those of option_server and
 * option_mapping.
 */
extern Session *session_get(Oid userid, Oid serverid, MemoryContext context);

/*
 * Ends this backend's sessions with a server, or with all for InvalidOid: at once, or
 * when their scans have ended.  False if there are none.
 */
extern bool session_disconnect(Oid serverid);

#endif							/* XBB_SESSION_H */
