/*-------------------------------------------------------------------------
 *
 * record.h
 *	  From an answer's bytes to records, from records to Datums.
 *
 * One pass over the bytes with the server's own lexer finds every record and
 * keeps slices of the wanted fields; a value is unescaped, converted to the
 * database's encoding and to its type only when its row is asked for.
 *
 * An attr 'x' is the record's own field x, else the x in its "data"; 'a.b' walks
 * into objects in the same way, but not into a string with JSON in it (NULL);
 * '*' is the whole record.  Where an object has a member twice, the last counts.
 * value.h says how values become Datums.
 *
 * A value that does not fit is an error, or, where the shape says so, null; then
 * the column whose attr is '#error' tells about the row's failures, as a JSON
 * array of objects with column, attr, sqlstate, message and value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECORD_H
#define XBB_RECORD_H

#include "access/attnum.h"
#include "access/tupdesc.h"
#include "nodes/bitmapset.h"
#include "pgtime.h"

#include "base/envelope.h"

/*
 * What one scan wants of each record, and the names it has met in them; built once
 * per scan.
 */
typedef struct RecordFormat RecordFormat;

/* How to read a list of records. */
typedef struct RecordShape
{
	const char *list_key;		/* member of "result": "list", "userList", ... */
	const char *id_key;			/* "dataId", "userId", ... */
	pg_tz	   *time_zone;		/* of dates, timestamps and times as text */
	bool		null_on_error;	/* a value that does not fit is null; but those
								 * of id_key and updateTime are errors always */
	int			most_rows;		/* that an answer may hold; 1 or more */
	int64		most_bytes;		/* of an answer; what a row takes beside is in
								 * proportion to it */
	const char *parent_key;		/* "num_3", or NULL: records have no parents */
} RecordShape;

/* The list of one answer. */
typedef struct RecordPage
{
	MemoryContext context;		/* owns the page and everything below; delete it
								 * to free them */
	int64		total;			/* result.totalCount (number or digits), -1 if missing */
	int			nrows;
	int64	   *ids;			/* number or digits as they are, another string
								 * or what is beyond an int64 hashed to 64 bits,
								 * without one the hash of the record's bytes */
	int64	   *add_times;		/* epoch seconds, 0 = none */
	int64	   *update_times;
} RecordPage;

/*
 * "wanted" holds attribute numbers (from 1, without offset) of "tupdesc"; attrs and
 * constants are indexed by attnum - 1, in the server's encoding: of each wanted
 * column one is given, the other NULL.  relname is for messages.  Allocates in the
 * current context, constants' values included: tuples point to them.
 */
extern RecordFormat *record_format(TupleDesc tupdesc, Bitmapset *wanted,
								   char **attrs, char **constants,
								   const char *relname, const RecordShape *shape);

/*
 * The value of a constant column: its text, read as if the API had sent it as a
 * string.  Allocates in the current context.  Raises what the type says of a text
 * that does not fit.
 */
extern Datum record_constant(Form_pg_attribute attribute, const char *constant,
							 pg_tz *time_zone, const char *relname, bool *isnull);

/*
 * Reads an answer; "body" is copied, and may be freed at once.  Returns NULL and
 * sets what makes it unreadable (palloc'd, ASCII, nothing of the body in it) if it
 * is not valid UTF-8, not valid JSON, nested more than 256 deep, not an object, or has a list
 * with something else than objects in it, with more of them than the shape says or
 * with one above API_RECORD_BYTES;
 * raises nothing but out of memory and interrupts.  The page's context is a
 * child of "parent".  The envelope's msg, of at most 1000 bytes, is the page's.
 */
extern RecordPage *record_read(RecordFormat *format, MemoryContext parent,
							   const char *body, size_t length, Envelope *envelope);

/*
 * Fills values and isnull (indexed by attnum - 1) for the wanted columns; others
 * become NULL.  Allocates in the current context.  A value that does not fit is
 * an error with the input function's SQLSTATE and a context that names column,
 * attr, dataId and value; or it is null, and its attnum among those returned.
 */
extern Bitmapset *record_tuple(RecordFormat *format, RecordPage *page, int row,
							   Datum *values, bool *isnull);

/* Is there a column, among those wanted, that tells about failures? */
extern bool record_tells_failures(const RecordFormat *format);

/*
 * Reads an answer that is one record, "result" itself; else as record_read.
 */
extern RecordPage *record_read_single(RecordFormat *format, MemoryContext parent,
									  const char *body, size_t length, Envelope *envelope);

/*
 * The format's records are in the encoding of details: where a column is neither json
 * nor jsonb, what comes as an object with value, id or dataId is read as that, in
 * arrays, too.
 */
extern void record_show_details(RecordFormat *format);

/*
 * The label of a value (UTF-8, strings unescaped, numbers as they are) in a record of
 * that form (0: it does not say), or NULL where there is none.
 */
typedef const char *(*RecordLabel) (void *arg, int64 form_id, const char *value);

/*
 * Has a column of a RecordFormat show labels; a value without one is shown itself.  Arrays are shown so element by element, what comes as an object with
 * text or name by that.
 */
extern void record_show(void *format, AttrNumber attnum, RecordLabel label, void *arg);

/* The number or digits that the row has as its id; false if it has none. */
extern bool record_own_id(const RecordFormat *format, const RecordPage *page, int row, int64 *id);

/* Has the row a parent: another id than 0 as its parent_key? */
extern bool record_has_parent(const RecordFormat *format, const RecordPage *page, int row);

/*
 * The names of lists, the first few, that "result" has in a valid answer, with commas between
 * them, palloc'd, UTF-8; NULL if it has none.  Raises nothing but interrupts.
 */
extern char *record_lists(const char *body, size_t length);

/* The attnums of wanted columns whose attr none of the rows so far had, not even empty. */
extern Bitmapset *record_unmet(const RecordFormat *format);

#endif							/* XBB_RECORD_H */
