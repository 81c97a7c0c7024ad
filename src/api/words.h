/*-------------------------------------------------------------------------
 *
 * words.h
 *	  What the API's words mean; for fault.c alone.
 *
 * Codes are not public (xbb-api 5), words are all there is.  Pure: no PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_WORDS_H
#define XBB_WORDS_H

typedef enum WordsClass
{
	WORDS_UNKNOWN,
	WORDS_LATER,				/* busy, or out of order for a while */
	WORDS_TOO_FAST,
	WORDS_DAY,					/* the account's day is used up */
	WORDS_SIGNATURE,
	WORDS_TOKEN,				/* it has expired, or is wrong */
	WORDS_COMPANY,
	WORDS_ADDRESS,				/* this machine's is not allowed */
	WORDS_PACKAGE,				/* expired, or without the API */
	WORDS_FORBIDDEN,
	WORDS_FORM,					/* there is no such form */
	WORDS_NCLASSES
} WordsClass;

/*
 * The class of a message, UTF-8.  "taught" are words that mean "later" beside the
 * known ones, separated by commas, or NULL; they come first.
 */
extern WordsClass words_class(const char *message, const char *taught);

/*
 * Whose record the message, UTF-8, says is not there: what is in the paths of which
 * that is so, "" if of all; NULL where it says something else, such as of a user or a form.
 */
extern const char *words_gone(const char *message);

#endif							/* XBB_WORDS_H */
