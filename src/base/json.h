/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Builds and inspects small JSON documents.
 *
 * json.c is the only file that includes jansson.h.  Every text here is UTF-8,
 * whatever the database's encoding: callers convert.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_JSON_H
#define XBB_JSON_H

/*
 * NULL if "text" is a JSON object that has none of the names in "reserved"
 * (NULL-terminated, may be NULL); else what is wrong, palloc'd.
 */
extern char *json_check_object(const char *text, const char *const *reserved);

/* NULL if "text" is a JSON array of objects; else what is wrong, palloc'd. */
extern char *json_check_array(const char *text);

/* "text" as a JSON string literal, quotes included; palloc'd. */
extern char *json_quote(const char *text);

/*
 * The elements of a JSON array, serialised compactly with commas between them
 * and without the brackets; "" for an empty one.  palloc'd.  (The server owns
 * the name json_array_elements.)
 */
extern char *json_elements(const char *text);

/*
 * The start of a request's body: an object's members, serialised compactly,
 * without the brackets:  "corpid":"c","userId":"u","formId":1,<params...>
 * user_id, form_id and params may be NULL.  palloc'd; raw UTF-8, no escaped
 * slash, since the bytes are signed as they are.
 */
extern char *json_body_members(const char *corpid, const char *user_id,
							   const char *form_id, const char *params);

/* A document, read whole; palloc'd. */
typedef enum JsonTreeType
{
	JSON_TREE_NULL,
	JSON_TREE_FALSE,
	JSON_TREE_TRUE,
	JSON_TREE_NUMBER,
	JSON_TREE_STRING,
	JSON_TREE_ARRAY,
	JSON_TREE_OBJECT
} JsonTreeType;

typedef struct JsonTree
{
	JsonTreeType type;
	char	   *name;			/* as a member of an object, else NULL */
	char	   *text;			/* of a string, up to its first NUL; of a number */
	int			nmembers;		/* of an array or object */
	struct JsonTree *members;
} JsonTree;

/*
 * A tree takes up to a hundred times the memory of its text: no larger ones are read, whatever
 * "most" says.
 */
#define JSON_TREE_BYTES	(8 * 1024 * 1024)
#define JSON_TREE_VALUES 500000
#define JSON_TREE_ANY SIZE_MAX	/* "most" of what no answer brought */

/* Does the tree of a text take at most so many bytes while it is read? */
extern bool json_tree_fits(const char *text, size_t length, size_t most);

/* NULL if it is no JSON, or does not fit, and then what is wrong, palloc'd. */
extern JsonTree *json_tree(const char *text, size_t length, size_t most, char **problem);

/* What may be read of an answer that may have so many bytes: twice that, or a little. */
static inline size_t
json_tree_most(int64 answer_bytes)
{
	return Max(2 * answer_bytes, 256 * 1024);
}

/* The member of an object, or NULL; also if the tree is NULL or something else. */
extern const JsonTree *json_tree_member(const JsonTree *tree, const char *name);

/* The text of a string or number, or NULL of all else. */
extern const char *json_tree_text(const JsonTree *tree);

/* A whole number, digits in a string, too; false if it is none. */
extern bool json_tree_integer(const JsonTree *tree, int64 *result);

/* Is it true, or a number or a string of one that is not 0? */
extern bool json_tree_flag(const JsonTree *tree);

#endif							/* XBB_JSON_H */
