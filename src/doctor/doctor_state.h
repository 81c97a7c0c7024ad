/*-------------------------------------------------------------------------
 *
 * doctor_state.h
 *	  What the files of doctor share.
 *
 * A check is a function that is called with step 0 and no answer, and then with the answer to
 * each question that it has asked.  It fills the finding and returns true, or asks (doctor_ask)
 * and returns false.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_DOCTOR_STATE_H
#define XBB_DOCTOR_STATE_H

#include "doctor/doctor.h"

/* What the API gives without a pageSize: it takes that, too (xbb-api 2, A). */
#define DOCTOR_LEAST_PAGE 20

/* Times of a list. */
typedef enum DoctorTime
{
	DOCTOR_UPDATE_TIME,
	DOCTOR_ADD_TIME
} DoctorTime;

/* An answer's records and total. */
typedef struct DoctorList
{
	const JsonTree *rows;		/* an array, or NULL: there was none */
	int			nrows;
	bool		has_result;
	int64		total;			/* -1: none */
	bool		total_is_text;
} DoctorList;

typedef bool (*DoctorCheckFunction) (Doctor *doctor, int step, const DoctorAnswer *answer,
									 DoctorFinding *finding);

/* What must hold for a check to be of use. */
typedef enum DoctorNeed
{
	DOCTOR_NEEDS_ANSWER = 1,	/* page 1 came */
	DOCTOR_NEEDS_ROWS = 2,		/* with records */
	DOCTOR_NEEDS_TOTAL = 4,
	DOCTOR_NEEDS_TIMES = 8,		/* the list takes conditions */
	DOCTOR_NEEDS_PAGES = 16,
	DOCTOR_NEEDS_WIRE = 32,		/* something was sent */
	DOCTOR_TAKES_ALL = 64		/* judges also that no answer came */
} DoctorNeed;

typedef struct DoctorCheck
{
	const char *area;
	const char *name;
	int			needs;			/* DoctorNeed bits */
	const char *assumed;
	DoctorCheckFunction check;
} DoctorCheck;

struct Doctor
{
	DoctorSubject subject;
	const DoctorCheck *checks;
	int			nchecks;
	int			current;		/* check */
	int			step;			/* of it; 0: to be begun */
	bool		asking;			/* question waits for its answer */
	bool		again;			/* it was asked once more */
	DoctorQuestion question;
	DoctorFinding *findings;	/* by check */
	int			requests;
	int			lost;			/* checks in a row without an answer */
	const char *stopped;		/* why nothing more is asked, or NULL */

	/* learnt from the answers */
	bool		answered;		/* page 1 came */
	DoctorList	page;			/* page 1 */
	const JsonTree *page_tree;	/* whose */
	int			on_page;		/* records that a full page holds */
	int64		total;			/* the latest, -1 none */
	DoctorWire	first;			/* of the first request */
	DoctorWire	dated;			/* of the first answer with a Date, or all 0 */
	bool		has_wire;
	bool		reused;			/* a later one used its connection */
	int			nfresh;			/* later ones that did not, though an answer had come on the one before */
	bool		cut;			/* the latest was lost, and its connection with it */
	int			nwires;
	int64		ended_us[DOCTOR_DEEP_REQUESTS];
	int64		form_id;		/* of a form that was found, 0 none */
	int			nforms;			/* -1: not asked */
	const char *forms_refused;	/* or NULL */
	int64		wanted;			/* second that bounds are tried on */
	int64		wanted_id;		/* a record of it */
	int64		before;			/* a total to compare with */
	int			tried;			/* values of a condition */
	DoctorAnswer refusal;		/* of page 1 */
};

/* ---- doctor_read.c: answers ---- */

extern DoctorList doctor_list(const Doctor *doctor, const JsonTree *tree);

/* The record's id, 0 none. */
extern int64 doctor_id(const Doctor *doctor, const JsonTree *row);

extern const char *doctor_attr(DoctorTime which);

/*
 * A record's time in whole seconds, rounded down, 0 none; *how, unless NULL, is set to a word
 * for how it is written.
 */
extern int64 doctor_time(const Doctor *doctor, const JsonTree *row, DoctorTime which, const char **how);

/* Has the list a record with that id? */
extern bool doctor_has(const Doctor *doctor, const DoctorList *list, int64 id);

/* Are all records of the list within these seconds?  Those without the time are not. */
extern bool doctor_is_within(const Doctor *doctor, const DoctorList *list, DoctorTime which,
							 int64 from, int64 to);

/* A text of data, NULL if there is none, or it is something else, or empty. */
extern const char *doctor_text(const JsonTree *row, const char *attr);

/* ---- doctor_ask.c: questions ---- */

/* Asks for a page of the list; conditions are elements of the array, "" for none. */
extern bool doctor_ask(Doctor *doctor, const char *conditions, int page, int page_size);

/* The same by nobody. */
extern bool doctor_ask_without_user(Doctor *doctor, int page, int page_size);

/* Of another endpoint; members of the body beside company and user. */
extern bool doctor_ask_path(Doctor *doctor, const char *path, const char *members);

/* A whole body, perhaps with a signature that is wrong. */
extern bool doctor_ask_body(Doctor *doctor, const char *body, bool missigned);

/* The members that all bodies begin with, for a company. */
extern char *doctor_members(const Doctor *doctor, const char *corpid, bool with_user);

extern char *doctor_range(DoctorTime which, int64 from, int64 to);

/* ---- findings ---- */

/* What ends a check. */
static inline bool
doctor_says(DoctorFinding *finding, DoctorStatus status, const char *found, const char *fix)
{
	finding->status = status;
	finding->found = found;
	finding->fix = fix;
	return true;
}

/* ---- the checks ---- */

extern const DoctorCheck doctor_checks[];
extern const int doctor_nchecks;
extern const int doctor_ndeep;	/* of them that are deep, at the end */

extern bool doctor_check_answer(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_shape(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_order(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_total(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_page_1(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_last_page(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_past_the_end(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_page_size(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_depth(Doctor *, int, const DoctorAnswer *, DoctorFinding *);

extern bool doctor_check_update_time(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_add_time(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_data_id(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_text_in(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_blank(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_unknown_attr(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_unknown_symbol(Doctor *, int, const DoctorAnswer *, DoctorFinding *);

extern bool doctor_check_acting_user(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_forms(Doctor *, int, const DoctorAnswer *, DoctorFinding *);

extern bool doctor_check_resolve(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_connect(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_tls(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_reuse(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_clock(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_latency(Doctor *, int, const DoctorAnswer *, DoctorFinding *);

extern bool doctor_check_range(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_noequal(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_empty(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_noempty(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_lessthan(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_greaterthan(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_time_as_text(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_like(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_wrong_type(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_page_size_101(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_many_values(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_blanks_in_body(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_escapes_in_body(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_wrong_signature(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_wrong_company(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_no_form(Doctor *, int, const DoctorAnswer *, DoctorFinding *);
extern bool doctor_check_detail(Doctor *, int, const DoctorAnswer *, DoctorFinding *);

#endif							/* XBB_DOCTOR_STATE_H */
