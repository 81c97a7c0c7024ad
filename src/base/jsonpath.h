/*-------------------------------------------------------------------------
 *
 * jsonpath.h
 *	  The server's jsonpath, of texts that mean the same in any encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_JSONPATH_H
#define XBB_JSONPATH_H

/*
 * As jsonpath_in(), but for escapes such as \u4e2d: where that refuses those of characters that the
 * database's encoding does not have, or all in SQL_ASCII, these are the bytes of UTF-8 in
 * SQL_ASCII, and elsewhere a character that no answer has.  Errors: those of jsonpath_in().
 */
extern Datum jsonpath_read(const char *text);

#endif							/* XBB_JSONPATH_H */
