/*-------------------------------------------------------------------------
 *
 * printable.h
 *	  What others wrote, for messages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PRINTABLE_H
#define XBB_PRINTABLE_H

/*
 * UTF-8 for a message, whatever the database's encoding: palloc'd.  What a terminal or
 * the reader of a log would take for more than text is a question mark: controls, ends
 * of lines, and what changes the direction in which text is shown.
 */
extern char *printable(const char *utf8);

/* The same of text in the database's encoding. */
extern char *printable_here(const char *text);

/*
 * For callbacks of error_context_stack: makes message, detail and hint of the error
 * under way printable, which others than us have worded and may quote a value in.
 */
extern void printable_error(void);

#endif							/* XBB_PRINTABLE_H */
