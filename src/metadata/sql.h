/*-------------------------------------------------------------------------
 *
 * sql.h
 *	  Pieces of SQL with the type that they have.
 *
 * Where PostgreSQL means something else than MySQL, what is meant is written out.
 * A piece is palloc'd text; NULL stands for one that cannot be, with the problem said.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_SQL_H
#define XBB_METADATA_SQL_H

#include "lib/stringinfo.h"

/* The platform's clock (targets: its documentation's own example). */
#define SQL_ZONE "'Asia/Shanghai'"

typedef enum SqlType
{
	SQL_NULL,
	SQL_ANY,					/* text, that may hold a number or a time */
	SQL_TEXT,
	SQL_INTEGER,				/* a constant, or a whole number of SQL's type integer */
	SQL_NUMERIC,
	SQL_BOOLEAN,
	SQL_INSTANT,				/* timestamptz: written alone, seconds since 1970 */
	SQL_TIME,					/* timestamp, in the platform's zone */
	SQL_DATE,
	SQL_JSON					/* jsonb */
} SqlType;

typedef struct Sql
{
	SqlType		type;
	const char *text;
	bool		whole;			/* needs no parentheses beside an operator */
	const char *bare;			/* of a text that is one template in quotes: the template */
	const char *constant;		/* of a literal: what it says */
	const char *day_if;			/* of a time: when it is one without hours, as it is written then; or NULL */
} Sql;

/* The text as an identifier, in quotes unless it needs none; as a constant. */
extern char *sql_name(const char *text);
extern char *sql_constant(const char *text);

extern Sql	sql_make(SqlType type, bool whole, const char *format,...) pg_attribute_printf(3, 4);
extern Sql	sql_literal(const char *text);
extern Sql	sql_number(const char *digits);

/* In parentheses, if it stood beside an operator. */
extern const char *sql_operand(Sql sql);

/* The same as another type; text is NULL where that cannot be. */
extern Sql	sql_as_text(Sql sql);
extern Sql	sql_as_number(Sql sql);
extern Sql	sql_as_boolean(Sql sql);
extern Sql	sql_as_time(Sql sql);

/* As jsonb_build_object takes it. */
extern const char *sql_as_json(Sql sql);

/* The type that holds both: what branches of a CASE, or two that are compared, become. */
extern SqlType sql_common(SqlType one, SqlType other);
extern Sql	sql_as(Sql sql, SqlType type);

/* A time as MySQL's patterns write it; NULL if one of them is not known, then *unknown is it. */
extern char *sql_pattern(const char *pattern, char **unknown);

/*
 * jsonb_build_object or jsonb_build_array of "items", which are written already;
 * several of them, where one would have too many arguments.
 */
extern char *sql_build(const char *function, const char *const *items, int nitems);

/* The same as json, whose members stay in the order of the items. */
extern char *sql_build_in_order(bool object, const char *const *items, int nitems);

#endif							/* XBB_METADATA_SQL_H */
