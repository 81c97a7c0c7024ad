/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  What an answer of the API means: success, try again, or an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "api/fault.h"

#define HINT_RATE \
	"Lower the server's option rate_limit: other clients use the same account."
#define HINT_BUSY "The API was busy; try again later."
#define HINT_SIGN \
	"Check the token of the user mapping and the corpid of the server: both come from the API's token page."
#define HINT_CORPID "Check the corpid of the server and whether base_url fits it."
#define HINT_FORM "Check the form_id of the foreign table."

/*
 * Words of the API, and what they mean.  Codes are not public (xbb-api 5), the
 * words are; the first that is found counts.
 */
static const struct
{
	const char *words;			/* UTF-8 */
	bool		transient;
	bool		refused;
	int			sqlstate;
	const char *hint;
}			api_words[] =
{
	{"次/秒", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	HINT_RATE},
	{"请求频率", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	HINT_RATE},
	{"限流", true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	HINT_RATE},
	{"系统繁忙", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	HINT_BUSY},
	{"服务暂不可用", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	HINT_BUSY},
	{"请求超时", true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY,
	HINT_BUSY},
	{"签名", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	HINT_SIGN},
	{"sign", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	HINT_SIGN},
	{"token", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping."},
	{"corpid", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	HINT_CORPID},
	{"公司", false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	HINT_CORPID},
	{"白名单", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Add this machine's address to the API's list of allowed addresses."},
	{"权限", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Give the acting user (user_id of the user mapping) the right in the CRM."},
	{"表单", false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	HINT_FORM},
	{"formId", false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	HINT_FORM},
	{"套餐", false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"The company's XBB package has expired or does not include the API."},
};

/*
 * Characters that a terminal or whoever reads a log takes for more than text: controls,
 * ends of lines, and those that change the direction in which it is shown.
 */
static bool
is_unprintable(pg_wchar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/*
 * UTF-8 words of the API for a message, whatever the database's encoding; what is
 * unprintable is a question mark.
 */
static char *
api_text(const char *utf8)
{
	bool		unicode = GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
	StringInfoData out;

	if (!pg_verify_mbstr(PG_UTF8, utf8, strlen(utf8), true))
		return pstrdup("(not UTF-8)");

	initStringInfo(&out);
	for (const unsigned char *c = (const unsigned char *) utf8; *c;)
	{
		int			n = pg_utf_mblen(c);
		pg_wchar	character = utf8_to_unicode(c);

		if (is_unprintable(character))
			appendStringInfoChar(&out, '?');
		else if (n == 1 || unicode)
			appendBinaryStringInfo(&out, (const char *) c, n);
		else
			appendStringInfo(&out, "\\u%04X", (unsigned) character);
		c += n;
	}
	return out.data;
}

/* Statuses that say more than that the API is out of order. */
static const struct
{
	int			status;
	int			sqlstate;
	const char *hint;
}			statuses[] =
{
	{401, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping and the corpid of the server."},
	{403, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"The API may allow only certain addresses or users; check its administration page."},
	{404, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the table's option object or api and the server's base_url."},
	{429, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	HINT_RATE},
};

static void
fault_http_status(const HttpResult *result, CallFault *fault)
{
	int			status = result->status;

	fault->kind = LIMITER_ERRORS_HTTP;
	fault->retry_after = result->retry_after;
	fault->refused = status == 429;
	fault->transient = status == 408 || status == 425 || status == 429 ||
		status == 500 || (status >= 502 && status <= 504);
	if (status >= 300 && status < 400)
	{
		fault->message = psprintf("the API answered with a redirect (HTTP %d) to \"%s\"",
								  status, result->location);
		fault->hint = "Redirects are not followed, since the signature would be sent along; check base_url.";
		fault->sqlstate = ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
		return;
	}
	fault->message = psprintf("the API answered with HTTP status %d", status);
	fault->sqlstate = ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
	for (size_t i = 0; i < lengthof(statuses); i++)
		if (statuses[i].status == status)
		{
			fault->sqlstate = statuses[i].sqlstate;
			fault->hint = statuses[i].hint;
		}
}

bool
fault_transfer(const HttpResult *result, CallFault *fault)
{
	fault->kind = LIMITER_ERRORS_NETWORK;
	fault->transient = true;
	fault->sqlstate = ERRCODE_CONNECTION_FAILURE;
	switch (result->outcome)
	{
		case HTTP_RUNNING:
			elog(ERROR, "xbb_fdw judges a request that is still under way");
		case HTTP_ANSWERED:
			if (result->status == 200)
				return true;
			fault_http_status(result, fault);
			break;
		case HTTP_NO_CONNECTION:
			fault->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			fault->message = psprintf("could not connect to the API: %s", result->error);
			fault->hint = "Check base_url, the network and its firewall.";
			break;
		case HTTP_BROKEN:
			fault->message = psprintf("connection to the API was lost: %s", result->error);
			break;
		case HTTP_TIMED_OUT:
			fault->sqlstate = ERRCODE_FDW_ERROR;
			fault->message = psprintf("the API did not answer in time: %s", result->error);
			fault->hint = "The server's options connect_timeout and request_timeout say how long to wait.";
			break;
		case HTTP_TOO_LARGE:
			fault->transient = false;
			fault->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
			fault->message = "the API's answer is larger than max_response_size";
			fault->hint = "Lower page_size, or raise the server's option max_response_size.";
			break;
		case HTTP_UNTRUSTED:
			fault->transient = false;
			fault->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			fault->message = psprintf("the API's certificate was not accepted: %s", result->error);
			break;
	}
	return false;
}

bool
fault_envelope(const Envelope *envelope, CallFault *fault)
{
	const char *msg = envelope->msg ? envelope->msg : "";

	if (envelope->unreadable || !(envelope->has_code || envelope->has_success))
	{
		fault->kind = LIMITER_ERRORS_DATA;
		fault->transient = envelope->remedy == NULL;
		fault->hint = envelope->remedy;
		fault->sqlstate = ERRCODE_FDW_ERROR;
		fault->message = psprintf("the API's answer cannot be read: %s",
								  envelope->unreadable ? envelope->unreadable :
								  "it has neither code nor success");
		return false;
	}
	if (!envelope_refuses(envelope))
		return true;

	fault->kind = LIMITER_ERRORS_API;
	fault->transient = false;
	fault->sqlstate = ERRCODE_FDW_ERROR;
	if (envelope->has_code && envelope->code != 1)
		fault->message = psprintf("the API refused the request: code %lld, \"%s\"",
								  (long long) envelope->code, api_text(msg));
	else
		fault->message = psprintf("the API refused the request: success is false, \"%s\"",
								  api_text(msg));
	for (size_t i = 0; i < lengthof(api_words); i++)
		if (strstr(msg, api_words[i].words))
		{
			fault->transient = api_words[i].transient;
			fault->refused = api_words[i].refused;
			fault->sqlstate = api_words[i].sqlstate;
			fault->hint = api_words[i].hint;
			break;
		}
	return false;
}
