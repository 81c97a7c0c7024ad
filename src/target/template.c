/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Texts with {{names}} in them.
 *
 * A value is inserted once and never looked at again: braces in it mean nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "common/base64.h"

#include "target/scan.h"
#include "target/template.h"

#define MASK "***"

/* Kingdee's own constant, which its clients apply to the key inside an app_id (targets B2). */
#define K3_SEED "0054f397c6234378b09ca7d3e5debce7"

/* ---- values ---- */

/* Options of a mapping, all of them secret. */
static const struct
{
	const char *name;
	size_t		offset;
}			secrets[] = {
	{"app_id", offsetof(TargetMappingOptions, app_id)},
	{"app_key", offsetof(TargetMappingOptions, app_key)},
	{"app_secret", offsetof(TargetMappingOptions, app_secret)},
	{"token", offsetof(TargetMappingOptions, token)},
	{"refresh_token", offsetof(TargetMappingOptions, refresh_token)},
	{"user", offsetof(TargetMappingOptions, user)},
	{"password", offsetof(TargetMappingOptions, password)},
};

/* True if the name is a secret's: appends it. */
static bool
append_secret(StringInfo out, const char *name, const TemplateValues *values, const char *option)
{
	for (size_t i = 0; i < lengthof(secrets); i++)
	{
		const char *value = NULL;

		if (strcmp(name, secrets[i].name) != 0)
			continue;
		if (values->masked)
		{
			appendStringInfoString(out, MASK);
			return true;
		}
		if (values->mapping == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"%s\" cannot have {{%s}}", option, name),
					 errhint("A body is kept and sent again, and holds no secrets; option sign adds them with each sending, as in {\"text\": \"{{%s}}\", \"member\": \"...\"}.",
							 name)));
		if (strcmp(name, "token") == 0)
			value = values->token;
		if (value == NULL)
			value = *(char **) ((char *) values->mapping + secrets[i].offset);
		if (value == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
					 errmsg("the user mapping has no option \"%s\", which option \"%s\" needs", name, option),
					 errhint("Type: ALTER USER MAPPING FOR ... SERVER ... OPTIONS (ADD %s '...');", name)));
		appendStringInfoString(out, value);
		return true;
	}
	return false;
}

/* Lengths in pairs: of the text in characters, or in bytes. */
static int
text_characters(const char *text)
{
	int			n = 0;

	for (; *text; text++)
		n += ((unsigned char) *text & 0xC0) != 0x80;
	return n;
}

/*
 * One parameter: {k} {v} are its texts, {kl} {vl} their characters, {kb} {vb} their
 * bytes; {kl:02d} with so many digits at least.
 */
static void
append_pair(StringInfo out, const char *pair, const TemplateParam *param, const char *option)
{
	while (*pair)
	{
		const char *text = pair[1] == 'k' ? param->name : param->value;
		char		what = 0;
		int			digits = 1;
		size_t		length = strcspn(pair, "}");

		if (*pair != '{')
		{
			appendStringInfoChar(out, *pair++);
			continue;
		}
		if (pair[length] == '}' && (pair[1] == 'k' || pair[1] == 'v'))
		{
			if (length == 2)
				what = 't';
			else if (length == 3 || (length == 7 && pair[3] == ':' && pair[4] == '0' &&
									 pair[5] >= '1' && pair[5] <= '9' && pair[6] == 'd'))
				what = pair[2];
			if (length == 7)
				digits = pair[5] - '0';
		}
		if (what == 't')
			appendStringInfoString(out, text);
		else if (what == 'l' || what == 'b')
			appendStringInfo(out, "%0*d", digits, what == 'l' ? text_characters(text) : (int) strlen(text));
		else
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"%s\" has a pair that cannot be read: \"%s\"", option, pair),
					 errhint("It is made of {k} and {v}, {kl} and {vl} (characters), {kb} and {vb} (bytes), as {kl:02d} with so many digits.")));
		pair += length + 1;
	}
}

static int
compare_params(const void *one, const void *other)
{
	const TemplateParam *left = one;
	const TemplateParam *right = other;
	int			order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->value, right->value);
}

static void
append_params(StringInfo out, const TemplateValues *values, const char *option)
{
	TemplateParam *sorted = palloc(Max(values->nparams, 1) * sizeof(TemplateParam));

	if (values->nparams > 0)
	{
		memcpy(sorted, values->params, values->nparams * sizeof(TemplateParam));
		qsort(sorted, values->nparams, sizeof(TemplateParam), compare_params);
	}
	for (int i = 0; i < values->nparams; i++)
	{
		if (i > 0 && values->join)
			appendStringInfoString(out, values->join);
		append_pair(out, values->pair ? values->pair : "{k}{v}", &sorted[i], option);
	}
	pfree(sorted);
}

