/*-------------------------------------------------------------------------
 *
 * progress_words.c
 *	  Names and times of what is shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "progress/progress_data.h"

const char *
progress_phase_name(ProgressPhase phase)
{
	static const char *const names[PROGRESS_NPHASES] = {
		[PROGRESS_ASKING] = "asking",
		[PROGRESS_CERTIFYING] = "certifying",
		[PROGRESS_AUDITING] = "auditing",
		[PROGRESS_RETURNING] = "returning",
		[PROGRESS_STAGING] = "staging",
		[PROGRESS_COMPARING] = "comparing",
		[PROGRESS_WRITING] = "writing",
		[PROGRESS_SENDING] = "sending",
	};

	return names[phase];
}

ProgressPhase
progress_phase(const char *name)
{
	for (int phase = 0; phase < PROGRESS_NPHASES; phase++)
		if (strcmp(progress_phase_name(phase), name) == 0)
			return phase;
	elog(ERROR, "there is no phase \"%s\"", name);
}

const char *
progress_method_name(ProgressMethod method)
{
	static const char *const names[PROGRESS_NMETHODS] = {
		[PROGRESS_CERTIFIED] = "certified",
		[PROGRESS_REPEATED] = "repeated",
		[PROGRESS_SINGLE] = "single",
		[PROGRESS_PLAIN] = "plain",
	};

	return names[method];
}

int64
progress_left(const ProgressRow *row)
{
	const ProgressNumbers *numbers = &row->numbers;

	if (numbers->pages_done < PROGRESS_ANSWERS || numbers->work_total < 0 || numbers->work_done <= 0)
		return -1;
	return (int64) ((double) Max(numbers->work_total - numbers->work_done, 0) *
					(row->updated - row->started) / numbers->work_done);
}
