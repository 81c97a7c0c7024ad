/*-------------------------------------------------------------------------
 *
 * sample.h
 *	  ANALYZE.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_SAMPLE_H
#define XBB_SAMPLE_H

#include "foreign/fdwapi.h"

extern bool sample_analyze(Relation relation, AcquireSampleRowsFunc *func,
						   BlockNumber *totalpages);

#endif							/* XBB_SAMPLE_H */