/* A member of the record, as text: of strings what they say, else JSON. */
static void
append_member(StringInfo out, const char *path, const TemplateValues *values)
{
	ScanPart	part;

	if (!scan_path(values->record, values->record + strlen(values->record), path, &part))
		return;
	if (*part.value == '"')
		appendStringInfoString(out, scan_unquote(part.value, part.value_end, NULL));
	else
		appendBinaryStringInfo(out, part.value, part.value_end - part.value);
}

/* True if there is such a value; appends it. */
static bool
append_value(StringInfo out, const char *name, const TemplateValues *values, const char *option)
{
	bool		sends = values->method != NULL;

	if (append_secret(out, name, values, option))
		return true;
	if (strcmp(name, "id") == 0 && values->id)
		appendStringInfoString(out, values->id);
	else if (strncmp(name, "record.", 7) == 0 && values->record)
		append_member(out, name + 7, values);
	else if (!sends)
		return false;
	else if (strcmp(name, "timestamp") == 0)
		appendStringInfo(out, INT64_FORMAT, values->now / 1000);
	else if (strcmp(name, "timestamp_ms") == 0)
		appendStringInfo(out, INT64_FORMAT, values->now);
	else if (strcmp(name, "nonce") == 0)
		appendStringInfoString(out, values->nonce);
	else if (strcmp(name, "method") == 0)
		appendStringInfoString(out, values->method);
	else if (strcmp(name, "path") == 0)
		appendStringInfoString(out, values->path);
	else if (strcmp(name, "query") == 0)
		appendStringInfoString(out, values->query);
	else if (strcmp(name, "body") == 0)
		appendBinaryStringInfo(out, values->body, values->body_length);
	else if (strcmp(name, "params") == 0)
		append_params(out, values, option);
	else
		return false;
	return true;
}

/* ---- filters ---- */

static void
append_base64(StringInfo out, const char *data, int length)
{
	int			size = pg_b64_enc_len(length);
	int			written;

	enlargeStringInfo(out, size + 1);
	written = pg_b64_encode((const void *) data, length, out->data + out->len, size + 1);
	if (written < 0)
		elog(ERROR, "base64 does not fit");
	out->len += written;
	out->data[out->len] = '\0';
}

/* False if it is no base64. */
static bool
append_unbase64(StringInfo out, const char *text, int length)
{
	int			size = pg_b64_dec_len(length) + 4;
	int			written;

	enlargeStringInfo(out, size);
	written = pg_b64_decode(text, length, (void *) (out->data + out->len), size);
	if (written < 0)
		return false;
	out->len += written;
	out->data[out->len] = '\0';
	return true;
}

/* The key that hides in Kingdee's app_id, behind the underscore. */
static bool
append_k3_secret(StringInfo out, const StringInfo value)
{
	const char *part = memchr(value->data, '_', value->len);
	StringInfoData raw;
	bool		done;

	if (part == NULL)
		return false;
	part++;
	initStringInfo(&raw);
	done = append_unbase64(&raw, part, value->len - (part - value->data));
	for (int i = 0; i < raw.len; i++)
		raw.data[i] ^= K3_SEED[i % strlen(K3_SEED)];
	if (done)
		append_base64(out, raw.data, raw.len);
	explicit_bzero(raw.data, raw.maxlen);
	pfree(raw.data);
	return done;
}

/* Seconds as clocks in China show them, who have one zone and no summer time. */
static bool
append_beijing(StringInfo out, const StringInfo value)
{
	char	   *end;
	time_t		seconds = (time_t) strtoll(value->data, &end, 10) + 8 * 3600;
	struct tm	parts;
	char		text[32];

	if (value->len == 0 || *end != '\0' || gmtime_r(&seconds, &parts) == NULL ||
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0)
		return false;
	appendStringInfoString(out, text);
	return true;
}

