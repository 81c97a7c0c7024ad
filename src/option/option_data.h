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
	OPTION_SHOW,				/* value or label */

	/* of targets alone; choices are kept as the enums of target_option.h */
	OPTION_MEMBER,				/* a member's path, or * */
	OPTION_KEY,					/* a member's path */
	OPTION_TEMPLATE,			/* JSON with $record or $records */
	OPTION_TEMPLATES,			/* a JSON object of texts */
	OPTION_HEADERS,				/* the same, by headers */
	OPTION_RECIPE,				/* a JSON object, or an array of them */
	OPTION_CALL,				/* a JSON object, whatever is in it */
	OPTION_JSONPATH,
	OPTION_BODY,
	OPTION_AUTH,
	OPTION_REPEAT,
	OPTION_NULL,				/* omit or null */
	OPTION_VERDICT,
	OPTION_TIME,				/* a word, or a pattern of to_char */
	OPTION_TARGET_PATH,			/* any path, templates in it */
	OPTION_WHOLE_URL			/* with its query */
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

/* The options of a wrapper, and what C calls its handler and validator. */
typedef struct OptionSet
{
	const char *wrapper;
	const char *handler;
	const char *validator;
	const OptionEntry *entries;
	int			nentries;
} OptionSet;

extern const OptionSet option_set;	/* of xbb_fdw */
extern const OptionSet target_option_set;	/* of xbb_target */

/* The entry of that name, or NULL. */
extern const OptionEntry *option_find(const OptionSet *set, const char *name);

/* A value, read; which member counts follows from the option's type. */
typedef struct OptionValue
{
	bool		boolean;		/* also of on_error: set_null; of null: null;
								 * of a share: a percentage */
	double		number;			/* also of durations, sizes and choices of targets */
	const char *text;			/* UTF-8 where it goes into requests */
	pg_tz	   *zone;
	const OptionObject *object; /* of a path, too */
} OptionValue;

/* Reads a value; one that is not valid is an error (HV024) that says why. */
extern void option_value(const OptionEntry *entry, const char *text,
						 OptionValue *value);

/*
 * The part of it for the types of targets alone (target_value.c); false if the text is
 * not valid, and then *detail may be set, in the database's encoding.
 */
extern bool target_value(OptionType type, const char *text, OptionValue *value, char **detail);

/* A text, as it goes into requests. */
extern char *option_utf8(const char *text);

/* They would end a header that a text is put into, and upset whoever reads a log. */
extern bool option_has_control(const char *text);

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

/*
 * Is the segment of a path that begins here "." or "..", also as %2e?  libcurl takes
 * such out of a path, which then is another one than was written.
 */
extern bool option_is_dots(const char *segment);

/*
 * May a URL be called that stands in a user mapping?  It has scheme, host and port of
 * base_url, or is https where there is none (NULL).
 */
extern bool option_url_is_within(const char *url, const char *base_url);

/* The URL leads to one of the API's own hosts, by https. */
extern bool option_url_is_api(const char *url);

/* Names between single slashes, the last one ending in list or List. */
extern bool option_path_is_list(const char *text);

/* The API's host for a company. */
extern const char *option_url_by_corpid(const char *corpid);

/*
 * The same object with other keys; NULL leaves one as it is.  Lists that have keys
 * of their own know no conditions (xbb-api 8).
 */
extern const OptionObject *option_object_with_keys(const OptionObject *object,
												   const char *list_key, const char *id_key);

/* The object whose name is nearest, or NULL. */
extern const char *option_object_nearest(const char *name);

/*
 * Fills a struct with the options of a set that stand exactly in these places.
 */
extern void option_fill(const OptionSet *set, void *base, int places, List *options, bool defaults);

/* Is the server of the wrapper of that set, with our functions? */
extern bool option_is_of_wrapper(const OptionSet *set, Oid serverid);

/* Raises 42809 unless it is. */
extern void option_check_wrapper(const OptionSet *set, Oid serverid);

/*
 * Reads the mapping of a role, else that for PUBLIC, past the server's caches, into a
 * struct of the set; its request_limit into *limit.  Raises 42704 if there is none, with
 * a hint that has "example" for the options.  *mapped is whose it is, as one would type it.
 */
extern void option_read_mapping(const OptionSet *set, void *base, Oid *umid, int64 *limit,
								Oid userid, Oid serverid, const char *example, const char **mapped);

/* A relation's name, as one would type it. */
extern char *option_qualified_name(Oid relid);

/* The options of a preset, as one would type them (DefElem); raises if it is missing or wrong. */
extern List *target_preset(const char *name);

#endif							/* XBB_OPTION_DATA_H */
