/*-------------------------------------------------------------------------
 *
 * form.h
 *	  The CRM's form definitions: which forms there are, their fields, and the
 *	  columns that read these.
 *
 * form/list and form/get (xbb-api 7) are asked anew each time: a form changes
 * when somebody in the company wishes.  Texts are in the server's encoding; one
 * that cannot be converted is empty.  Everything is palloc'd in the current
 * context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_FORM_H
#define XBB_FORM_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

#include "api/api.h"
#include "option/option.h"

/* What may be picked in a field. */
typedef struct FormOption
{
	char	   *value;			/* what records hold */
	char	   *text;			/* what people see */
} FormOption;

typedef struct FormField
{
	char	   *attr;			/* "" for what is no field, such as a line */
	char	   *label;
	int64		field_type;		/* -1 unknown */
	char	   *date_type;		/* of a time: how it is shown, such as yyyy-MM-dd */
	bool		integer_only;	/* of a number */
	int64		accuracy;		/* of a number: its decimals */
	bool		required;
	bool		is_unique;
	const char *parent;			/* attr of the sub-form whose field it is, or NULL */
	int			position;		/* in its form, from 1 */
	int			noptions;		/* -1 if it is no list of options */
	FormOption *options;
} FormField;

typedef struct Form
{
	int64		form_id;
	char	   *name;
	int64		business_type;	/* 0 of a custom form */
	bool		custom;			/* made by the company itself */
	bool		approval;		/* its records are approved of */
	const OptionObject *object; /* whose list has its records; NULL if none is known */
	List	   *fields;			/* of FormField, by position, those of sub-forms behind
								 * their parent; by form_read */
	char	   *problem;		/* why they could not be read, or NULL; then: */
	int			problem_code;	/* its SQLSTATE */
	const char *problem_hint;	/* or NULL */
} Form;

/* What a foreign table should have for a form. */
typedef struct FormColumn
{
	char	   *name;
	const char *type;			/* as one would type it */
	const char *attr;
	const char *label;			/* "" of a field that has none; NULL: it is of no field */
	const char *options;		/* see form_options_json; or NULL */
} FormColumn;

/* The table of a list without a form. */
typedef struct FormList
{
	const char *name;
	const char *object;
	FormColumn	columns[10];	/* to the first without a name */
} FormList;

extern const FormList form_lists[];
extern const int form_nlists;

/* Those of a table of a form's labels. */
extern const FormColumn form_label_columns[3];

/*
 * All forms that the user may see, by form_id.  Errors: those of api_access, and
 * what the API answers.
 */
extern List *form_list(Oid serverid, Oid userid);

/*
 * Reads the fields of the forms in the list, several at a time.  What the API
 * refuses of one form is its problem, not an error.
 */
extern void form_read(Oid serverid, Oid userid, List *forms);

/*
 * Raises HV00J with the forms to choose from if the table lacks the form_id that its
 * object requires; returns if they cannot be told.
 */
extern void form_check_table(Oid relid, Oid userid);

/* What people see of a value (UTF-8) in a record of a form (0: unknown), or NULL. */
typedef const char *(*FormLabel) (void *labels, int64 form_id, const char *value);

/*
 * The values of which people see "text" in some form, as char * (all UTF-8), palloc'd: that
 * itself, if there it has no label.
 */
extern List *form_label_values(void *labels, const char *text);

/* Takes the labels of a column; "format" is the caller's. */
typedef void (*FormShow) (void *format, AttrNumber attnum, FormLabel label, void *labels);

/*
 * Hands "show" the labels of each wanted column that has the option show 'label'.
 * They are asked for once a session and mapping, and again when server or mapping were
 * altered, or after some minutes; they live as long as the context of the mapping's
 * access.  Where the table has several forms, a record's own counts; where it names
 * none, what all of them say.  A column whose attr has none is an error (HV004).
 */
extern void form_show_labels(const TableOptions *table, const ApiAccess *access, Bitmapset *wanted,
							 FormShow show, void *format);

/* The form alone, to be read: form_read asks only its id. */
extern Form *form_make(int64 form_id);

/* The type of the column that holds all that a field may, NULL if it holds nothing. */
extern const char *form_field_type(const FormField *field);

/* The field's options as a JSON array of {value, text}; NULL if it is no list of them. */
extern char *form_options_json(const FormField *field);

/*
 * The columns of FormColumn: data_id, those of the fields, add_time, update_time,
 * failed, raw.  Named by attr, or by label where there is one; a name that is not
 * the only one, or a reserved word, or a system column's has the attr at its end.
 * They depend on the fields alone, not on their order.
 */
extern List *form_columns(const Form *form, bool by_label);

/*
 * Tables' names for forms, in the list's order.  By attr: the object, that of the
 * least form_id, or object_form_id; by label: the form's name, with the form_id at
 * its end if it is not the only one, or reserved.  taken(arg, name) tells whether
 * a name is out of the question.
 */
extern char **form_table_names(List *forms, bool by_label,
							   bool (*taken) (void *arg, const char *name), void *arg);

/*
 * The ends, as const char *, of the names of tables beside a form's own: "_spu" and "_sku",
 * the parents and children of products; "_deleted", the recycle bin (xbb-api 2, A); "_labels",
 * which is known once its fields were read.
 */
extern List *form_tables_beside(const Form *form);

/* The name of such a table, at most NAMEDATALEN - 1 bytes. */
extern char *form_name_beside(const char *name, const char *end);

#endif							/* XBB_FORM_H */
