/*-------------------------------------------------------------------------
 *
 * sync_stored.h
 *	  One fixed statement, run as the owner of the tables of syncs and pushes.
 *
 * Only what writes into them includes this; sync_store.c says why it is so.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SYNC_STORED_H
#define XBB_SYNC_STORED_H

#include "executor/spi.h"
#include "fmgr.h"

/* Characters of an error, which may quote a value of any length. */
#define MOST_ERROR "10000"

/* Is a definition, called d, that of a role? */
#define OWNED(role) "EXISTS (SELECT FROM xbb._sync_all o WHERE o.id = d.id AND o.owner = " role ")"

/* A statement with its plan, which belongs to the function that had it made. */
typedef struct Stored
{
	const char *text;
	bool		nested;			/* few rows are looked up by their keys, however many there are of all: no hash, no merge */
	Oid			function;
	SPIPlanPtr	plan;
} Stored;

/*
 * Runs a statement with the function's arguments and, last, the role that calls: how
 * many rows it touched, and the first value that it returned, if any (a bigint).
 */
extern uint64 run_stored(FunctionCallInfo fcinfo, Stored *stored, int64 *returned);

/* Looks at what a statement returned, as the owner of the tables, in memory that goes with it. */
typedef void (*StoredReader) (void *arg, const SPITupleTable *table, uint64 nrows);

/* The same with other arguments than the function's, for one that runs several; "read" may be NULL. */
extern uint64 run_stored_with(Oid function, Stored *stored, int nargs, const Oid *types, const NullableDatum *args,
							  StoredReader read, void *arg);

/* Did it touch any? */
extern Datum touched_any(FunctionCallInfo fcinfo, Stored *stored);

/* If it did not: a definition of that number is the caller's no more; one of the same name is another one. */
extern Datum touched_some(FunctionCallInfo fcinfo, Stored *stored);
extern void complain_of_drop(void) __attribute__((noreturn));

#endif							/* XBB_SYNC_STORED_H */
