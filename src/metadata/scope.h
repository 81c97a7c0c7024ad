/*-------------------------------------------------------------------------
 *
 * scope.h
 *	  What templates name: columns of the source, elements of arrays, the platform's
 *	  own variables.
 *
 * A column is noted when it is first asked for, so that the table can be made with all
 * of them.  What is found to be an array or an object is jsonb from then on: statements
 * are written twice, and the second time all is known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_SCOPE_H
#define XBB_METADATA_SCOPE_H

#include "metadata/expr.h"
#include "metadata/sql.h"

#define SCOPE_SOURCE "s"		/* the source's row */
#define SCOPE_NAME_BYTES 63		/* of a column */
#define SCOPE_COLUMNS 1500		/* the server has 1,600 of a table */
#define SCOPE_STRATEGIES 500
#define SCOPE_BYTES 50000		/* of one value's SQL: some pieces stand in it several times */
#define SCOPE_ALL_BYTES 20000000	/* of the SQL of all values and their parts, which takes several times that of memory */

typedef struct ScopeColumn
{
	const char *path;			/* as the platform names it */
	const char *name;			/* not quoted */
	const char *type;			/* as one would type it */
	bool		reads;			/* the name says which field of the CRM it is */
	bool		is_array;
	struct ScopeColumn *next;
} ScopeColumn;

/* An array whose elements are gone through. */
typedef struct ScopeArray
{
	const char *path;
	const char *alias;
	struct ScopeArray *outer;
} ScopeArray;

typedef struct ScopeStrategy
{
	const char *name;
	struct ScopeStrategy *next;
} ScopeStrategy;

typedef struct Scope
{
	bool		crm;			/* the columns are those of a foreign table of the CRM's */
	bool		request;		/* of what a source is asked: there is no row */
	bool		sends_json;		/* a template alone is sent as the source has it */
	const char *name;			/* of sync and push */
	const char *rows_key;		/* what the platform calls the rows of one request; or NULL */
	ScopeColumn *columns;
	ScopeArray *arrays;			/* the innermost first */
	int			narrays;		/* begun so far */
	ScopeStrategy *strategies;
	bool		uses_last_sync,
				uses_page_size,
				uses_start_row,
				uses_last_id;
	bool		strips_aggregate,	/* sum(x) of one value */
				uses_random,
				uses_now;
	size_t		written;		/* bytes of SQL so far */
	char	   *problem;		/* the first, since it was last NULL */
} Scope;

extern Sql	scope_fail(Scope *scope, const char *format,...) pg_attribute_printf(2, 3);

/* The column of a path, noted with the type if it was not yet; NULL with a problem. */
extern ScopeColumn *scope_column(Scope *scope, const char *path, const char *type);

/* What a template stands for, without its format. */
extern Sql	scope_find(Scope *scope, const char *name);

/* As jsonb: the array of a path. */
extern Sql	scope_array(Scope *scope, const char *path);

/* The table of a strategy, a name to be replaced; NULL with a problem. */
extern const char *scope_strategy(Scope *scope, const char *name);

/* ---- expr_sql.c ---- */

extern Sql	expr_sql(Scope *scope, const MetaExpr *expr);

/*
 * Is it LAST_SYNC_TIME, or a fixed while ago, less some seconds?  *sliding: a while ago.
 */
extern bool expr_is_increment(const MetaExpr *expr, double *seconds, bool *sliding);

/* ---- expr_call.c ---- */

/* The arguments are written already: of an INTERVAL, how many. */
extern Sql	expr_call_sql(Scope *scope, const MetaExpr *call, const Sql *args, int nargs);

#endif							/* XBB_METADATA_SCOPE_H */
