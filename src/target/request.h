/*-------------------------------------------------------------------------
 *
 * request.h
 *	  A request as it goes out: URL, headers, body, with what is added at each sending.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_REQUEST_H
#define XBB_REQUEST_H

#include "target/recipe.h"
#include "target/template.h"

/* What requests of one kind have in common; texts are templates. */
typedef struct Request
{
	const char *base_url;		/* in front of api, or NULL */
	const char *api;			/* path, or NULL */
	const char *url;			/* secret: instead of both; or NULL */
	const char *method;			/* GET or POST */
	bool		form;			/* the body is one, else JSON */
	const TemplateParam *headers;
	int			nheaders;
	const TemplateParam *query;
	int			nquery;
	TargetAuth	auth;
	const char *auth_name;
	const Recipe *recipes;
	int			nrecipes;
	const char *option;			/* that the recipes are of, for errors */
} Request;

/*
 * The members of a JSON object of texts; palloc'd.  Errors: HV024, in the name of the
 * option.  NULL is none.
 */
extern TemplateParam *request_params(const JsonTree *tree, const char *option, int *n);

/* One, ready to be sent; palloc'd. */
typedef struct RequestSent
{
	char	   *url;
	const char **headers;		/* "Name: value", NULL at the end */
	char	   *body;
	size_t		length;
} RequestSent;

/*
 * Completes a body.  "values" has mapping, token, time, nonce, id, record and masked;
 * the rest is set here.
 */
extern void request_compose(const Request *request, const char *body, size_t length,
							const TemplateValues *values, RequestSent *sent);

/* scheme://host[:port] of a URL; palloc'd. */
extern char *request_origin(const char *url);

#endif							/* XBB_REQUEST_H */
