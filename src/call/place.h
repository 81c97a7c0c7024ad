/*-------------------------------------------------------------------------
 *
 * place.h
 *	  A place that is called.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_PLACE_H
#define XBB_PLACE_H

#include "call/call.h"

struct CallPlace
{
	HttpPool   *pool;
	char	   *origin;			/* scheme://host:port, lower case */
};

#endif							/* XBB_PLACE_H */
