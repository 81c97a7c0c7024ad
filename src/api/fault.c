/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  What an answer of the API means: success, try again, or an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "api/fault.h"
#include "api/words.h"
#include "base/printable.h"

#define HINT_RATE \
	"Lower the server's option rate_limit: other clients use the same account."
#define HINT_BUSY "The API was busy; try again later."

/* What the API's words mean for a request. */
static const struct
{
	bool		transient;
	bool		refused;		/* for the rate */
	int			sqlstate;
	const char *hint;
}			classes[WORDS_NCLASSES] = {
	[WORDS_UNKNOWN] = {false, false, ERRCODE_FDW_ERROR, NULL},
	[WORDS_LATER] = {true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, HINT_BUSY},
	[WORDS_TOO_FAST] = {true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, HINT_RATE},
	[WORDS_DAY] = {false, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
	"The account's requests of the day are used up; wait until it ends, and lower the server's option daily_quota."},
	[WORDS_SIGNATURE] = {false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping and the corpid of the server: both come from the API's token page."},
	[WORDS_TOKEN] = {false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping."},
	[WORDS_COMPANY] = {false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the corpid of the server and whether base_url fits it."},
	[WORDS_ADDRESS] = {false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Add this machine's address to the API's list of allowed addresses."},
	[WORDS_PACKAGE] = {false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"The company's XBB package has expired or does not include the API."},
	[WORDS_FORBIDDEN] = {false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"Give the acting user (user_id of the user mapping) the right in the CRM."},
	[WORDS_FORM] = {false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the form_id of the foreign table."},
};

/* Statuses that are more than an answer out of order. */
static const struct
{
	int			first;
	int			last;
	bool		transient;
	bool		refused;		/* for the rate */
	int			sqlstate;
	const char *hint;
}			statuses[] = {
	{401, 401, false, false, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
	"Check the token of the user mapping and the corpid of the server."},
	{403, 403, false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"The API may allow only certain addresses or users; check its administration page."},
	{404, 404, false, false, ERRCODE_FDW_TABLE_NOT_FOUND,
	"Check the table's option object or api and the server's base_url."},
	{405, 405, false, false, ERRCODE_INSUFFICIENT_PRIVILEGE,
	"So answer firewalls in front of an API; ask its vendor, and lower the server's option rate_limit."},
	{408, 408, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{420, 420, true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, HINT_RATE},
	{425, 425, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{429, 430, true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, HINT_RATE},
	{500, 500, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{502, 504, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{507, 507, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{509, 509, true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, HINT_RATE},
	{520, 524, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
	{529, 529, true, true, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, HINT_RATE},
	{530, 530, true, false, ERRCODE_FDW_UNABLE_TO_CREATE_REPLY, NULL},
};

static void
fault_http_status(const HttpResult *result, CallFault *fault)
{
	int			status = result->status;

	fault->kind = LIMITER_ERRORS_HTTP;
	fault->retry_after = result->retry_after;
	fault->transient = false;
	fault->sqlstate = ERRCODE_FDW_UNABLE_TO_CREATE_REPLY;
	if (status >= 300 && status < 400)
	{
		fault->message = psprintf("the API answered with a redirect (HTTP %d) to \"%s\"",
								  status, result->location);
		fault->hint = "Redirects are not followed, since the signature would be sent along; check base_url.";
		return;
	}
	fault->message = psprintf("the API answered with HTTP status %d", status);
	for (size_t i = 0; i < lengthof(statuses); i++)
		if (status >= statuses[i].first && status <= statuses[i].last)
		{
			fault->transient = statuses[i].transient;
			fault->refused = statuses[i].refused;
			fault->sqlstate = statuses[i].sqlstate;
			fault->hint = statuses[i].hint;
		}
	/* a gateway's word, mostly: what counts requests has not seen it */
	fault->down = fault->uncounted = status >= 500 && fault->transient && !fault->refused;
}

/* How to teach what nobody knew. */
static char *
unknown_hint(const ServerOptions *server)
{
	const char *name = quote_identifier(server->name);
	char	   *known = server->busy_words ?
		pg_any_to_server(server->busy_words, strlen(server->busy_words), PG_UTF8) : NULL;

	if (known)
		return psprintf("xbb_fdw does not know these words. If they mean \"later\", type: ALTER SERVER %s OPTIONS (SET busy_words %s);",
						name, quote_literal_cstr(psprintf("%s, ...", known)));
	return psprintf("xbb_fdw does not know these words. If they mean \"later\", type: ALTER SERVER %s OPTIONS (ADD busy_words '...');",
					name);
}

bool
fault_transfer(const HttpResult *result, CallFault *fault)
{
	fault->kind = LIMITER_ERRORS_NETWORK;
	fault->transient = true;
	fault->down = result->outcome == HTTP_NO_CONNECTION || result->outcome == HTTP_BROKEN ||
		result->outcome == HTTP_TIMED_OUT;
	fault->uncounted = result->outcome == HTTP_NO_CONNECTION ||
		result->outcome == HTTP_UNTRUSTED;
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
fault_envelope(const Envelope *envelope, const ServerOptions *server, CallFault *fault)
{
	const char *msg = envelope->msg ? envelope->msg : "";
	WordsClass	class;

	if (envelope->unreadable || !(envelope->has_code || envelope->has_success))
	{
		fault->kind = LIMITER_ERRORS_DATA;
		/* such as a gateway's page, with status 200 */
		fault->transient = fault->down = envelope->remedy == NULL;
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
	if (envelope->has_code && envelope->code != 1)
		fault->message = psprintf("the API refused the request: code %lld, \"%s\"",
								  (long long) envelope->code, printable(msg));
	else
		fault->message = psprintf("the API refused the request: success is false, \"%s\"",
								  printable(msg));
	class = words_class(msg, server->busy_words);
	fault->transient = classes[class].transient;
	fault->down = class == WORDS_LATER;
	fault->refused = classes[class].refused;
	fault->sqlstate = classes[class].sqlstate;
	fault->hint = class == WORDS_UNKNOWN ? unknown_hint(server) : classes[class].hint;
	fault->gone = class == WORDS_UNKNOWN ? words_gone(msg) : NULL;
	return false;
}
