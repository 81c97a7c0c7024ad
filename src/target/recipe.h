/*-------------------------------------------------------------------------
 *
 * recipe.h
 *	  Signatures as recipes: what is hashed, how it is written, where it goes.
 *
 * A recipe without a hash is the text itself: a time, an account, a fixed member that
 * is to be there with each sending.
 *
 *-------------------------------------------------------------------------
 */
#ifndef XBB_RECIPE_H
#define XBB_RECIPE_H

#include "base/json.h"
#include "target/template.h"

typedef enum RecipePlace
{
	RECIPE_HEADER,
	RECIPE_QUERY,				/* of the URL */
	RECIPE_MEMBER,				/* of the body, a JSON object */
	RECIPE_FORM					/* a field of the body, a form */
} RecipePlace;

typedef enum RecipeEncoding
{
	RECIPE_PLAIN,				/* of a text alone */
	RECIPE_HEX,
	RECIPE_UPPER_HEX,
	RECIPE_BASE64,
	RECIPE_BASE64_OF_HEX
} RecipeEncoding;

typedef struct Recipe
{
	int			hash;			/* a pg_cryptohash_type, or -1: the text itself */
	bool		hmac;
	char	   *key;			/* template; of an HMAC */
	char	   *text;			/* template */
	char	   *pair;			/* of {{params|sorted}}, or NULL */
	char	   *join;			/* likewise */
	bool		lower;			/* ASCII letters of the text in lower case */
	RecipeEncoding encoding;	/* by default hex of a hash, plain of a text */
	char	   *prefix;			/* of the result, or NULL */
	RecipePlace place;
	char	   *name;			/* of the header, member, field */
} Recipe;

/*
 * A recipe, or an array of them in the order they are added; palloc'd, *n is how many.
 * Errors: HV024, in the name of "option".
 */
extern Recipe *recipe_read(const JsonTree *tree, const char *option, int *n);

/*
 * What is to be put at the recipe's place.  palloc'd; what was hashed is wiped.  Errors:
 * those of template_text; XX000 if the server's library refuses the hash.
 */
extern char *recipe_value(const Recipe *recipe, const TemplateValues *values, const char *option);

#endif							/* XBB_RECIPE_H */
