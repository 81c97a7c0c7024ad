/*-------------------------------------------------------------------------
 *
 * recipe.c
 *	  Signatures as recipes: what is hashed, how it is written, where it goes.
 *
 * Keys and texts are wiped, whatever becomes of them; hashes have their own state,
 * which the server wipes when it is freed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/md5.h"
#include "common/sha1.h"
#include "common/sha2.h"

#include "target/recipe.h"

#define MOST_DIGEST PG_SHA512_DIGEST_LENGTH

static const struct
{
	const char *name;
	int			hash;
	bool		hmac;
}			hashes[] = {
	{"none", -1, false},
	{"md5", PG_MD5, false},
	{"sha1", PG_SHA1, false},
	{"sha256", PG_SHA256, false},
	{"sha512", PG_SHA512, false},
	{"hmac-md5", PG_MD5, true},
	{"hmac-sha1", PG_SHA1, true},
	{"hmac-sha256", PG_SHA256, true},
	{"hmac-sha512", PG_SHA512, true},
};

static const char *const encodings[] = {
	[RECIPE_PLAIN] = "plain",
	[RECIPE_HEX] = "hex",
	[RECIPE_UPPER_HEX] = "HEX",
	[RECIPE_BASE64] = "base64",
	[RECIPE_BASE64_OF_HEX] = "base64hex",
};

static const char *const places[] = {
	[RECIPE_HEADER] = "header",
	[RECIPE_QUERY] = "query",
	[RECIPE_MEMBER] = "member",
	[RECIPE_FORM] = "form",
};

/* ---- reading ---- */

static void
refuse(const char *option, const char *problem, const char *word)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("option \"%s\" has a recipe that cannot be read: %s \"%s\"", option, problem, word),
			 errhint("A recipe has text, and one of header, query, member and form; it may have hash, key, encode, prefix, pair, join and lower.")));
}

static void
read_hash(Recipe *recipe, const char *name, const char *option)
{
	for (size_t i = 0; i < lengthof(hashes); i++)
		if (strcmp(name, hashes[i].name) == 0)
		{
			recipe->hash = hashes[i].hash;
			recipe->hmac = hashes[i].hmac;
			return;
		}
	refuse(option, "there is no hash", name);
}

static void
read_encoding(Recipe *recipe, const char *name, const char *option)
{
	for (size_t i = 0; i < lengthof(encodings); i++)
		if (strcmp(name, encodings[i]) == 0)
		{
			recipe->encoding = i;
			return;
		}
	refuse(option, "there is no encoding", name);
}

/* The field that a member of the recipe's JSON sets, or NULL. */
static char **
text_field(Recipe *recipe, const char *name)
{
	return strcmp(name, "key") == 0 ? &recipe->key :
		strcmp(name, "text") == 0 ? &recipe->text :
		strcmp(name, "pair") == 0 ? &recipe->pair :
		strcmp(name, "join") == 0 ? &recipe->join :
		strcmp(name, "prefix") == 0 ? &recipe->prefix : NULL;
}

static bool
read_place(Recipe *recipe, const char *name, const JsonTree *value)
{
	for (size_t i = 0; i < lengthof(places); i++)
		if (strcmp(name, places[i]) == 0)
		{
			recipe->place = i;
			recipe->name = value->text;
			return true;
		}
	return false;
}

static void
read_recipe(Recipe *recipe, const JsonTree *tree, const char *option)
{
	memset(recipe, 0, sizeof(Recipe));
	recipe->hash = -1;
	if (tree->type != JSON_TREE_OBJECT)
		refuse(option, "it is", "no object");
	for (int i = 0; i < tree->nmembers; i++)
	{
		const JsonTree *member = &tree->members[i];
		char	  **field = text_field(recipe, member->name);

		if (strcmp(member->name, "lower") == 0)
		{
			recipe->lower = json_tree_flag(member);
			continue;
		}
		if (member->type != JSON_TREE_STRING)
			refuse(option, "no text is", member->name);
		if (field)
			*field = member->text;
		else if (strcmp(member->name, "hash") == 0)
			read_hash(recipe, member->text, option);
		else if (strcmp(member->name, "encode") == 0)
			read_encoding(recipe, member->text, option);
		else if (!read_place(recipe, member->name, member))
			refuse(option, "there is no", member->name);
	}
	if (!recipe->text)
		refuse(option, "it lacks", "text");
	if (!recipe->name || !recipe->name[0])
		refuse(option, "it lacks", "header");
	if (recipe->hmac && !recipe->key)
		refuse(option, "it lacks", "key");
	if (recipe->hash >= 0 && recipe->encoding == RECIPE_PLAIN)
		recipe->encoding = RECIPE_HEX;
	if (recipe->place == RECIPE_HEADER && strpbrk(recipe->name, ": \r\n\t") != NULL)
		refuse(option, "no header is", "name with blank or colon");
}

