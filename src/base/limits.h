/*-------------------------------------------------------------------------
 *
 * limits.h
 *	  The API's limits, each with where it is known from, and what we keep to.
 *
 * The letter says how sure a fact is, none of them from a live account: A, the vendor
 * and a client, or three clients agree; B, two sources; C, one; U, inferred only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_LIMITS_H
#define XBB_LIMITS_H

#include <stdint.h>

/*
 * Records a page: the greatest pageSize (xbb-api 2, A).  The API may put fewer on
 * a page than it was asked for (xbb-api 10.3, C).
 */
#define API_PAGE_RECORDS	100

/*
 * Records of one answer that are believed.  A paged list may put more on a page than
 * it was asked for (xbb-api 2, U), but not many times more; a list that is not paged
 * holds what a company has of users, roles, categories.
 */
#define API_ANSWER_RECORDS	(10 * API_PAGE_RECORDS)
#define API_WHOLE_RECORDS	100000

/* Bytes of one record that are believed: text fields hold some kB, sub-forms some MB. */
#define API_RECORD_BYTES	(8 * 1024 * 1024)

/*
 * The last record that paging may reach, and the greatest total that may be shown:
 * the lists seem to come from Elasticsearch, whose windows end there by default
 * (xbb-api 2, U).  So a total of just that may be a cap, and proves nothing.
 */
#define API_LIST_RECORDS	10000

/* Records of a list that is read by pages: a tenth below that, as lists grow meanwhile. */
#define API_WINDOW_RECORDS	9000

/*
 * Epoch seconds; 2010-01-01 UTC.  Lists are cut by time from here on: XBB is younger
 * (U).  Nothing depends on it but the number of requests, as older records belong to
 * the first part.
 */
#define API_FIRST_TIME		INT64_C(1262304000)

/*
 * Values in one condition: a public client asks for as many dataIds (xbb-api 3, C).
 * How many texts or numbers the API takes is not known.
 */
#define API_CONDITION_VALUES	50

#endif							/* XBB_LIMITS_H */
