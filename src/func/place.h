/*-------------------------------------------------------------------------
 *
 * place.h
 *	  Which copy of a database this is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLACE_H
#define XBB_PLACE_H

#include "fmgr.h"

/*
 * xbb._place_here(): system identifier, timeline, database, host name and data directory
 * of this backend.  No request, and one system call a backend.
 */
extern PGDLLEXPORT Datum xbb_fdw_place_here(PG_FUNCTION_ARGS);

/*
 * xbb._place_is_here(bigint, integer, oid, text, text, text[]): is that this place, or, by
 * its failover places and a later timeline, a promoted standby of it?  A standby is its
 * primary's place.
 */
extern PGDLLEXPORT Datum xbb_fdw_place_is_here(PG_FUNCTION_ARGS);

/*
 * xbb._place_activate(text[]): this place is the one from now on, with those failover places
 * (NULL: those it has), and what all names of definitions mean is looked up here; false if
 * the caller is neither a superuser nor has the role of the database's owner.
 */
extern PGDLLEXPORT Datum xbb_fdw_place_activate(PG_FUNCTION_ARGS);

/* xbb._place_follow(): after a failover, this place is the one, and the old one a failover place */
extern PGDLLEXPORT Datum xbb_fdw_place_follow(PG_FUNCTION_ARGS);

#endif							/* XBB_PLACE_H */
