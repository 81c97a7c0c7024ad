/*-------------------------------------------------------------------------
 *
 * sending.c
 *	  What all requests of a mapping have in common: budget, patience, the moment.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "target/sending.h"
#include "target/target_data.h"

/*
 * Kept connections are not used after that: many servers end theirs after five seconds,
 * and what was on its way then has no answer, and may have been executed.
 */
#define IDLE_SECONDS 3

/* Preset of the CRM itself, whose account is that of reading. */
#define PRESET_XBB "xbb"

/* Reading and writing share the CRM's account; else each client, or robot, has its own. */
static const char *
account_of(const TargetServerOptions *server, const TargetMappingOptions *mapping)
{
	const char *who;
	uint64		hash;

	if (server->preset && strcmp(server->preset, PRESET_XBB) == 0 && mapping->app_id)
		return mapping->app_id;
	/* each of these is a secret */
	who = mapping->url ? mapping->url : mapping->app_key ? mapping->app_key :
		mapping->app_id ? mapping->app_id : mapping->user ? mapping->user : "";
	hash = hash_bytes_extended((const unsigned char *) who, strlen(who), 0);
	return psprintf("%08x%08x", (uint32) (hash >> 32), (uint32) hash);
}

LimiterBudget
target_budget(const TargetServerOptions *server, const TargetMappingOptions *mapping)
{
	return (LimiterBudget)
	{
		.account = account_of(server, mapping),
		.server = server->name,
		.rate = server->rate_limit,
		.daily_quota = server->daily_quota,
		.time_zone = server->time_zone,
	};
}

HttpRequest
target_http(const TargetServerOptions *server)
{
	return (HttpRequest)
	{
		.connect_timeout = server->connect_timeout,
		.request_timeout = server->request_timeout,
		.max_response_size = server->max_response_size,
		.allow_http = server->allow_http,
		.ca_file = server->ca_file,
		.idle_seconds = IDLE_SECONDS,
	};
}

/* Random digits, for one sending; palloc'd. */
static char *
make_nonce(void)
{
	uint64		random;

	if (!pg_strong_random(&random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	return psprintf("%018llu", (unsigned long long) (random % UINT64CONST(1000000000000000000)));
}

TemplateValues
target_moment(const TargetMappingOptions *mapping)
{
	/* both count microseconds, from 2000 and 1970 */
	int64		now = GetCurrentTimestamp() / 1000 +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;

	return (TemplateValues)
	{
		.mapping = mapping,
		.now = now,
		.nonce = make_nonce(),
	};
}

static void
lower(int64 *limit, int64 other)
{
	if (other > 0 && (*limit == 0 || other < *limit))
		*limit = other;
}

int64
target_request_limit(const Target *target)
{
	/* the setting is in a module that this one does not know */
	const char *setting = GetConfigOption("xbb_fdw.request_limit", true, false);
	int64		limit = target->options->server.request_limit;

	lower(&limit, target->mapping->request_limit);
	lower(&limit, setting ? atoi(setting) : 0);
	return limit;
}