static bool
append_filtered(StringInfo out, const StringInfo value, const char *filter)
{
	if (strcmp(filter, "url") == 0)
		template_percent(out, value->data, value->len);
	else if (strcmp(filter, "base64") == 0)
		append_base64(out, value->data, value->len);
	else if (strcmp(filter, "sorted") == 0)
		appendBinaryStringInfo(out, value->data, value->len);
	else if (strcmp(filter, "whsec") == 0)
	{
		int			prefix = value->len >= 6 && memcmp(value->data, "whsec_", 6) == 0 ? 6 : 0;

		return append_unbase64(out, value->data + prefix, value->len - prefix);
	}
	else if (strcmp(filter, "k3_client") == 0)
		appendBinaryStringInfo(out, value->data, strcspn(value->data, "_"));
	else if (strcmp(filter, "k3_secret") == 0)
		return append_k3_secret(out, value);
	else if (strcmp(filter, "beijing") == 0)
		return append_beijing(out, value);
	else if (strcmp(filter, "compact") == 0)
	{
		for (int i = 0; i < value->len; i++)
			if (value->data[i] != '-')
				appendStringInfoChar(out, value->data[i]);
	}
	else
		return false;
	return true;
}

/* ---- public ---- */

/* What stands between braces, appended as its place wants it. */
static void
append_name(StringInfo out, const char *expression, const TemplateValues *values,
			TemplatePlace place, const char *option)
{
	char	   *name = pstrdup(expression);
	char	   *filter = strchr(name, '|');
	StringInfoData value;

	initStringInfo(&value);
	if (filter)
		*filter++ = '\0';
	if (!append_value(&value, name, values, option))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"%s\" cannot have {{%s}}", option, expression),
				 values->method ?
				 errhint("Names are options of the user mapping, timestamp, timestamp_ms, nonce, method, path, query, body, params and id.") :
				 errhint("Here only id may be named: what changes with each sending is added by option sign.")));
	if (filter && !(values->masked && strcmp(value.data, MASK) == 0))
	{
		StringInfoData filtered;

		initStringInfo(&filtered);
		if (!append_filtered(&filtered, &value, filter))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"%s\" cannot have {{%s}}", option, expression),
					 errdetail("There is no such filter, or the value is not what it takes."),
					 errhint("Filters are url, base64, sorted, compact, whsec, k3_client and k3_secret.")));
		explicit_bzero(value.data, value.maxlen);
		value = filtered;
	}
	if (place == TEMPLATE_URL)
		template_percent(out, value.data, value.len);
	else
		appendBinaryStringInfo(out, value.data, value.len);
	explicit_bzero(value.data, value.maxlen);
	pfree(value.data);
	pfree(name);
}

void
template_text(StringInfo out, const char *text, const TemplateValues *values,
			  TemplatePlace place, const char *option)
{
	int			begin = out->len;

	while (*text)
	{
		const char *open = strstr(text, "{{");
		const char *close = open ? strstr(open, "}}") : NULL;
		char	   *name;

		if (close == NULL)
		{
			appendStringInfoString(out, text);
			break;
		}
		appendBinaryStringInfo(out, text, open - text);
		name = pnstrdup(open + 2, close - open - 2);
		append_name(out, name, values, place, option);
		pfree(name);
		text = close + 2;
	}
	if (place != TEMPLATE_HEADER)
		return;
	for (int i = begin; i < out->len; i++)
		if ((unsigned char) out->data[i] < 0x20 || out->data[i] == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("option \"%s\" makes a header with a control character", option),
					 errhint("A value of the user mapping may end in a line break.")));
}

void
template_percent(StringInfo out, const char *text, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = text[i];

		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			c == '-' || c == '.' || c == '_' || c == '~')
			appendStringInfoCharMacro(out, c);
		else
		{
			appendStringInfoCharMacro(out, '%');
			appendStringInfoCharMacro(out, digits[c >> 4]);
			appendStringInfoCharMacro(out, digits[c & 0xF]);
		}
	}
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
		(c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static char *
unpercent(const char *text, size_t length)
{
	char	   *plain = palloc(length + 1);
	size_t		n = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0)
		{
			plain[n++] = hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]);
			i += 2;
		}
		else
			plain[n++] = text[i] == '+' ? ' ' : text[i];
	}
	plain[n] = '\0';
	return plain;
}

TemplateParam *
template_params(const char *text, size_t length, int *n)
{
	TemplateParam *params;
	int			size = 1;

	for (size_t i = 0; i < length; i++)
		size += text[i] == '&';
	params = palloc(size * sizeof(TemplateParam));
	*n = 0;
	while (length > 0)
	{
		const char *stop = memchr(text, '&', length);
		size_t		whole = stop ? (size_t) (stop - text) : length;
		const char *equal = memchr(text, '=', whole);
		size_t		name = equal ? (size_t) (equal - text) : whole;

		if (whole > 0)
		{
			params[*n].name = unpercent(text, name);
			params[(*n)++].value = equal ? unpercent(equal + 1, whole - name - 1) : pstrdup("");
		}
		whole += stop ? 1 : 0;
		text += whole;
		length -= whole;
	}
	return params;
}