Recipe *
recipe_read(const JsonTree *tree, const char *option, int *n)
{
	Recipe	   *recipes;
	bool		many = tree->type == JSON_TREE_ARRAY;

	*n = many ? tree->nmembers : 1;
	recipes = palloc(Max(*n, 1) * sizeof(Recipe));
	for (int i = 0; i < *n; i++)
		read_recipe(&recipes[i], many ? &tree->members[i] : tree, option);
	return recipes;
}

/* ---- hashing ---- */

static int
digest_length(int hash)
{
	return hash == PG_MD5 ? MD5_DIGEST_LENGTH : hash == PG_SHA1 ? SHA1_DIGEST_LENGTH :
		hash == PG_SHA256 ? PG_SHA256_DIGEST_LENGTH : PG_SHA512_DIGEST_LENGTH;
}

/* NULL if it was done, else why not. */
static const char *
hash_text(int type, const StringInfo text, uint8 *digest)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(type);
	const char *problem = NULL;

	if (hash == NULL)
		return "out of memory";
	if (pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) text->data, text->len) < 0 ||
		pg_cryptohash_final(hash, digest, digest_length(type)) < 0)
		problem = pg_cryptohash_error(hash);
	pg_cryptohash_free(hash);
	return problem;
}

static const char *
hmac_text(int type, const StringInfo key, const StringInfo text, uint8 *digest)
{
	pg_hmac_ctx *hmac = pg_hmac_create(type);
	const char *problem = NULL;

	if (hmac == NULL)
		return "out of memory";
	if (pg_hmac_init(hmac, (const uint8 *) key->data, key->len) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) text->data, text->len) < 0 ||
		pg_hmac_final(hmac, digest, digest_length(type)) < 0)
		problem = pg_hmac_error(hmac);
	pg_hmac_free(hmac);
	return problem;
}

static void
append_base64(StringInfo out, const char *data, int length)
{
	int			size = pg_b64_enc_len(length) + 1;
	int			written;

	enlargeStringInfo(out, size);
	written = pg_b64_encode((const void *) data, length, out->data + out->len, size);
	if (written < 0)
		elog(ERROR, "a signature does not fit");
	out->len += written;
	out->data[out->len] = '\0';
}

static void
append_encoded(StringInfo out, const char *data, int length, RecipeEncoding encoding)
{
	const char *digits = encoding == RECIPE_UPPER_HEX ? "0123456789ABCDEF" : "0123456789abcdef";
	StringInfoData hex;

	if (encoding == RECIPE_PLAIN)
	{
		appendBinaryStringInfo(out, data, length);
		return;
	}
	if (encoding == RECIPE_BASE64)
	{
		append_base64(out, data, length);
		return;
	}
	initStringInfo(&hex);
	for (int i = 0; i < length; i++)
	{
		appendStringInfoChar(&hex, digits[(unsigned char) data[i] >> 4]);
		appendStringInfoChar(&hex, digits[data[i] & 0xF]);
	}
	if (encoding == RECIPE_BASE64_OF_HEX)
		append_base64(out, hex.data, hex.len);
	else
		appendBinaryStringInfo(out, hex.data, hex.len);
	explicit_bzero(hex.data, hex.maxlen);
	pfree(hex.data);
}

static void
wipe(StringInfo text)
{
	explicit_bzero(text->data, text->maxlen);
	pfree(text->data);
}

char *
recipe_value(const Recipe *recipe, const TemplateValues *values, const char *option)
{
	TemplateValues own = *values;
	StringInfoData key;
	StringInfoData text;
	StringInfoData result;
	uint8		digest[MOST_DIGEST];
	const char *problem = NULL;

	initStringInfo(&key);
	initStringInfo(&text);
	initStringInfo(&result);
	own.pair = recipe->pair;
	own.join = recipe->join;
	if (recipe->prefix)
		appendStringInfoString(&result, recipe->prefix);
	/* a secret shows in base64, too */
	if (values->masked &&
		(recipe->hash >= 0 || (recipe->encoding != RECIPE_PLAIN && strstr(recipe->text, "{{"))))
	{
		appendStringInfoString(&result, "***");
		return result.data;
	}
	template_text(&text, recipe->text, &own, TEMPLATE_PLAIN, option);
	if (recipe->hmac)
		template_text(&key, recipe->key, &own, TEMPLATE_PLAIN, option);
	for (int i = 0; recipe->lower && i < text.len; i++)
		text.data[i] = pg_ascii_tolower((unsigned char) text.data[i]);

	if (recipe->hash < 0)
		append_encoded(&result, text.data, text.len, recipe->encoding);
	else if (recipe->hmac)
		problem = hmac_text(recipe->hash, &key, &text, digest);
	else
		problem = hash_text(recipe->hash, &text, digest);
	wipe(&key);
	wipe(&text);
	/* MD5 is refused under FIPS */
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not sign the request: %s", problem)));
	if (recipe->hash >= 0)
		append_encoded(&result, (char *) digest, digest_length(recipe->hash), recipe->encoding);
	return result.data;
}
