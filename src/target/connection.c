/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  The backend's connections to targets, by user mapping.
 *
 * They hold no secret: each request carries its own.  What nobody uses ends with a
 * transaction once it has been idle for a while: an idle backend runs no code.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "base/wait.h"
#include "target/connection.h"
#include "target/target.h"

/* Not used for so long, a connection ends with the transaction. */
#define IDLE_MS (60 * 1000)

typedef struct Connection
{
	dlist_node	node;
	MemoryContext context;		/* owns it */
	Oid			serverid;
	Oid			umid;
	char	   *url;
	CallPlace  *place;
	int			pins;			/* targets that use it */
	bool		stale;			/* for no new target */
	WaitTime	used;			/* when it was unpinned last */
} Connection;

/* What unpins a connection when a target ends. */
typedef struct ConnectionPin
{
	MemoryContextCallback callback;
	Connection *connection;
} ConnectionPin;

static dlist_head connections = DLIST_STATIC_INIT(connections);

static void
connection_end(Connection *connection)
{
	dlist_delete(&connection->node);
	MemoryContextDelete(connection->context);
}

static void
connection_unpin(void *arg)
{
	Connection *connection = ((ConnectionPin *) arg)->connection;

	connection->used = wait_clock();
	if (--connection->pins == 0 && connection->stale)
		connection_end(connection);
}

static void
transaction_ended(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	dlist_foreach_modify(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);

		if (connection->pins == 0 && wait_clock() >= wait_later(connection->used, IDLE_MS))
			connection_end(connection);
	}
}

static Connection *
connection_create(Oid serverid, Oid umid, const char *url)
{
	static bool watching = false;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "xbb_fdw target connections",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Connection *connection = palloc0(sizeof(Connection));

	/* until all of it is there, an error takes the context along */
	connection->context = context;
	connection->serverid = serverid;
	connection->umid = umid;
	connection->url = pstrdup(url);
	connection->place = call_place(url, context);
	MemoryContextSwitchTo(old);
	if (!watching)
		RegisterXactCallback(transaction_ended, NULL);
	watching = true;
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&connections, &connection->node);
	return connection;
}

CallPlace *
connection_get(Oid serverid, Oid umid, const char *url, MemoryContext context)
{
	ConnectionPin *pin = MemoryContextAllocZero(context, sizeof(ConnectionPin));
	Connection *connection = NULL;
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		Connection *each = dlist_container(Connection, node, iter.cur);

		if (!each->stale && each->serverid == serverid && each->umid == umid && strcmp(each->url, url) == 0)
			connection = each;
	}
	if (!connection)
		connection = connection_create(serverid, umid, url);
	pin->connection = connection;
	pin->callback.func = connection_unpin;
	pin->callback.arg = pin;
	connection->pins++;
	MemoryContextRegisterResetCallback(context, &pin->callback);
	return connection->place;
}

bool
target_disconnect(Oid serverid)
{
	bool		any = false;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);

		if (OidIsValid(serverid) && connection->serverid != serverid)
			continue;
		any = true;
		connection->stale = true;
		if (connection->pins == 0)
			connection_end(connection);
	}
	return any;
}
