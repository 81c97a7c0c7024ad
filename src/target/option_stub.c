/*-------------------------------------------------------------------------
 *
 * option_stub.c
 *	  In the place of the readers of a target's options, until they are there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "option/option.h"

#define NOT_YET \
	ereport(ERROR, \
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), \
			 errmsg_internal("options of targets cannot be read yet")))

__attribute__((weak)) TargetTableOptions *
target_option_table(Oid relid)
{
	NOT_YET;
}

__attribute__((weak)) TargetMappingOptions *
target_option_mapping(Oid userid, const TargetServerOptions *server)
{
	NOT_YET;
}

__attribute__((weak)) TargetServerOptions *
target_option_server(Oid serverid)
{
	NOT_YET;
}
