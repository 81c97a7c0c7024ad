/*-------------------------------------------------------------------------
 *
 * envelope.h
 *	  What an answer of the API says beside its records.
 *
 * Here, since whoever reads answers fills it, whoever judges them reads it, and
 * neither knows the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ENVELOPE_H
#define XBB_ENVELOPE_H

typedef struct Envelope
{
	char	   *unreadable;		/* why the answer cannot be used, or NULL: then the
								 * rest counts */
	char	   *remedy;			/* of what is unreadable, and would be so once more; or
								 * NULL */
	bool		has_code;
	int64		code;			/* 1 = success */
	bool		has_success;
	bool		success;
	char	   *msg;			/* UTF-8, unescaped; "" if none */
	bool		has_list;		/* result and its list were there, an array */
	int			nrows;			/* records in it */
} Envelope;

/* Success is code 1 and success (xbb-api 4), as far as they are there. */
static inline bool
envelope_refuses(const Envelope *envelope)
{
	return (envelope->has_code && envelope->code != 1) ||
		(envelope->has_success && !envelope->success);
}

#endif							/* XBB_ENVELOPE_H */
