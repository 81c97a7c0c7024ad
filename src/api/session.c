/*-------------------------------------------------------------------------
 *
 * session.c
 *	  The backend's connections and secrets, by user mapping.
 *
 * Invalidation only marks: a session ends when nobody uses it any more, so a
 * running scan keeps the connections and the token that it began with.  What nobody
 * uses ends with the transaction if it is stale, or has been idle for a while: an idle
 * backend runs no code.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "portability/instr_time.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/session.h"

/* A session that is not used for so long ends with the transaction. */
#define IDLE_SECONDS 60

/* A session in the backend's list, with what finds it in invalidations. */
typedef struct SessionEntry
{
	Session		session;
	dlist_node	node;
	uint32		server_hash;	/* syscache hash values of the two catalog */
	uint32		mapping_hash;	/* rows it was made of */
	instr_time	used;			/* when it was unpinned last */
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

	INSTR_TIME_SET_CURRENT(entry->used);
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
	session->request_limit = mapping->request_limit;
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

static bool
is_idle(const SessionEntry *entry)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, entry->used);
	return INSTR_TIME_GET_DOUBLE(now) > IDLE_SECONDS;
}

/* Ends what nobody uses: all of it, or what is stale or idle. */
static void
sessions_end(bool all)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &sessions)
	{
		SessionEntry *entry = dlist_container(SessionEntry, node, iter.cur);

		if (entry->session.pins == 0 && (all || entry->session.stale || is_idle(entry)))
			session_end(entry);
	}
}

static void
transaction_ended(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		sessions_end(false);
}

/* DISCARD ALL hands the backend to somebody else. */
static ProcessUtility_hook_type next_utility;

static void
look_for_discard(PlannedStmt *pstmt, const char *query, bool read_only_tree,
				 ProcessUtilityContext context, ParamListInfo params,
				 QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	bool		discards = IsA(pstmt->utilityStmt, DiscardStmt) &&
		((DiscardStmt *) pstmt->utilityStmt)->target == DISCARD_ALL;

	if (next_utility)
		next_utility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	if (discards)
		sessions_end(true);
}

/* Before the first session: a backend without one has nothing to end. */
static void
watch(void)
{
	static bool watching = false;

	if (watching)
		return;
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, session_invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, session_invalidate, (Datum) 0);
	RegisterXactCallback(transaction_ended, NULL);
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = look_for_discard;
	watching = true;
}

bool
session_disconnect(Oid serverid)
{
	bool		any = false;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &sessions)
	{
		SessionEntry *entry = dlist_container(SessionEntry, node, iter.cur);

		if (OidIsValid(serverid) && entry->session.serverid != serverid)
			continue;
		any = true;
		entry->session.stale = true;
		if (entry->session.pins == 0)
			session_end(entry);
	}
	return any;
}

Session *
session_get(Oid userid, Oid serverid, MemoryContext context)
{
	MappingOptions *mapping;
	SessionEntry *entry = NULL;
	uint64		as_of;
	dlist_mutable_iter iter;

	watch();
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
