/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Every difference between the PostgreSQL majors that xbb_fdw supports.
 *
 * No other file tests PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_COMPAT_H
#define XBB_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "xbb_fdw supports PostgreSQL 15 to 18"
#endif

/* ---- locks ---- */

/* 17 can ask for a stronger one, too. */
#include "storage/lock.h"

#if PG_VERSION_NUM >= 170000
#define compat_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define compat_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode)
#endif

/* ---- planning and execution of foreign scans (plan.c, scan.c) ---- */

/* checkAsUser, or the current user. */
#include "miscadmin.h"

static inline Oid
compat_user(Oid check_as_user)
{
	return OidIsValid(check_as_user) ? check_as_user : GetUserId();
}

/*
 * Whose rights a relation is read with.  16 moved it from the range table entry to
 * RelOptInfo and ForeignScan.
 */
#if PG_VERSION_NUM >= 160000
#define compat_rel_user(root, rel) compat_user((rel)->userid)
#define compat_scan_user(fscan, estate) compat_user((fscan)->checkAsUser)
#else
#define compat_rel_user(root, rel) \
	compat_user(planner_rt_fetch((rel)->relid, root)->checkAsUser)
#define compat_scan_user(fscan, estate) \
	compat_user(exec_rt_fetch((fscan)->scan.scanrelid > 0 ? \
							  (fscan)->scan.scanrelid : \
							  (Index) bms_next_member((fscan)->fs_relids, -1), estate)->checkAsUser)
#endif

/* 17 added fdw_restrictinfo, 18 disabled_nodes. */
#if PG_VERSION_NUM >= 180000
#define compat_foreignscan_path(root, rel, rows, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, 0, startup, total, NIL, outer, NULL, NIL, NIL)
#define compat_foreign_upper_path(root, rel, target, rows, startup, total, outerpath, private) \
	create_foreign_upper_path(root, rel, target, rows, 0, startup, total, NIL, outerpath, NIL, private)
#elif PG_VERSION_NUM >= 170000
#define compat_foreignscan_path(root, rel, rows, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, outer, NULL, NIL, NIL)
#define compat_foreign_upper_path(root, rel, target, rows, startup, total, outerpath, private) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, outerpath, NIL, private)
#else
#define compat_foreignscan_path(root, rel, rows, startup, total, outer) \
	create_foreignscan_path(root, rel, NULL, rows, startup, total, NIL, outer, NULL, NIL)
#define compat_foreign_upper_path(root, rel, target, rows, startup, total, outerpath, private) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, outerpath, private)
#endif

/*
 * Whose rights a relation is written with, also that of a partition, which has no range
 * table entry.  16 has a function for it.
 */
#if PG_VERSION_NUM >= 160000
#define compat_result_user(result, estate) ExecGetResultRelCheckAsUser(result, estate)
#else
#define compat_result_user(result, estate) \
	compat_user(exec_rt_fetch((result)->ri_RangeTableIndex > 0 ? (result)->ri_RangeTableIndex : \
							  (result)->ri_RootResultRelInfo->ri_RangeTableIndex, estate)->checkAsUser)
#endif

/* ---- JSON tokens (lex.c) ---- */

/*
 * A lexer that leaves escapes alone; 17 lets the caller bring the struct.
 *
 * lex.c cuts most tokens itself and then sets token_start, token_terminator,
 * prev_token_terminator and token_type as json_lex() would.  It relies on json_lex()
 * going on from token_terminator and keeping nothing else from one token to the next
 * that matters without incremental parsing: so it was in 15 to 18, and a new major
 * wants a look.  An assertion in lex.c and test/fuzz (json) would notice.
 */
#if PG_VERSION_NUM >= 170000
#define compat_raw_lexer(text, length) \
	makeJsonLexContextCstringLen(NULL, text, length, PG_UTF8, false)
#else
#define compat_raw_lexer(text, length) \
	makeJsonLexContextCstringLen(unconstify(char *, text), (int) (length), PG_UTF8, false)
#endif

/* ---- roles (sync_owner.c, sync_restore.c) ---- */

/* May a role become another one?  16 made that an option of membership. */
#include "utils/acl.h"

#if PG_VERSION_NUM >= 160000
#define compat_may_become(member, role) member_can_set_role(member, role)
#define COMPAT_MAY_BECOME "'SET'"
#else
#define compat_may_become(member, role) is_member_of_role(member, role)
#define COMPAT_MAY_BECOME "'MEMBER'"
#endif

/* The sequence of an identity column.  17 takes the relation. */
#if PG_VERSION_NUM >= 170000
#define compat_identity_sequence(rel, attnum) getIdentitySequence(rel, attnum, false)
#else
#define compat_identity_sequence(rel, attnum) getIdentitySequence(RelationGetRelid(rel), attnum, false)
#endif

/* ---- catching errors (record.c) ---- */

/* 18 lets a parallel query's leader begin subtransactions. */
#define COMPAT_PARALLEL_SUBTRANSACTIONS (PG_VERSION_NUM >= 180000)

/* ---- waiting and shared memory (wait.c, limiter.c) ---- */

/*
 * 17 names the wait events of extensions, gives event sets to resource owners
 * (ours live for one wait and need none), and has shared memory by name.
 */
#if PG_VERSION_NUM >= 170000

#include "storage/dsm_registry.h"

#define compat_is_autovacuum() AmAutoVacuumWorkerProcess()
#define compat_wait_event(name) WaitEventExtensionNew(name)
#define compat_wait_event_set(nevents) CreateWaitEventSet(NULL, nevents)

static inline void *
compat_shared_segment(const char *name, Size size, void (*init) (void *))
{
	bool		found;

	return GetNamedDSMSegment(name, size, init, &found);
}

#else

#include "postmaster/autovacuum.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#define compat_is_autovacuum() IsAutoVacuumWorkerProcess()
#define compat_wait_event(name) ((void) (name), PG_WAIT_EXTENSION)
#define compat_wait_event_set(nevents) \
	CreateWaitEventSet(CurrentMemoryContext, nevents)

static inline void *
compat_shared_segment(const char *name, Size size, void (*init) (void *))
{
	bool		found;
	void	   *segment;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	segment = ShmemInitStruct(name, size, &found);
	if (!found)
		init(segment);
	LWLockRelease(AddinShmemInitLock);
	return segment;
}

#endif							/* PG_VERSION_NUM >= 170000 */

/* ---- EXPLAIN (scan.c) ---- */

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

#endif							/* XBB_COMPAT_H */
