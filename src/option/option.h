/*-------------------------------------------------------------------------
 *
 * option.h
 *	  Options as data: names, places, types, ranges, defaults; what they mean.
 *
 * One table (option.c) drives the validator and its hints (option_check.c),
 * the readers below (option_read.c), the SQL function xbb.options() and the
 * test that compares it with the README.  The kinds of objects are in
 * option_object.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_OPTION_H
#define XBB_OPTION_H

#include "access/attnum.h"
#include "nodes/pg_list.h"
#include "option/target_option.h"
#include "pgtime.h"

/* A kind of business object, as the API names its list endpoint. */
typedef struct OptionObject
{
	const char *name;			/* value of option "object" */
	const char *path;			/* of the read endpoint */
	const char *list_key;		/* member of "result" that holds the records */
	const char *id_key;			/* the record's identity, e.g. "dataId" */
	int			business_type;	/* by which form/list knows its forms (xbb-api 7), 0
								 * unknown */
	bool		needs_form_id;
	bool		needs_user_id;
	bool		has_times;		/* takes conditions, also on addTime and
								 * updateTime */
	bool		paged;			/* else one answer holds everything */
} OptionObject;

/* Options of a server (some overridden by a table). */
typedef struct ServerOptions
{
	Oid			serverid;
	char	   *name;			/* of the server, for messages */
	char	   *corpid;
	char	   *base_url;		/* scheme and host in lower case, without a
								 * slash at the end */
	bool		allow_http;		/* base_url is http (a superuser set it) */
	char	   *ca_file;		/* or NULL */
	int			page_size;
	int			concurrency;
	double		rate_limit;		/* requests a second, 0 = none */
	int64		daily_quota;	/* requests a day, 0 = none */
	int64		quota_reserve;	/* of them only for incremental syncs */
	int64		request_limit;	/* requests a statement, 0 = none */
	int			connect_timeout;	/* ms */
	int			request_timeout;	/* ms */
	int			max_retries;	/* of one request */
	int64		max_response_size;	/* bytes, decoded */
	bool		snapshot;
	int			settle_time;	/* ms */
	pg_tz	   *time_zone;
	char	   *busy_words;		/* UTF-8, between commas; or NULL */
	bool		use_remote_estimate;
	double		fdw_startup_cost;
	double		fdw_tuple_cost;
} ServerOptions;

/* Options of a table, the server's beneath. */
typedef struct TableOptions
{
	Oid			relid;
	ServerOptions server;		/* with the table's overrides applied */
	const OptionObject *object; /* never NULL: made up for option "api" */
	char	   *list_key;		/* member of "result" with the records, and */
	char	   *id_key;			/* their identity: NULL where it is the object's */
	char	   *form_id;		/* digits, or NULL */
	char	   *params;			/* JSON object, UTF-8, or NULL */
	char	   *conditions;		/* JSON array, UTF-8, or NULL */
	bool		null_on_error;	/* a value that does not fit its column is null */
} TableOptions;

/* Options of a user mapping. */
typedef struct MappingOptions
{
	Oid			umid;
	char	   *token;			/* secret: wipe the copy when done with it */
	char	   *user_id;		/* or NULL */
	int64		request_limit;	/* requests a statement, 0 = none */
	const char *mapped;			/* whose it is, as one would type it */
} MappingOptions;

/*
 * Readers.  Results are palloc'd in the current context, their texts UTF-8
 * where they go into requests.  Missing required options are errors (HV00J)
 * whose hint is the statement to type.
 */
extern ServerOptions *option_server(Oid serverid);
extern TableOptions *option_table(Oid relid);
extern MappingOptions *option_mapping(Oid userid, Oid serverid);

/*
 * Raises 42809 unless it is a foreign table whose wrapper has our handler and our
 * validator.  So do option_server and option_table.
 */
extern void option_check_table(Oid relid);

/*
 * The object that the table reads, if that requires a form_id which the table has
 * not; else NULL.  For whoever can name the forms before option_table raises.
 */
extern const OptionObject *option_lacks_form(Oid relid);

/*
 * The attr of a column: option "attr", else the column's name, snake_case read
 * as camelCase unless it has the form text_1.  In the server's encoding.
 */
extern char *option_attr(Oid relid, AttrNumber attnum);

/* The column's option "constant", or NULL.  In the server's encoding. */
extern char *option_constant(Oid relid, AttrNumber attnum);

/* Does the column show labels instead of values? */
extern bool option_shows_label(Oid relid, AttrNumber attnum);

/* Does the column come with a record's details? */
extern bool option_is_detail(Oid relid, AttrNumber attnum);

/*
 * Raises HV004 if a column's type cannot hold its attr whatever the record says, or
 * if the table's definition promises values that no record brings: the column is
 * stored and generated, or has a default that it did not inherit.  The hint is the
 * statement to type.  A validator sees neither.  attr is NULL for a constant, of
 * which the type alone counts.
 */
extern void option_check_column(Oid relid, AttrNumber attnum, const char *attr);

/* The object of that name, or NULL. */
extern const OptionObject *option_object_by_name(const char *name);

/* The object with that endpoint; one of the usual shape is made up for others. */
extern const OptionObject *option_object_by_path(const char *path);

/* The object of the forms with that businessType, or NULL. */
extern const OptionObject *option_object_by_business_type(int64 business_type);

/* The text given for an option, or NULL. */
extern const char *option_given(List *options, const char *name);

#endif							/* XBB_OPTION_H */
