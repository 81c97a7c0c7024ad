/*-------------------------------------------------------------------------
 *
 * form.h
 *	  The CRM's forms and their fields, as SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUNC_FORM_H
#define XBB_FUNC_FORM_H

#include "fmgr.h"

/* xbb.forms(server): all forms that the user may see. */
extern PGDLLEXPORT Datum xbb_fdw_forms(PG_FUNCTION_ARGS);

/* xbb.form_fields(server, form_id): those of one form. */
extern PGDLLEXPORT Datum xbb_fdw_form_fields(PG_FUNCTION_ARGS);

/* xbb._form_columns(server, form_ids): the columns that tables of the forms should have. */
extern PGDLLEXPORT Datum xbb_fdw_form_columns(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum xbb_fdw_form_tables(PG_FUNCTION_ARGS);

/* xbb._newest(table): the records of one answer, as they come. */
extern PGDLLEXPORT Datum xbb_fdw_newest(PG_FUNCTION_ARGS);

#endif							/* XBB_FUNC_FORM_H */
