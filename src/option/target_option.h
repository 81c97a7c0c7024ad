/*-------------------------------------------------------------------------
 *
 * target_option.h
 *	  The options of the wrapper xbb_target; named by way of option.h.
 *
 * One table (target_option.c) drives validator, readers and xbb.options(), as
 * option.c does for xbb_fdw.  What a table does not say its server says, and
 * what that does not say its preset: a row of xbb.target_preset, whose options
 * are those of servers and tables, read when they are needed (target_preset.c).
 *
 * Texts that go into requests are UTF-8; jsonpaths are in the database's encoding,
 * as jsonpath_in() wants them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_TARGET_OPTION_H
#define XBB_TARGET_OPTION_H

#include "access/attnum.h"
#include "pgtime.h"

typedef enum TargetBody
{
	TARGET_BODY_JSON,
	TARGET_BODY_FORM			/* application/x-www-form-urlencoded */
} TargetBody;

typedef enum TargetAuth
{
	TARGET_AUTH_NONE,
	TARGET_AUTH_BASIC,			/* user and password of the mapping */
	TARGET_AUTH_BEARER,			/* its token, as all below */
	TARGET_AUTH_HEADER,			/* header auth_name */
	TARGET_AUTH_QUERY			/* member auth_name of the URL's query */
} TargetAuth;

/* What may be done where no answer came. */
typedef enum TargetRepeat
{
	TARGET_REPEAT_NEVER,		/* nothing: a person decides */
	TARGET_REPEAT_KEY,			/* the same bytes again: the target knows the key */
	TARGET_REPEAT_UPSERT,		/* the same again: it overwrites */
	TARGET_REPEAT_REFUSE,		/* the same again: a duplicate is refused */
	TARGET_REPEAT_PROBE			/* ask whether it is there */
} TargetRepeat;

/* Options of a server, or of a table with its server's and its preset's beneath. */
typedef struct TargetServerOptions
{
	Oid			serverid;
	char	   *name;			/* of the server, for messages */
	char	   *preset;			/* or NULL */
	char	   *base_url;		/* scheme and host in lower case, no slash at the
								 * end; NULL where each mapping has its url */
	bool		allow_http;		/* base_url is http (a superuser set it) */
	char	   *ca_file;		/* or NULL */
	int			concurrency;
	double		rate_limit;		/* requests a second, 0 = none */
	int64		daily_quota;	/* requests a day, 0 = none */
	int64		request_limit;	/* requests a statement, 0 = none */
	int			connect_timeout;	/* ms */
	int			request_timeout;	/* ms */
	int			max_retries;	/* where nothing was executed */
	int64		max_response_size;	/* bytes, decoded */
	pg_tz	   *time_zone;

	int			batch_size;		/* records a request */
	TargetBody	body;
	char	   *envelope;		/* JSON template; never NULL */
	char	   *headers;		/* JSON object of templates, or NULL */
	char	   *query;			/* likewise */
	TargetAuth	auth;
	char	   *auth_name;		/* or NULL */
	char	   *sign;			/* JSON: a recipe or an array of them, or NULL */
	char	   *token_api;		/* JSON object, or NULL */

	char	   *ok;				/* jsonpaths, or NULL */
	char	   *records;
	char	   *record_ok;
	char	   *record_id;
	char	   *record_message;
	char	   *record_index;
	char	   *message;
	char	   *duplicate;
	char	   *throttled;
	char	   *token_expired;
	char	   *retry;
	char	   *record_key;		/* a member's name or path a.b, in a record and in
								 * its verdict; UTF-8, or NULL */

	TargetRepeat repeat;
	char	   *probe;			/* JSON object, or NULL */
	bool		send_null;		/* NULL is sent as null, not left out */
} TargetServerOptions;

typedef struct TargetTableOptions
{
	Oid			relid;
	TargetServerOptions server; /* with the table's over it */
	char	   *api;			/* path, a template; NULL where the mapping's url is
								 * the whole of it */
} TargetTableOptions;

/* Options of a user mapping: each is secret, NULL where there is none. */
typedef struct TargetMappingOptions
{
	Oid			umid;
	char	   *app_id;
	char	   *app_key;
	char	   *app_secret;
	char	   *token;
	char	   *refresh_token;
	char	   *user;
	char	   *password;
	char	   *url;			/* the whole URL, query and all */
	int64		request_limit;	/* requests a statement, 0 = none */
} TargetMappingOptions;

typedef enum TargetVerdictColumn
{
	TARGET_COLUMN_SENT,			/* none: the column is sent */
	TARGET_COLUMN_STATUS,
	TARGET_COLUMN_MESSAGE,
	TARGET_COLUMN_ID
} TargetVerdictColumn;

typedef enum TargetTime
{
	TARGET_TIME_TEXT,			/* YYYY-MM-DD HH:MI:SS in the server's time zone */
	TARGET_TIME_EPOCH,			/* seconds */
	TARGET_TIME_EPOCH_MS,
	TARGET_TIME_PATTERN			/* of to_char */
} TargetTime;

/* Options of a column. */
typedef struct TargetColumnOptions
{
	char	   *attr;			/* member's path, or "*"; UTF-8; NULL where verdict is */
	TargetVerdictColumn verdict;
	TargetTime	time;
	char	   *time_pattern;	/* in the database's encoding, or NULL */
	bool		send_null;		/* the table's or server's where the column says nothing */
	bool		as_string;		/* a number or boolean in quotes */
} TargetColumnOptions;

/*
 * Readers, as those of option.h.  A preset that is missing or wrong is an error
 * with its name, a mapping's url that leads elsewhere than base_url one
 * without it.  A mapping's secrets are wiped when the memory context ends, by an error, too.
 */
extern TargetServerOptions *target_option_server(Oid serverid);
extern TargetTableOptions *target_option_table(Oid relid);
extern TargetMappingOptions *target_option_mapping(Oid userid, const TargetServerOptions *server);
extern TargetColumnOptions *target_option_column(const TargetTableOptions *table, AttrNumber attnum);

/* Is it a foreign table of the wrapper xbb_target, with its handler and validator? */
extern bool target_option_is_table(Oid relid);

/* Raises 42809 unless it is one. */
extern void target_option_check_table(Oid relid);

#endif							/* XBB_TARGET_OPTION_H */
