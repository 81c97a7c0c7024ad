/*-------------------------------------------------------------------------
 *
 * place.c
 *	  A place that is called, and how accounts stand there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "call/place.h"

static char *
place_origin(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t		length = strcspn(host, "/");
	char	   *origin = pnstrdup(url, (host - url) + length);
	const char *bracket = strrchr(origin, ']');
	const char *colon = strrchr(origin, ':');

	/* a colon in the scheme or within an IPv6 address names no port */
	if (colon < origin + (host - url) || (bracket && colon < bracket))
		origin = psprintf("%s:%d", origin,
						  pg_strncasecmp(url, "https", 5) == 0 ? 443 : 80);
	for (char *c = origin; *c; c++)
		*c = pg_tolower((unsigned char) *c);
	return origin;
}

CallPlace *
call_place(const char *url, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	CallPlace  *place = palloc(sizeof(CallPlace));

	place->origin = place_origin(url);
	place->pool = http_pool_create(context);
	MemoryContextSwitchTo(old);
	return place;
}

static LimiterBudget
budget_at(const char *url, const LimiterBudget *budget)
{
	LimiterBudget whole = *budget;

	whole.origin = place_origin(url);
	return whole;
}

void
call_quota(const char *url, const LimiterBudget *budget, LimiterQuota *quota)
{
	LimiterBudget whole = budget_at(url, budget);

	limiter_look(&whole, quota);
}

void
call_recall(const char *url, const LimiterBudget *budget, int64 used)
{
	LimiterBudget whole = budget_at(url, budget);

	limiter_recall(&whole, used);
}

LimiterUse *
call_uses(const char *url, const LimiterBudget *budget, int *nuses)
{
	LimiterBudget whole = budget_at(url, budget);

	return limiter_uses(&whole, nuses);
}
