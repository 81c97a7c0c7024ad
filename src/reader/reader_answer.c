/*-------------------------------------------------------------------------
 *
 * reader_answer.c
 *	  Answers of the API, and what is wrong with them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/printable.h"
#include "reader/reader_state.h"

static int
compare_record_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

static const char *
time_text(int64 epoch)
{
	return timestamptz_to_str(time_t_to_timestamptz((pg_time_t) epoch));
}

static const char *
time_name(const PagerStep *step)
{
	return step->time_kind == PAGER_ADD_TIME ? "addTime" : "updateTime";
}

static char *
range_text(const TimeRange *range)
{
	return psprintf("from %s to %s",
					range->has_low ? psprintf("%lld", (long long) range->low) : "the beginning",
					range->has_high ? psprintf("%lld", (long long) range->high) : "the end");
}

/* Where a list was expected, and none is: those that are there, or NULL. */
static char *
other_lists(const char *body, size_t length)
{
	char	   *names = record_lists(body, length);

	if (names == NULL)
		return NULL;
	return psprintf("Set the table's option list_key; the lists in the answer are: %s.",
					printable(names));
}

char *
reader_window_text(const TimeRange *add_time, const TimeRange *update_time)
{
	bool		by_add = add_time->has_low || add_time->has_high;
	bool		by_update = update_time->has_low || update_time->has_high;

	if (!by_add && !by_update)
		return NULL;
	return psprintf("%s%s%s%s%s",
					by_add ? "addTime " : "", by_add ? range_text(add_time) : "",
					by_add && by_update ? ", " : "",
					by_update ? "updateTime " : "", by_update ? range_text(update_time) : "");
}

void *
reader_read_page(void *arg, const char *body, size_t length, Envelope *envelope)
{
	const ReaderList *list = arg;
	RecordPage *page = record_read(list->format, list->context, body, length,
								   envelope);

	/* a list that counts nothing may be left out */
	if (page && !envelope->has_list && page->total != 0 && !envelope_refuses(envelope))
	{
		envelope->unreadable = psprintf("it has no list \"%s\"",
										list->table->object->list_key);
		envelope->remedy = other_lists(body, length);
	}
	return page;
}

void
reader_discard_page(void *unused, void *page)
{
	MemoryContextDelete(((RecordPage *) page)->context);
}

/* A record that was not asked for: the API ignored the condition on dataId. */
void
reader_check_ids(const ReaderList *list, const ConditionSet *asked, const RecordPage *page)
{
	if (asked->nids < 0)
		return;
	for (int i = 0; i < page->nrows; i++)
		if (!bsearch(&page->ids[i], asked->ids, asked->nids, sizeof(int64), compare_record_ids))
		{
			api_count_data_error(list->queue, "the condition on dataId was ignored");
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the API ignored the condition on dataId"),
					 errdetail("It returned record %lld, which was not asked for.",
							   (long long) page->ids[i]),
					 errhint("A comparison that is not pushed down, such as data_id + 0 = ..., reads the whole list instead.")));
		}
}

/* Names a record without a time, if one is known. */
static char *
blame_text(char *detail, const PagerStep *step)
{
	if (!step->named)
		return detail;
	return psprintf("%s Record %lld has no %s.", detail, (long long) step->id, time_name(step));
}

void
reader_raise_failure(const ReaderList *list, const PagerStep *step)
{
	const char *name = list->table->object->path;
	const char *message = NULL;
	int			sqlstate = ERRCODE_T_R_SERIALIZATION_FAILURE;
	char	   *detail;
	const char *hint = "Try again; if the list never settles, read narrower ranges of its update time.";

	detail = psprintf("totalCount was %lld, the records received were %lld.",
					  (long long) step->expected, (long long) step->received);
	switch (step->failure)
	{
		case PAGER_IGNORED:
			if (step->time == 0)
			{
				sqlstate = ERRCODE_FDW_ERROR;	/* it would not help to try again */
				message = "a record's time cannot be checked against the condition that was sent";
				detail = psprintf("The %s of record %lld is missing, or is no time; asked for was the range %s.",
								  time_name(step), (long long) step->id, range_text(&step->range));
				hint = psprintf("A text column with the attr %s shows what it is.", time_name(step));
				break;
			}
			message = "the API ignored a condition that was sent";
			detail = psprintf("Record %lld has the %s %lld (%s), outside the range asked for, %s.",
							  (long long) step->id, time_name(step), (long long) step->time,
							  time_text(step->time), range_text(&step->range));
			hint = "If this object takes no conditions on times, set the table's option snapshot to false.";
			break;
		case PAGER_NO_FAILURE:
			elog(ERROR, "xbb_fdw fails without a failure");
		case PAGER_UNSTABLE:
			message = "the list changed faster than it could be read completely";
			break;
		case PAGER_UNAUDITED:
			message = "the list counts more records than its parts show";
			detail = blame_text(detail, step);
			break;
		case PAGER_NO_TOTAL:
			message = "the API's answer has no totalCount, so that a complete list cannot be proven";
			detail = psprintf("The answer had %lld records.", (long long) step->received);
			hint = "Conditions that make the list fit one page may help.";
			break;
		case PAGER_CHANGED:
			message = "the list was not read completely: it changed, or the API returned less than it counts";
			break;
		case PAGER_CAPPED:
			message = "the API may count no further than this, so that a complete list cannot be proven";
			hint = "Read narrower ranges of its update time.";
			break;
		case PAGER_ABSURD:
			sqlstate = ERRCODE_FDW_ERROR;
			message = "the API's totalCount cannot be right";
			hint = "Check that base_url is the API's, and ask whoever runs what answers.";
			break;
		case PAGER_TIMELESS:
			sqlstate = ERRCODE_FDW_ERROR;
			message = "the list has records that cannot be found by their times";
			detail = blame_text(detail, step);
			hint = "Set the table's option snapshot to false, or save such records in the CRM again, so that they get an updateTime.";
			break;
		case PAGER_FUTURE:
			sqlstate = ERRCODE_FDW_ERROR;
			message = "the list has more records of times that are yet to come than fit a page";
			detail = psprintf("Record %lld has the %s %lld (%s).", (long long) step->id, time_name(step),
							  (long long) step->time, time_text(step->time));
			hint = "Mend their times in the CRM, ask for those up to now only, or set the table's option snapshot to false.";
			break;
		case PAGER_CONFUSED:
			sqlstate = ERRCODE_INTERNAL_ERROR;
			message = "xbb_fdw does not know what to ask for next";
			hint = "This is a mistake in xbb_fdw; please report it with the statement.";
			break;
	}
	api_count_data_error(list->queue, message);
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("%s", message),
			 errdetail("%s Request: POST %s.", detail, name),
			 errhint("%s", hint)));
}
