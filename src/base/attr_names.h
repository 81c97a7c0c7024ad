/*-------------------------------------------------------------------------
 *
 * attr_names.h
 *	  Attrs that are no field's name: a column may have them all the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_ATTR_NAMES_H
#define XBB_ATTR_NAMES_H

/* the whole record as it came */
#define ATTR_RECORD "*"

/* what did not fit the record's other columns */
#define ATTR_ERROR "#error"

#endif							/* XBB_ATTR_NAMES_H */
