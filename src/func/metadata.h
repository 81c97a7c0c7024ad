/*-------------------------------------------------------------------------
 *
 * metadata.h
 *	  xbb.from_metadata(source, target, strict).
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FUNC_METADATA_H
#define XBB_FUNC_METADATA_H

#include "fmgr.h"

extern PGDLLEXPORT Datum xbb_fdw_from_metadata(PG_FUNCTION_ARGS);

#endif							/* XBB_FUNC_METADATA_H */
