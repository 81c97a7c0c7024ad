/*-------------------------------------------------------------------------
 *
 * fdw.h
 *	  The callbacks of both wrappers; who calls them when, and what they
 *	  may do, is in PostgreSQL's chapter "Writing a Foreign Data Wrapper".
 *
 *	  No callback of the planner sends a request, but where the option
 *	  use_remote_estimate asks for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FDW_H
#define XBB_FDW_H

#include "foreign/fdwapi.h"

/* planning: plan.c */
extern void plan_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void plan_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *plan_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
								  ForeignPath *path, List *tlist,
								  List *scan_clauses, Plan *outer_plan);
extern void plan_get_upper_paths(PlannerInfo *root, UpperRelationKind stage,
								 RelOptInfo *input, RelOptInfo *output,
								 void *extra);

/* reading: scan.c */
extern void scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *scan_iterate(ForeignScanState *node);
extern void scan_rescan(ForeignScanState *node);
extern void scan_end(ForeignScanState *node);

/* several scans of one Append at the same time: scan_async.c */
extern bool scan_is_async_capable(ForeignPath *path);
extern void scan_async_request(AsyncRequest *areq);
extern void scan_async_configure_wait(AsyncRequest *areq);
extern void scan_async_notify(AsyncRequest *areq);

/* EXPLAIN: scan_explain.c */
extern void scan_explain(ForeignScanState *node, struct ExplainState *es);

/* ANALYZE: sample.c */
extern bool sample_analyze(Relation relation, AcquireSampleRowsFunc *func,
						   BlockNumber *totalpages);

/* IMPORT FOREIGN SCHEMA: import.c */
extern List *import_foreign_schema(ImportForeignSchemaStmt *stmt, Oid serverid);

/*
 * ANALYZE and IMPORT FOREIGN SCHEMA have one row of xbb.progress for all that they read, until
 * the current context ends: watch.c
 */
extern void watch_statement(const char *task, Oid serverid, const char *server, Oid relid);

/* the wrapper xbb_target, which does not read and says so: modify.c */
extern void modify_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void modify_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *modify_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
									ForeignPath *path, List *tlist,
									List *scan_clauses, Plan *outer_plan);
extern void modify_scan_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *modify_scan_iterate(ForeignScanState *node);
extern void modify_scan_rescan(ForeignScanState *node);
extern void modify_scan_end(ForeignScanState *node);

/* its INSERT and COPY FROM: modify.c */
extern int	modify_is_updatable(Relation relation);
extern List *modify_plan(PlannerInfo *root, ModifyTable *plan, Index index, int subplan);
extern void modify_begin(ModifyTableState *mtstate, ResultRelInfo *result,
						 List *fdw_private, int subplan, int eflags);
extern void modify_begin_insert(ModifyTableState *mtstate, ResultRelInfo *result);
extern TupleTableSlot *modify_insert(EState *estate, ResultRelInfo *result,
									 TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot **modify_batch_insert(EState *estate, ResultRelInfo *result,
											TupleTableSlot **slots, TupleTableSlot **plan_slots,
											int *nslots);
extern int	modify_batch_size(ResultRelInfo *result);
extern void modify_end(EState *estate, ResultRelInfo *result);
extern void modify_explain(ModifyTableState *mtstate, ResultRelInfo *result,
						   List *fdw_private, int subplan, struct ExplainState *es);

#endif							/* XBB_FDW_H */
