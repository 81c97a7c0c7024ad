/*-------------------------------------------------------------------------
 *
 * doctor_table.c
 *	  The checks, in the order in which they are run.
 *
 * Names are for scripts: they do not change.  What costs no request, and follows from what
 * others have asked, comes after those.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "doctor/doctor_state.h"

#define PAGED (DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_ROWS | DOCTOR_NEEDS_TOTAL | DOCTOR_NEEDS_PAGES)
#define CONDITION (DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_ROWS | DOCTOR_NEEDS_TIMES)

const DoctorCheck doctor_checks[] = {
	{"api", "answer", DOCTOR_TAKES_ALL, "code 1, and a list", doctor_check_answer},
	{"network", "resolve", DOCTOR_NEEDS_WIRE, NULL, doctor_check_resolve},
	{"network", "connect", DOCTOR_NEEDS_WIRE, NULL, doctor_check_connect},
	{"network", "tls", DOCTOR_NEEDS_WIRE, "https, and a certificate that is verified", doctor_check_tls},
	{"api", "shape", DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_ROWS, "records with an id of their own, and times", doctor_check_shape},
	{"api", "order", DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_ROWS, NULL, doctor_check_order},
	{"api", "total", DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_PAGES, "a totalCount that is exact", doctor_check_total},
	{"api", "page_1", PAGED, "pages that may be short, but lack nothing", doctor_check_page_1},
	{"api", "last_page", PAGED, "pages that together hold totalCount records", doctor_check_last_page},
	{"api", "past_the_end", PAGED, "nothing behind the last page", doctor_check_past_the_end},
	{"api", "page_size", PAGED, NULL, doctor_check_page_size},
	{"api", "depth", PAGED, NULL, doctor_check_depth},
	{"api", "update_time", CONDITION, "greaterequal and lessequal are obeyed, and inclusive", doctor_check_update_time},
	{"api", "add_time", CONDITION, "greaterequal and lessequal are obeyed, and inclusive", doctor_check_add_time},
	{"api", "data_id", CONDITION, "equal with several ids means one of them", doctor_check_data_id},
	{"api", "text_in", CONDITION, "in with several values means one of them, or more rows", doctor_check_text_in},
	{"api", "blank", CONDITION, "the body is signed as it is sent", doctor_check_blank},
	{"api", "unknown_attr", CONDITION, NULL, doctor_check_unknown_attr},
	{"api", "unknown_symbol", CONDITION, NULL, doctor_check_unknown_symbol},
	{"api", "acting_user", DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_TOTAL, NULL, doctor_check_acting_user},
	{"api", "forms", 0, NULL, doctor_check_forms},
	{"network", "clock", DOCTOR_NEEDS_WIRE, "a Date in each answer; the clocks may differ", doctor_check_clock},
	{"network", "reuse", DOCTOR_NEEDS_WIRE, NULL, doctor_check_reuse},
	{"network", "latency", DOCTOR_NEEDS_WIRE, NULL, doctor_check_latency},

	/* the deep ones; bodies that are refused come last, as they might be counted against the account */
	{"deep", "symbol_range", CONDITION, NULL, doctor_check_range},
	{"deep", "symbol_lessthan", CONDITION, NULL, doctor_check_lessthan},
	{"deep", "symbol_greaterthan", CONDITION, NULL, doctor_check_greaterthan},
	{"deep", "symbol_noequal", CONDITION, NULL, doctor_check_noequal},
	{"deep", "symbol_empty", CONDITION, NULL, doctor_check_empty},
	{"deep", "symbol_noempty", CONDITION, NULL, doctor_check_noempty},
	{"deep", "symbol_like", CONDITION, NULL, doctor_check_like},
	{"deep", "wrong_type", CONDITION, NULL, doctor_check_wrong_type},
	{"deep", "time_as_text", CONDITION, "times in conditions are numbers", doctor_check_time_as_text},
	{"deep", "page_size_101", PAGED, NULL, doctor_check_page_size_101},
	{"deep", "many_values", CONDITION, "50 ids in one condition", doctor_check_many_values},
	{"deep", "detail", DOCTOR_NEEDS_ANSWER | DOCTOR_NEEDS_ROWS, NULL, doctor_check_detail},
	{"deep", "blanks_in_body", DOCTOR_NEEDS_ANSWER, NULL, doctor_check_blanks_in_body},
	{"deep", "escapes_in_body", DOCTOR_NEEDS_ANSWER, NULL, doctor_check_escapes_in_body},
	{"deep", "no_form", DOCTOR_NEEDS_ANSWER, NULL, doctor_check_no_form},
	{"deep", "wrong_signature", DOCTOR_NEEDS_ANSWER, "signatures are verified", doctor_check_wrong_signature},
	{"deep", "wrong_company", DOCTOR_NEEDS_ANSWER, NULL, doctor_check_wrong_company},
};

const int	doctor_nchecks = lengthof(doctor_checks);
const int	doctor_ndeep = 17;
