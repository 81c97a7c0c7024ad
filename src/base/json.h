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

#endif							/* XBB_JSON_H */
