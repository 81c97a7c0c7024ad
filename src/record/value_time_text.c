/*-------------------------------------------------------------------------
 *
 * value_time_text.c
 *	  Times and dates written as text, by the grammar in value.h.
 *
 * Nothing here looks at a setting of the session, and nothing raises an error:
 * the stamps of records are read while an answer is, wanted or not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"
#include "record/value_type.h"

#define MAX_OFFSET_HOURS 15		/* of a zone, as in PostgreSQL */

/* What is yet to be read. */
typedef struct Rest
{
	const char *at;
	const char *end;
} Rest;

static bool
is_ascii_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
pass_blanks(Rest *rest)
{
	const char *start = rest->at;

	while (rest->at < rest->end && is_ascii_blank(*rest->at))
		rest->at++;
	return rest->at > start;
}

static bool
is_next(const Rest *rest, const char *any)
{
	return rest->at < rest->end && *rest->at != '\0' && strchr(any, *rest->at);
}

static bool
take_one(Rest *rest, const char *any)
{
	bool		taken = is_next(rest, any);

	rest->at += taken;
	return taken;
}

static bool
take_number(Rest *rest, int least, int most, int *number)
{
	int			digits = 0;

	for (*number = 0; digits < most && is_next(rest, "0123456789"); digits++)
		*number = *number * 10 + (*rest->at++ - '0');
	return digits >= least;
}

/* The digits behind the point, those beyond microseconds left out. */
static bool
take_fraction(Rest *rest, fsec_t *micros)
{
	const char *start = rest->at;
	int			unit = USECS_PER_SEC / 10;

	for (*micros = 0; is_next(rest, "0123456789"); unit /= 10)
		*micros += unit * (*rest->at++ - '0');
	return rest->at > start;
}

static bool
take_date(Rest *rest, struct pg_tm *tm)
{
	char		separator[2] = {0};

	if (!take_number(rest, 4, 4, &tm->tm_year) || !is_next(rest, "-/"))
		return false;
	separator[0] = *rest->at++;
	return take_number(rest, 1, 2, &tm->tm_mon) && take_one(rest, separator) &&
		take_number(rest, 1, 2, &tm->tm_mday);
}

/* HH:MM[:SS[.fff]] */
static bool
take_clock(Rest *rest, struct pg_tm *tm, fsec_t *micros)
{
	if (!take_number(rest, 1, 2, &tm->tm_hour) || !take_one(rest, ":") ||
		!take_number(rest, 2, 2, &tm->tm_min))
		return false;
	if (!take_one(rest, ":"))
		return true;
	return take_number(rest, 2, 2, &tm->tm_sec) &&
		(!take_one(rest, ".,") || take_fraction(rest, micros));
}

/*
 * Z, +HH, +HHMM or +HH:MM, blanks before it allowed.  *zoned: there is one; *west
 * is then how many seconds it is west of Greenwich, as PostgreSQL counts.
 */
static bool
take_offset(Rest *rest, bool *zoned, int *west)
{
	int			hours;
	int			minutes = 0;
	bool		east;

	pass_blanks(rest);
	*west = 0;
	*zoned = take_one(rest, "Zz");
	if (*zoned || !is_next(rest, "+-"))
		return true;
	*zoned = true;
	east = *rest->at++ == '+';
	if (!take_number(rest, 2, 2, &hours) ||
		((take_one(rest, ":") || is_next(rest, "0123456789")) &&
		 !take_number(rest, 2, 2, &minutes)))
		return false;
	*west = (hours * MINS_PER_HOUR + minutes) * SECS_PER_MINUTE * (east ? -1 : 1);
	return hours <= MAX_OFFSET_HOURS && minutes < MINS_PER_HOUR;
}

static bool
is_at_end(Rest *rest)
{
	pass_blanks(rest);
	return rest->at == rest->end;
}

static bool
date_exists(const struct pg_tm *tm)
{
	return tm->tm_year >= 1 && tm->tm_mon >= 1 && tm->tm_mon <= MONTHS_PER_YEAR &&
		tm->tm_mday >= 1 && tm->tm_mday <= day_tab[isleap(tm->tm_year)][tm->tm_mon - 1];
}

/* 24:00 is the day's end, and a minute may have a leap second. */
static bool
clock_exists(const struct pg_tm *tm, fsec_t micros)
{
	if (tm->tm_hour == HOURS_PER_DAY)
		return tm->tm_min == 0 && tm->tm_sec == 0 && micros == 0;
	return tm->tm_hour < HOURS_PER_DAY && tm->tm_min < MINS_PER_HOUR &&
		tm->tm_sec <= SECS_PER_MINUTE;
}

ValueTimeVerdict
value_parse_time(ValueText text, pg_tz *zone, TimestampTz *result)
{
	Rest		rest = {text.data, text.data + text.length};
	struct pg_tm tm = {0};
	fsec_t		micros = 0;
	bool		zoned = false;
	int			west = 0;

	pass_blanks(&rest);
	if (!take_date(&rest, &tm))
		return VALUE_TIME_MALFORMED;
	if ((take_one(&rest, "Tt") || (pass_blanks(&rest) && rest.at < rest.end)) &&
		!(take_clock(&rest, &tm, &micros) && take_offset(&rest, &zoned, &west)))
		return VALUE_TIME_MALFORMED;
	if (!is_at_end(&rest))
		return VALUE_TIME_MALFORMED;
	if (!date_exists(&tm) || !clock_exists(&tm, micros))
		return VALUE_TIME_NONEXISTENT;

	if (!zoned)
		west = DetermineTimeZoneOffset(&tm, zone);
	return tm2timestamp(&tm, micros, &west, result) == 0 ?
		VALUE_TIME_GOOD : VALUE_TIME_NONEXISTENT;
}

bool
value_is_clock(ValueText text, bool wants_zone)
{
	Rest		rest = {text.data, text.data + text.length};
	struct pg_tm tm = {0};
	fsec_t		micros = 0;
	bool		zoned;
	int			west;

	pass_blanks(&rest);
	return take_clock(&rest, &tm, &micros) && take_offset(&rest, &zoned, &west) &&
		is_at_end(&rest) && zoned == wants_zone;
}
