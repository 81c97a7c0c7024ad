/*-------------------------------------------------------------------------
 *
 * option_data.h
 *	  The options as data; for the option files alone.
 *
 * A value is kept in the catalogs as its user wrote it, and read by the same
 * function when it is set and when it is used.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_OPTION_DATA_H
#define XBB_OPTION_DATA_H

#include "option/option.h"

/* Where an option may stand; a set of bits. */
typedef enum OptionPlace
{
	OPTION_SERVER = 1,
	OPTION_MAPPING = 2,
	OPTION_TABLE = 4,
	OPTION_COLUMN = 8
} OptionPlace;

/* How its value is written. */
typedef enum OptionType
{
	OPTION_BOOLEAN,
	OPTION_INTEGER,
	OPTION_COUNT,				/* an integer that is kept in 64 bits */
	OPTION_NUMBER,
	OPTION_RATE,				/* a second; 0 = none */
	OPTION_SHARE,				/* an integer, or a percentage */
	OPTION_DURATION,			/* number and unit, kept in ms */
	OPTION_SIZE,				/* number and unit, kept in bytes */
	OPTION_TEXT,
	OPTION_LABEL,
	OPTION_DIGITS,
	OPTION_URL,
	OPTION_FILE,
	OPTION_TIME_ZONE,
	OPTION_JSON_OBJECT,
	OPTION_JSON_ARRAY,
	OPTION_OBJECT,				/* a name in the catalogue of objects */
	OPTION_PATH,				/* of a read endpoint */
	OPTION_ATTR,
	OPTION_CONSTANT,			/* any text but an empty one */
	OPTION_ON_ERROR,			/* error or set_null */
	OPTION_SHOW					/* value or label */
} OptionType;

typedef enum OptionFlag
{
	OPTION_SECRET = 1,			/* its value is never shown */
	OPTION_SUPERUSER = 2		/* set by superusers only (base_url: unless it
								 * names a host of the API) */
} OptionFlag;

typedef struct OptionEntry
{
	const char *name;
	int			places;			/* OptionPlace bits */
	OptionType	type;
	const char *default_value;	/* as one would type it, NULL = none */
	const char *min;			/* likewise; both or none */
	const char *max;
	int			flags;			/* OptionFlag bits */

	/*
	 * Where the readers put the value: in ServerOptions for an option of
	 * servers, be it a table's too, else in the struct of its place; -1 for
	 * none.
	 */
	int			offset;
	const char *description;
} OptionEntry;

extern const OptionEntry option_entries[];
extern const int option_nentries;

/* A value, read; which member counts follows from the option's type. */
typedef struct OptionValue
{
	bool		boolean;		/* also of on_error: set_null; of a share: a percentage */
	double		number;			/* also of durations and sizes */
	const char *text;			/* UTF-8 where it goes into requests */
	pg_tz	   *zone;
	const OptionObject *object; /* of a path, too */
} OptionValue;

/* Reads a value; one that is not valid is an error (HV024) that says why. */
extern void option_value(const OptionEntry *entry, const char *text,
						 OptionValue *value);

/* Lowers a limit, 0 = none, to what option request_limit says; NULL is nothing. */
extern void option_lower_limit(const char *text, int64 *limit);

/* As shown by xbb.options(). */
extern const char *option_type_name(OptionType type);

/*
 * Reads http(s)://host[:port][/prefix]; no user, query or fragment, which have no
 * place in front of the API's paths.  The result's scheme and host are in lower
 * case; slashes at the end are cut off.  False if it is none.
 */
extern bool option_read_url(const char *text, const char **result);

/* The URL leads to one of the API's own hosts, by https. */
extern bool option_url_is_api(const char *url);

/* Names between single slashes, the last one ending in list or List. */
extern bool option_path_is_list(const char *text);

/* The API's host for a company. */
extern const char *option_url_by_corpid(const char *corpid);

/* The object with that endpoint; one of the usual shape is made up for others. */
extern const OptionObject *option_object_by_path(const char *path);

/*
 * The same object with other keys; NULL leaves one as it is.  Lists that have keys
 * of their own know no conditions (xbb-api 8).
 */
extern const OptionObject *option_object_with_keys(const OptionObject *object,
												   const char *list_key, const char *id_key);

/* The object whose name is nearest, or NULL. */
extern const char *option_object_nearest(const char *name);

#endif							/* XBB_OPTION_DATA_H */
