/*-------------------------------------------------------------------------
 *
 * doctor.h
 *	  xbb.doctor: what is wrong with a connection, as an SQL function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUNC_DOCTOR_H
#define XBB_FUNC_DOCTOR_H

#include "fmgr.h"
#include "nodes/pg_list.h"

#include "doctor/doctor.h"
#include "option/option.h"

/* xbb.doctor(server, object, deep): see script/xbb_fdw/doctor.sql. */
extern PGDLLEXPORT Datum xbb_fdw_doctor(PG_FUNCTION_ARGS);

/* xbb._library_version(): that of the library which this session has loaded. */
extern PGDLLEXPORT Datum xbb_fdw_library_version(PG_FUNCTION_ARGS);

/*
 * Runs a step in a subtransaction: what fails there is undone, and told by its error, in the
 * caller's memory, but for cancels and shutdowns, which go on.  NULL if it has succeeded.
 */
extern ErrorData *doctor_isolate(void (*step) (void *arg), void *arg);

/*
 * Appends what can be told without a request: DoctorFindings.  *mapping is the caller's, to be
 * wiped; NULL, and *lacking says why, if there is none to ask with.
 */
extern List *doctor_look_here(Oid serverid, MappingOptions **mapping, const char **lacking);

/* Asks what the doctor wants to know, until it knows. */
extern void doctor_look_there(Doctor *doctor, const ServerOptions *server);

/* Keeps the findings as the last look of the caller's role. */
extern void doctor_keep(Oid serverid, const char *object, const DoctorFinding *findings, int nfindings);

#endif							/* XBB_FUNC_DOCTOR_H */
