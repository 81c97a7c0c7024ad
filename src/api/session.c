/*-------------------------------------------------------------------------
 *
 * session.c
 *	  The backend's connections and secrets, by user mapping.
 *
 * Invalidation only marks: a session ends when nobody uses it any more, so a
 * running scan keeps the connections and the token that it began with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/session.h"

/* A session in the backend's list, with what finds it in invalidations. */
typedef struct SessionEntry
{
	Session		session;
	dlist_node	node;
	uint32		server_hash;	/* syscache hash values of the two catalog */
	uint32		mapping_hash;	/* rows it was made of */
} SessionEntry;

/* What unpins a session when a scan's context ends. */
typedef struct SessionPin
{
	MemoryContextCallback callback;
	SessionEntry *entry;
} SessionPin;

static dlist_head sessions = DLIST_STATIC_INIT(sessions);

/* Counts calls of session_invalidate: options may change while they are read. */
static uint64 invalidations = 0;

static void
session_invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	dlist_iter	iter;

	invalidations++;
	dlist_foreach(iter, &sessions)
	{
		SessionEntry *entry = dlist_container(SessionEntry, node, iter.cur);
		uint32		own = cacheid == FOREIGNSERVEROID ?
			entry->server_hash : entry->mapping_hash;

		/* a hash value of 0 means that everything may have changed */
		if (hashvalue == 0 || hashvalue == own)
			entry->session.stale = true;
	}
}

static void
session_end(SessionEntry *entry)
{
	dlist_delete(&entry->node);
	if (entry->session.token)
		explicit_bzero(entry->session.token, strlen(entry->session.token));
	MemoryContextDelete(entry->session.context);
}

static void
session_unpin(void *arg)
{
	SessionEntry *entry = ((SessionPin *) arg)->entry;

	if (--entry->session.pins == 0 && entry->session.stale)
		session_end(entry);
}

static void
session_pin(SessionEntry *entry, MemoryContext context)
{
	SessionPin *pin = MemoryContextAlloc(context, sizeof(SessionPin));

	pin->entry = entry;
	pin->callback.func = session_unpin;
	pin->callback.arg = pin;
	entry->session.pins++;
	MemoryContextRegisterResetCallback(context, &pin->callback);
}

static SessionEntry *
session_create(Oid serverid, const MappingOptions *mapping, uint64 as_of)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "xbb_fdw session",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	SessionEntry *entry = palloc0(sizeof(SessionEntry));
	Session    *session = &entry->session;

	/* until all of it is there, an error takes the context along */
	session->context = context;
	session->serverid = serverid;
	session->umid = mapping->umid;
	session->server = option_server(serverid);
	session->place = call_place(session->server->base_url, context);
	session->user_id = mapping->user_id ? pstrdup(mapping->user_id) : NULL;
	session->token = pstrdup(mapping->token);
	entry->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID,
											   ObjectIdGetDatum(serverid));
	entry->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID,
												ObjectIdGetDatum(mapping->umid));
	MemoryContextSwitchTo(old);

	/* good enough for this scan, but for no later one */
	session->stale = invalidations != as_of;
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&sessions, &entry->node);
	return entry;
}

Session *
session_get(Oid userid, Oid serverid, MemoryContext context)
{
	static bool registered = false;
	MappingOptions *mapping;
	SessionEntry *entry = NULL;
	uint64		as_of;
	dlist_mutable_iter iter;

	if (!registered)
	{
		CacheRegisterSyscacheCallback(FOREIGNSERVEROID, session_invalidate,
									  (Datum) 0);
		CacheRegisterSyscacheCallback(USERMAPPINGOID, session_invalidate,
									  (Datum) 0);
		registered = true;
	}

	as_of = invalidations;
	mapping = option_mapping(userid, serverid);
	dlist_foreach_modify(iter, &sessions)
	{
		SessionEntry *each = dlist_container(SessionEntry, node, iter.cur);

		if (each->session.stale && each->session.pins == 0)
			session_end(each);
		else if (!each->session.stale && each->session.umid == mapping->umid)
			entry = each;
	}
	if (!entry)
		entry = session_create(serverid, mapping, as_of);
	explicit_bzero(mapping->token, strlen(mapping->token));
	session_pin(entry, context);
	return &entry->session;
}
