/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Every difference between the PostgreSQL majors that xbb_fdw supports.
 *
 * No other file tests PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_COMPAT_H
#define XBB_COMPAT_H

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "xbb_fdw supports PostgreSQL 15 to 18"
#endif

#endif							/* XBB_COMPAT_H */
