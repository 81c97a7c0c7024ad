/*-------------------------------------------------------------------------
 *
 * expr.h
 *	  Values of the platform's field nodes: text with templates, _findCollection,
 *	  and _function with an expression of MySQL's kind.
 *
 * They are text from outside: parsed by this grammar, whole, or refused with a word why.
 * Nothing of them reaches a statement but as a literal or a quoted name.  Everything is
 * palloc'd; nothing raises.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_METADATA_EXPR_H
#define XBB_METADATA_EXPR_H

/* Longer values and deeper nesting are refused: no export has them. */
#define EXPR_BYTES	20000
#define EXPR_DEPTH	50
#define EXPR_PARTS	300

typedef enum MetaExprKind
{
	EXPR_NULL,
	EXPR_NUMBER,				/* text: its digits */
	EXPR_LITERAL,				/* text */
	EXPR_TEXT,					/* args: literals and templates, one after the other */
	EXPR_TEMPLATE,				/* text: its name; format: behind the bar, or NULL */
	EXPR_FIND,					/* text: the field; format: the strategy; args: conditions */
	EXPR_EQUAL,					/* of a find. text: the field; args: one, or several to be one of */
	EXPR_CALL,					/* text: the function, in upper case; args */
	EXPR_INTERVAL,				/* text: the unit, in upper case; args: how many */
	EXPR_OPERATOR,				/* text: how SQL writes it; args: one or two */
	EXPR_CASE					/* args: EXPR_OPERAND, EXPR_WHEN ..., EXPR_ELSE */ ,
	EXPR_OPERAND,				/* args: one */
	EXPR_WHEN,					/* args: two */
	EXPR_ELSE					/* args: one */
} MetaExprKind;

typedef struct MetaExpr
{
	MetaExprKind kind;
	const char *text;
	const char *format;
	struct MetaExpr *args;
	struct MetaExpr *next;		/* among its parent's args */
} MetaExpr;

/* A value's text; NULL if it is not understood, and then *problem says why. */
extern MetaExpr *expr_parse(const char *value, char **problem);

/* ---- between the parts of the parser ---- */

typedef struct ExprReader
{
	const char *at;
	int			depth;
	int			parts;			/* operands read so far */
	char	   *problem;		/* the first, or NULL */
} ExprReader;

extern MetaExpr *expr_new(MetaExprKind kind, const char *text, MetaExpr *args);
extern MetaExpr *expr_fail(ExprReader *reader, const char *format,...) pg_attribute_printf(2, 3);
extern void expr_blanks(ExprReader *reader);

/* What a reader of messages is shown of a text: some bytes, never half a character. */
extern char *expr_shown(const char *text);

/* Takes the word, whatever its case, if it comes next. */
extern bool expr_take_word(ExprReader *reader, const char *word);

/*
 * A template, at its brace; NULL without a problem if it is none, and then nothing was
 * read.
 */
extern MetaExpr *expr_template(ExprReader *reader);

/* Text with templates, up to one of the bytes in "ends" (not read) or the end. */
extern MetaExpr *expr_text(ExprReader *reader, const char *ends, char quote);

/* Behind _findCollection, with its _endFind if there is one. */
extern MetaExpr *expr_find(ExprReader *reader);

/* An expression, as far as it goes. */
extern MetaExpr *expr_function(ExprReader *reader);

#endif							/* XBB_METADATA_EXPR_H */
